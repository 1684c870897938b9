/** What an API key may do. Each scope contains the one before it. */
export const scopes = ['read', 'operate', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** What a feed token is bound to. It reads nothing else, whatever its use would let it see. */
export interface FeedBinding {
  /** By `feedRouteSchema`; words of a later release bind to nothing. */
  readonly routes: readonly string[];
  /** Canonical; `null` for every symbol. */
  readonly symbols: readonly string[] | null;
  /** How many requests it may send in a minute. */
  readonly perMinute: number;
}
