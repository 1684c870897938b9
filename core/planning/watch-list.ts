/** What is collected: by source, the symbols that it is asked for. The planner reads it each minute. */
import type { SourceDefinition } from '../sources/definition.ts';
import type { Wanted } from './job-schedule.ts';

/** A symbol that a source is asked for. */
export interface WatchedSymbol {
  /** Canonical. */
  readonly symbol: string;
  /** What the source calls it: by its rule, or as a person has said. */
  readonly sourceSymbol: string;
  /** The source has had a row of it. */
  readonly found: boolean;
  /** The source answers, and not on this symbol; or it has not answered yet since a person added the symbol. */
  readonly unproven: boolean;
}

/** By source id, in the order in which they were added. */
export type WatchList = ReadonlyMap<string, readonly WatchedSymbol[]>;

/** What the jobs of a source fetch, by the watch list. */
export function wantedOf({ id }: Pick<SourceDefinition, 'id'>, list: WatchList, alwaysOpen: boolean): Wanted {
  const own = list.get(id) ?? [];
  const names = new Map(own.map(({ symbol, sourceSymbol }) => [symbol, sourceSymbol]));
  return {
    symbols: [...names.keys()],
    unproven: new Set(own.flatMap(({ symbol, unproven }) => (unproven ? [symbol] : []))),
    had: new Set(own.flatMap(({ symbol, found, unproven }) => (found && !unproven ? [symbol] : []))),
    alwaysOpen,
    toSource: (canonical) => names.get(canonical) ?? null,
  };
}

/**
 * A watched symbol that a source has, in its namespace: the canary's, or another one; `null` where there is none. Beside it,
 * a symbol that an answer lacks is unknown to the source; alone, it might be an outage.
 */
export function companionOf(source: Pick<SourceDefinition, 'id' | 'canarySymbol'>, list: WatchList): string | null {
  const had = (list.get(source.id) ?? []).filter(({ found, unproven }) => found && !unproven);
  const one = had.find(({ symbol }) => symbol === source.canarySymbol) ?? had[0];
  return one?.sourceSymbol ?? null;
}

/** The sources with what is watched in place of the symbols that the list began with. */
export function withWatched(sources: readonly SourceDefinition[], list: WatchList): SourceDefinition[] {
  return sources.map((source) => {
    const own = list.get(source.id) ?? [];
    const names = new Map(own.map(({ symbol, sourceSymbol }) => [symbol, sourceSymbol]));
    const symbols = [...names.keys()];
    return {
      ...source,
      jobs: source.jobs.map((job) => ({ ...job, symbols: symbols.slice(0, job.mostSymbols) })),
      toSource: (canonical) => names.get(canonical) ?? source.toSource(canonical),
    };
  });
}

/**
 * What the list begins with: the symbols of the catalogue, or those that the user names, of each source that has them. A
 * source that shows what someone holds there is asked for the named ones among its own.
 */
export function firstList(sources: readonly SourceDefinition[], named: readonly string[] | null): WatchList {
  return new Map(
    sources.map((source) => {
      const own = [...new Set(source.jobs.flatMap((job) => job.symbols))];
      const symbols = named === null ? own : source.onlyWhenNamed ? named.filter((each) => own.includes(each)) : named;
      const watched = [...new Set(symbols)].flatMap((symbol): WatchedSymbol[] => {
        const sourceSymbol = source.toSource(symbol);
        return sourceSymbol === null ? [] : [{ symbol, sourceSymbol, found: false, unproven: false }];
      });
      const bySourceSymbol = new Map(watched.toReversed().map((each) => [each.sourceSymbol, each]));
      return [source.id, watched.filter((each) => bySourceSymbol.get(each.sourceSymbol) === each)];
    }),
  );
}
