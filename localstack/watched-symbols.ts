import { shellSymbol } from '../core/contracts/http/watch.ts';
import type { WatchList } from '../core/planning/watch-list.ts';

/** Symbols on the list, at whichever source. */
export function watchedSymbols(list: WatchList): string[] {
  return [...new Set([...list.values()].flatMap((own) => own.map(({ symbol }) => symbol)))];
}

/** That the setting is not read any more, where it names others than are collected. */
export function namedAgain(named: readonly string[] | undefined, watched: readonly string[]): string[] {
  if (named === undefined) return [];
  const more = named.filter((symbol) => !watched.includes(symbol));
  const less = watched.filter((symbol) => !named.includes(symbol));
  if (more.length === 0 && less.length === 0) return [];
  const commands = [
    more.length > 0 && `npx quotron watch add ${more.slice(0, 20).map(shellSymbol).join(' ')}`,
    less.length > 0 && `npx quotron watch remove ${less.slice(0, 20).map(shellSymbol).join(' ')}`,
  ].filter((each) => typeof each === 'string');
  return [
    `QUOTRON_SYMBOLS fills the watch list at the first start only and changes nothing now: the list has ${watched.length} symbols. While it runs, change it with`,
    ...commands.map((command) => `  ${command}`),
  ];
}
