import type { Clock } from '../../core/ports/clock.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { Breaker } from './breaker.ts';
import type { Gate } from './gate.ts';
import type { ProxyMetrics } from './metrics.ts';
import type { SharedCache } from './shared-cache.ts';

/** What the proxy is made of. `handler.ts` and `standalone.ts` give the real ones, tests give theirs. */
export interface Dependencies {
  readonly cache: AnswerCache;
  readonly shared: SharedCache | null;
  readonly breaker: Breaker;
  readonly gate: Gate;
  readonly metrics: ProxyMetrics;
  readonly clock: Clock;
  /** Of the release, as in package.json. */
  readonly version: string;
  /** Asked for to prove that Yahoo answers. */
  readonly canarySymbol: string;
  /** Told of every error that becomes a 500 or 503. The caller sees none of it. */
  log(error: unknown, requestId: string): void;
}
