import { timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { isApiKey, secretHash } from '../../core/auth/api-keys.ts';
import { limitOfFeed, reachesProxy } from '../../core/auth/feed-binding.ts';
import type { FeedBinding, Scope } from '../../core/contracts/words/access.ts';
import { isVisible, type KeyUse } from '../../core/contracts/words/licence.ts';
import { type GivenKey, mayStandInPath } from '../../core/http/given-key.ts';
import { createRateLimiter, type RateLimit } from '../../core/http/rate-limit.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { isDatabaseUnavailable } from '../../core/ports/database-unavailable.ts';
import type { State } from '../../core/ports/state.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';

/** Whether a request is admitted. `wait` is in seconds, for a key over its limit. */
export type Admission =
  | {
      readonly admitted: true;
      readonly caller: string;
      /** Which sources it may see. */
      readonly use: KeyUse;
      /** What a feed token is bound to; the app compares it with the questions. */
      readonly feed: FeedBinding | null;
    }
  | { readonly admitted: false; readonly why: 'no_key' | 'bad_key' }
  /** A valid key, of a use that may not see what Yahoo gives. */
  | { readonly admitted: false; readonly why: 'licence' }
  /** A valid key that may do too much to stand in an address. */
  | { readonly admitted: false; readonly why: 'key_in_path' }
  /** A valid feed token, bound to routes of the API only. */
  | { readonly admitted: false; readonly why: 'feed' }
  | { readonly admitted: false; readonly why: 'too_fast'; readonly wait: number };

export interface Gate {
  /** From memory; `null` when the key must be looked up first. */
  quick(given: GivenKey | undefined): Admission | null;
  admit(given: GivenKey | undefined): Promise<Admission>;
}

/** How long a container caches that a key is valid, and that it is not. */
const believeMs = 30_000;
const disbelieveMs = 5_000;
/** How much longer a valid key is believed while the database that would know of its end is away. */
const graceMs = 5 * 60_000;

/** Who has a valid key. */
interface Caller {
  readonly id: string;
  readonly use: KeyUse;
  readonly scope: Scope;
  readonly feed: FeedBinding | null;
}

/** Admits keys with the scope `read` and a use that may see Yahoo's data, each up to its limit in this container. */
export function keyGate(state: State, limit: RateLimit, clock: Clock): Gate {
  const limiter = createRateLimiter(limit, clock);
  const believed = new LRUCache<string, { caller: Caller | null; until: number }>({ max: 1_000 });
  const decide = (caller: Caller | null, { inPath }: GivenKey): Admission => {
    if (caller === null) return { admitted: false, why: 'bad_key' };
    if (inPath && !mayStandInPath(caller)) return { admitted: false, why: 'key_in_path' };
    const { id, use, feed } = caller;
    const wait = limiter.take(id, feed ? limitOfFeed(feed) : undefined);
    if (wait > 0) return { admitted: false, why: 'too_fast', wait };
    if (feed && !reachesProxy(feed)) return { admitted: false, why: 'feed' };
    return isVisible(use, yahoo.terms.licence)
      ? { admitted: true, caller: id, use, feed }
      : { admitted: false, why: 'licence' };
  };
  /** The caller with a key that may read, or `null`; remembers it. */
  async function lookUp(key: string): Promise<Caller | null> {
    let caller: Caller | null;
    try {
      // A mistyped key costs no database lookup.
      const checked = isApiKey(key) ? await state.call({ op: 'checkKey', key, scope: 'read' }) : null;
      caller =
        checked?.ok && checked.keyId !== null
          ? { id: checked.keyId, use: checked.use, scope: checked.scope, feed: checked.feed }
          : null;
    } catch (error) {
      const known = believed.get(key);
      const valid = known && known.caller !== null && known.until + graceMs > clock();
      if (valid && isDatabaseUnavailable(error)) return known.caller;
      throw error;
    }
    believed.set(key, { caller, until: clock() + (caller === null ? disbelieveMs : believeMs) });
    return caller;
  }
  return {
    quick(given) {
      const known = given && believed.get(given.key);
      return known && known.until > clock() ? decide(known.caller, given) : null;
    },
    async admit(given) {
      if (given === undefined) return { admitted: false, why: 'no_key' };
      const known = this.quick(given);
      if (known) return known;
      return decide(await lookUp(given.key), given);
    },
  };
}

/** For a standalone proxy: open to everybody who reaches it, or protected by one key. */
export function openGate(required: string | undefined): Gate {
  const expected = required === undefined ? undefined : secretHash(required);
  const admitted: Admission = { admitted: true, caller: 'local', use: 'internal', feed: null };
  /** The key as it was sent and compared: a repeated request hashes nothing. It never changes while the process runs. */
  const verified = new Set<string>();
  const decide = (given: GivenKey | undefined): Admission => {
    if (expected === undefined) return admitted;
    if (given === undefined) return { admitted: false, why: 'no_key' };
    const { key } = given;
    if (verified.has(key)) return admitted;
    if (!timingSafeEqual(secretHash(key), expected)) return { admitted: false, why: 'bad_key' };
    verified.add(key);
    return admitted;
  };
  return { quick: decide, admit: async (given) => decide(given) };
}
