import type { Clock } from '../../core/ports/clock.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { Breaker } from './breaker.ts';
import type { Gate } from './gate.ts';
import type { ProxyMetrics } from './metrics.ts';
import type { Past } from './replay.ts';
import type { SharedCache } from './shared-cache.ts';

/** The dependencies of the proxy. `handler.ts` and `standalone.ts` pass the real ones, tests their own. */
export interface ProxyDependencies {
  readonly cache: AnswerCache;
  readonly shared: SharedCache | null;
  /** `null` where no record of answers is kept, and there is no database to make answers of. */
  readonly past: Past | null;
  readonly breaker: Breaker;
  readonly gate: Gate;
  readonly metrics: ProxyMetrics;
  readonly clock: Clock;
  /** Version of the release, as in package.json. */
  readonly version: string;
  /** Whether a simulator stands in for Yahoo. */
  readonly simulated: boolean;
  /** The heartbeat fetches it to check that Yahoo answers. */
  readonly canarySymbol: string;
  /** Logs every error that becomes a 500 or 503. The client does not see it. */
  log(error: unknown, requestId: string): void;
}
