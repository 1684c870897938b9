import type { Failure } from '../contracts/failure.ts';
import type { UpstreamAnswer } from '../ports/upstream.ts';

/** How long a 429 without `Retry-After` keeps a source from being asked. */
const usualHoldSeconds = 60;

/** Seconds of an answer's `Retry-After`, as a number or a date, at most a day; `null` without one that can be read. */
export function retryAfterOf(answer: Pick<UpstreamAnswer, 'response'>, now: number): number | null {
  const text = answer.response?.headers['retry-after'];
  if (text === undefined) return null;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.min(86_400, Math.ceil(seconds))) : null;
}

/**
 * For how long the source is not to be asked after an answer, in seconds, or `null`: what its `Retry-After` says, a
 * minute after any other word of too many requests, and until midnight UTC when it says that the day is used up.
 */
export function holdAfter(
  answer: Pick<UpstreamAnswer, 'response'>,
  failure: Failure | null,
  now: number,
): number | null {
  const asked = retryAfterOf(answer, now);
  const { status } = answer.response ?? { status: 0 };
  if (status === 429 || failure?.reason === 'rate_limited') return asked ?? usualHoldSeconds;
  if (status === 503) return asked;
  if (failure?.reason === 'quota_exhausted') return asked ?? Math.ceil((86_400_000 - (now % 86_400_000)) / 1000);
  return null;
}
