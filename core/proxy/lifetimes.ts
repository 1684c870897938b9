/**
 * Whether the market of an answer trades: `extended` is before and after the session, `unknown` where the answer does
 * not say.
 */
export type MarketPhase = 'open' | 'extended' | 'closed' | 'unknown';

/** How long an answer may be served, in seconds. */
export interface Lifetime {
  /** Fresh: served directly. */
  readonly fresh: number;
  /** After that: served, marked stale, while it is refreshed. */
  readonly reuse: number;
  /** Since it was fetched: served, marked stale, when the upstream fails. */
  readonly keep: number;
}

/** The kinds of answers with different lifetimes. `missing` is an answer that says that there is no data. */
export type AnswerKind = 'quote' | 'intraday' | 'daily' | 'past' | 'list' | 'news' | 'profile' | 'search' | 'missing';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * Lifetimes by kind and market phase; docs/proxy.md shows them. Answers of an open market may be reused only briefly: a
 * price half a minute old, shown as current, is a wrong price. Those of closed markets are limited because markets open
 * again.
 */
const table: Readonly<Record<'quote' | 'intraday' | 'daily', Readonly<Record<MarketPhase, Lifetime>>>> = {
  quote: {
    open: { fresh: 5, reuse: 25, keep: day },
    extended: { fresh: 15, reuse: 45, keep: day },
    closed: { fresh: minute, reuse: 2 * minute, keep: 4 * day },
    unknown: { fresh: 15, reuse: 45, keep: day },
  },
  intraday: {
    open: { fresh: 15, reuse: 45, keep: day },
    extended: { fresh: minute, reuse: 2 * minute, keep: day },
    closed: { fresh: 5 * minute, reuse: 5 * minute, keep: 4 * day },
    unknown: { fresh: 15, reuse: 45, keep: day },
  },
  daily: {
    open: { fresh: 30, reuse: 4 * minute, keep: 4 * day },
    extended: { fresh: 2 * minute, reuse: 10 * minute, keep: 4 * day },
    closed: { fresh: 10 * minute, reuse: 20 * minute, keep: 4 * day },
    unknown: { fresh: minute, reuse: 5 * minute, keep: 4 * day },
  },
};
const still: Readonly<Record<'past' | 'list' | 'news' | 'profile' | 'search' | 'missing', Lifetime>> = {
  // What a market as a whole does, and calendars: prices of many at once, none of which is read as one's own.
  list: { fresh: minute, reuse: 4 * minute, keep: day },
  news: { fresh: 5 * minute, reuse: 25 * minute, keep: day },
  // A split changes the past, so not forever.
  past: { fresh: 6 * hour, reuse: day, keep: 7 * day },
  profile: { fresh: 6 * hour, reuse: day, keep: 7 * day },
  search: { fresh: hour, reuse: 6 * hour, keep: 7 * day },
  missing: { fresh: minute, reuse: 0, keep: minute },
};

/** The lifetime of an answer. */
export function lifetimeOf(kind: AnswerKind, phase: MarketPhase): Lifetime {
  switch (kind) {
    case 'quote':
    case 'intraday':
    case 'daily':
      return table[kind][phase];
    default:
      return still[kind];
  }
}

/** The market phase of Yahoo's `marketState`. */
export function phaseOf(marketState: string | null | undefined): MarketPhase {
  switch (marketState) {
    case 'REGULAR':
      return 'open';
    case 'PRE':
    case 'POST':
      return 'extended';
    case 'CLOSED':
    case 'PREPRE':
    case 'POSTPOST':
      return 'closed';
    default:
      return 'unknown';
  }
}

/** How an answer may be used at an instant. */
export type Freshness = 'fresh' | 'reusable' | 'spare' | 'over';

/** By seconds since it was fetched. `spare`: only when the upstream fails. */
export function freshnessOf(lifetime: Lifetime, ageSeconds: number): Freshness {
  if (ageSeconds < lifetime.fresh) return 'fresh';
  if (ageSeconds < lifetime.fresh + lifetime.reuse) return 'reusable';
  return ageSeconds < lifetime.keep ? 'spare' : 'over';
}

/** An answer in a cache. */
export interface KeptAnswer {
  /** 404 with an empty body: Yahoo has no quote of the symbol. */
  readonly status: number;
  readonly body: string;
  readonly lifetime: Lifetime;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
}

/** How a cached answer may be used at `now`, in milliseconds since the epoch. */
export function freshnessAt(answer: KeptAnswer, now: number): Freshness {
  return freshnessOf(answer.lifetime, (now - answer.fetchedAt) / 1000);
}
