import type { FeedBinding } from '../contracts/words/access.ts';
import { canonicalSymbol } from '../market/symbol.ts';

/**
 * What a feed token may not do of a request: ask this route, or leave open which symbols it is about, or ask for a
 * symbol that is none of its own. `null` where it may ask all of it.
 */
export type OutsideBinding =
  | { readonly outside: 'route' }
  | { readonly outside: 'every_symbol' }
  | { readonly outside: 'symbol'; readonly symbol: string };

/**
 * Compares a request with what a feed token is bound to.
 *
 * @param route a word of `feedRoutes`; `undefined` for a route that no feed token may ask
 * @param symbols as the request names them; none where it is about no symbol, or about all
 * @example
 * outsideBinding({ routes: ['quotes'], symbols: ['BRK-B'], perMinute: 60 }, 'quotes', ['brk.b']) // null
 */
export function outsideBinding(
  { routes, symbols: own }: FeedBinding,
  route: string | undefined,
  symbols: readonly string[],
): OutsideBinding | null {
  if (route === undefined || !(routes.includes(route) || (isOfProxy(route) && routes.includes('yahoo'))))
    return { outside: 'route' };
  if (own === null) return null;
  if (symbols.length === 0) return { outside: 'every_symbol' };
  const other = symbols.find((text) => {
    const symbol = canonicalSymbol(text);
    return symbol === null || !own.includes(symbol);
  });
  return other === undefined ? null : { outside: 'symbol', symbol: other };
}

/** Whether a feed token may ask the Yahoo proxy for anything. */
export function reachesProxy({ routes }: FeedBinding): boolean {
  return routes.some(isOfProxy);
}

function isOfProxy(route: string): boolean {
  return route === 'yahoo' || route.startsWith('yahoo/');
}

/** Why a request is refused to a feed token, for people. */
export function bindingHelp(found: OutsideBinding, { routes, symbols }: FeedBinding): string {
  switch (found.outside) {
    case 'route':
      return `This feed token is bound to ${routes.join(', ')}, and this is none of it.`;
    case 'every_symbol':
      return `This feed token is bound to symbols: name some of ${listed(symbols)}.`;
    case 'symbol':
      return `This feed token is bound to ${listed(symbols)}, and ${found.symbol.slice(0, 64)} is none of them.`;
  }
}

function listed(symbols: readonly string[] | null): string {
  const all = symbols ?? [];
  return all.length <= 10 ? all.join(', ') : `${all.slice(0, 10).join(', ')} and ${all.length - 10} more`;
}

/** The limit of a feed token: all of a minute's requests at once, or evenly. */
export function limitOfFeed({ perMinute }: FeedBinding): { readonly perSecond: number; readonly burst: number } {
  return { perSecond: perMinute / 60, burst: perMinute };
}
