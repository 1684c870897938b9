import type { SessionKeeper } from '../../core/auth/session-keeper.ts';
import { version } from '../../core/contracts/version.ts';
import type { AnswerBlobs } from '../../core/ports/answer-blobs.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { State } from '../../core/ports/state.ts';
import type { Upstream, UpstreamOptions } from '../../core/ports/upstream.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { type AnswerCache, answerCache, type Refresh } from './answer-cache.ts';
import { answerRecord } from './answer-record.ts';
import { createProxy, type ProxyApp } from './app.ts';
import { batchQuestions } from './batch-questions.ts';
import { type BreakerSettings, createBreaker, usualBreaker } from './breaker.ts';
import type { ProxyDependencies } from './dependencies.ts';
import { fetchFromYahoo } from './fetch-from-yahoo.ts';
import type { Gate } from './gate.ts';
import { createMetrics } from './metrics.ts';
import { rebuilder } from './rebuild.ts';
import type { SharedCache } from './shared-cache.ts';
import { waitingLine } from './waiting-line.ts';
import { yahooSource } from './yahoo-source.ts';

export interface ProxyWorld {
  readonly state: State;
  /** `null` in a standalone process. */
  readonly shared: SharedCache | null;
  /** Where bodies of answers are kept; `null` in a standalone process, which keeps no record. */
  readonly blobs: AnswerBlobs | null;
  readonly gate: Gate;
  readonly sourceUrls: Readonly<Record<string, string>>;
  /** Whether a simulator stands in for Yahoo. */
  readonly simulated: boolean;
  readonly sessionSecret: () => Promise<string>;
  readonly upstream: (options: UpstreamOptions) => Upstream;
  readonly now: Clock;
  readonly wait: (ms: number) => Promise<void>;
  readonly memoryBytes: number;
  /**
   * For how many milliseconds quotes are gathered into one call to Yahoo; 0 where a process has one client at a time.
   */
  readonly gatherMs: number;
  readonly breaker?: BreakerSettings;
  /** Has stale answers refreshed elsewhere; without it, they are refreshed in this process. */
  readonly later?: (refreshes: readonly Refresh[]) => Promise<void>;
  log(error: unknown, requestId: string): void;
}

export interface AssembledProxy extends ProxyApp, ProxyDependencies {
  readonly sessions: SessionKeeper | null;
}

/**
 * Assembles the proxy: the same for Lambda, for `quotron proxy` and for tests. The session's secret is read at the
 * first use, once.
 */
export function assembleProxy(world: ProxyWorld): () => Promise<AssembledProxy> {
  let made: Promise<AssembledProxy> | undefined;
  return () => {
    made ??= assemble(world).catch((error: unknown) => {
      // A failure at the first request may not repeat at the next.
      made = undefined;
      throw error;
    });
    return made;
  };
}

async function assemble(world: ProxyWorld): Promise<AssembledProxy> {
  const { state, shared, now, wait } = world;
  const log = (error: unknown) => world.log(error, '');
  const source = await yahooSource(world);
  const metrics = createMetrics();
  const breaker = createBreaker(world.breaker ?? usualBreaker, now);
  const fetchAnswers = fetchFromYahoo({
    source,
    state,
    breaker,
    line: waitingLine({ sourceId: source.id, state, now, wait }),
    metrics,
    now,
  });
  const record = world.blobs ? answerRecord({ ...world, blobs: world.blobs, lost: metrics.unrecorded, log }) : null;
  const cache: AnswerCache = answerCache({
    fetchAnswers: world.gatherMs > 0 ? batchQuestions(fetchAnswers, world.gatherMs) : fetchAnswers,
    breaker,
    shared,
    now,
    wait,
    memoryBytes: world.memoryBytes,
    later: world.later ?? ((refreshes) => cache.refresh(refreshes)),
    record: (answers) => record?.keep(answers),
    log,
  });
  const dependencies: ProxyDependencies = {
    cache,
    shared,
    past: record && { record, rebuild: rebuilder(state) },
    breaker,
    gate: world.gate,
    metrics,
    clock: now,
    version,
    simulated: world.simulated,
    canarySymbol: yahoo.canarySymbol,
    log: world.log,
  };
  return { ...dependencies, ...createProxy(dependencies), sessions: source.sessions };
}
