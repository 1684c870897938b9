import { LRUCache } from 'lru-cache';
import type { Clock } from '../ports/clock.ts';

/** How many requests one caller may send: `perSecond` on average, `burst` at once. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

export interface RateLimiter {
  /** Takes a token. Returns 0, or the seconds until there will be a token. A caller may have a limit of its own. */
  take(caller: string, own?: RateLimit): number;
  /** The headers that tell a caller how much it has left, as of now. */
  headers(caller: string): Readonly<Record<string, string>>;
}

/**
 * A token bucket per caller, in the memory of this container: a limit against one runaway client, not a quota. With n
 * warm containers a caller may reach n times the limit; API Gateway's own throttle bounds the sum.
 *
 * @example
 * const limiter = createRateLimiter({ perSecond: 50, burst: 500 }, Date.now);
 * const seconds = limiter.take(keyId);
 * if (seconds > 0) throw new ProblemError('rate_limited', `Wait ${seconds} s.`);
 */
export function createRateLimiter(usual: RateLimit, clock: Clock): RateLimiter {
  const buckets = new LRUCache<string, { tokens: number; at: number; limit: RateLimit }>({ max: 10_000 });
  function bucketOf(caller: string, own?: RateLimit) {
    const now = clock();
    const held = buckets.get(caller) ?? { tokens: (own ?? usual).burst, at: now, limit: own ?? usual };
    const { limit } = held;
    held.tokens = Math.min(limit.burst, held.tokens + (Math.max(0, now - held.at) / 1000) * limit.perSecond);
    held.at = now;
    buckets.set(caller, held);
    return held;
  }
  return {
    take(caller, own) {
      const bucket = bucketOf(caller, own);
      const wait = bucket.tokens >= 1 ? 0 : Math.max(1, Math.ceil((1 - bucket.tokens) / bucket.limit.perSecond));
      if (wait === 0) bucket.tokens -= 1;
      return wait;
    },
    /**
     * Of draft-ietf-httpapi-ratelimit-headers: `q` requests in `w` seconds are the policy, `r` are left, and in `t` seconds all of
     * them are there again.
     */
    headers(caller) {
      const { tokens, limit } = bucketOf(caller);
      const full = Math.ceil((limit.burst - tokens) / limit.perSecond);
      return {
        'ratelimit-policy': `"key";q=${limit.burst};w=${Math.max(1, Math.ceil(limit.burst / limit.perSecond))}`,
        ratelimit: `"key";r=${Math.floor(tokens)};t=${full}`,
      };
    },
  };
}
