import type { Failure } from '../contracts/failure.ts';
import type { UpstreamAnswer } from '../ports/upstream.ts';

/** How long a source is held after a 429 without `Retry-After`. */
const usualHoldSeconds = 60;

/**
 * Seconds of an answer's `Retry-After`, as a number or a date, at most a day; `null` without one that can be read.
 *
 * @example
 * retryAfterOf({ response: { status: 429, headers: { 'retry-after': '120' }, body: '', truncated: false } }, 0) // 120
 * retryAfterOf({ response: null }, 0) // null
 */
export function retryAfterOf(answer: Pick<UpstreamAnswer, 'response'>, now: number): number | null {
  const text = answer.response?.headers['retry-after'];
  if (text === undefined) return null;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.min(86_400, Math.ceil(seconds))) : null;
}

/**
 * For how many seconds a source is held after an answer, or `null`: the `Retry-After` of any failure, a minute after another
 * sign of too many requests, and until midnight UTC when it says that the day is used up.
 */
export function holdAfter(
  answer: Pick<UpstreamAnswer, 'response'>,
  failure: Failure | null,
  now: number,
): number | null {
  const wanted = retryAfterOf(answer, now);
  const { status } = answer.response ?? { status: 0 };
  if (status === 429 || failure?.reason === 'rate_limited') return wanted ?? usualHoldSeconds;
  if (failure?.reason === 'quota_exhausted') return wanted ?? Math.ceil((86_400_000 - (now % 86_400_000)) / 1000);
  return failure !== null || status === 503 ? wanted : null;
}
