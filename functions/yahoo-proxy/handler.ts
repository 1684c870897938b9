import { setTimeout as sleep } from 'node:timers/promises';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import { httpUpstream } from '../../core/adapters/http/upstream.ts';
import { invokeFunctionLater } from '../../core/adapters/lambda/invoke.ts';
import { lambdaState } from '../../core/adapters/lambda/state.ts';
import { s3AnswerBlobs } from '../../core/adapters/s3/answer-blobs.ts';
import { secretsManagerStore } from '../../core/adapters/secrets/secret-store.ts';
import { chunked } from '../../core/contracts/chunked.ts';
import { mostRefreshes, type RefreshEvent, refreshEventSchema } from '../../core/contracts/proxy.ts';
import { withRawPath } from '../../core/http/gateway-event.ts';
import { metrics as cloudMetrics, logger } from '../../core/runtime/observe.ts';
import { mapSetting, setting, simulatedSourcesSetting } from '../../core/runtime/settings.ts';
import { applySourceQuotas } from '../../core/runtime/source-quotas.ts';
import { assembleProxy } from './assemble.ts';
import { failFastState } from './fail-fast-state.ts';
import { keyGate } from './gate.ts';
import { heartbeat } from './heartbeat.ts';
import { quickEvent } from './quick-event.ts';
import { stateSharedCache } from './shared-cache.ts';

applySourceQuotas();

const state = failFastState(lambdaState(setting('stateFunction')), Date.now);
const secrets = secretsManagerStore();
const shared = stateSharedCache(state, 'yahoo');
const memoryBytes = 96 * 1024 * 1024;

/**
 * How long an invocation waits until its new answers of Yahoo's are recorded. What takes longer is written during the next
 * invocation of the container.
 */
const recordWaitMs = 1_000;

/** Refreshes being handed over to another invocation: this one is frozen after its answer. */
const waiting = new Set<Promise<void>>();
let ownName = '';
function later(event: RefreshEvent): Promise<void> {
  const sent = invokeFunctionLater(ownName, event).finally(() => waiting.delete(sent));
  waiting.add(sent);
  return sent;
}

const assembled = assembleProxy({
  state,
  shared,
  blobs: s3AnswerBlobs(setting('rawBucket')),
  gate: keyGate(state, { perSecond: 50, burst: 500 }, Date.now),
  sourceUrls: mapSetting('sourceUrls'),
  simulated: simulatedSourcesSetting().includes('yahoo'),
  sessionSecret: () => secrets.get(setting('sessionKeySecret')),
  upstream: httpUpstream,
  now: Date.now,
  wait: (ms) => sleep(ms),
  memoryBytes,
  gatherMs: 0,
  later: async (refreshes) => {
    await Promise.all(chunked(refreshes, mostRefreshes).map((some) => later({ refresh: some })));
  },
  log: (error, requestId) => logger.error('The proxy failed', { requestId, error: asError(error) }),
});

/** Requests of API Gateway, the heartbeat's rule, and refreshes that the function invokes itself for. */
export async function handler(event: unknown, context: Context): Promise<unknown> {
  logger.addContext(context);
  ownName = context.functionName;
  const proxy = await assembled();
  try {
    if (isRequest(event)) {
      const request = withRawPath(event);
      return quickEvent(proxy.quick, request) ?? (await handle(proxy.app)(request, context));
    }
    const refresh = refreshEventSchema.safeParse(event);
    if (refresh.success) return await proxy.cache.refresh(refresh.data.refresh);
    const beat = await heartbeat(proxy);
    if (beat.canary !== 'well') logger.warn('Yahoo gives no new quote', { ...beat });
    return beat;
  } finally {
    await Promise.all([Promise.allSettled(waiting), proxy.past?.record.settled(recordWaitMs)]);
    const { stale, upstreamFailures, unrecorded } = proxy.metrics.takeDeltas();
    if (stale > 0) cloudMetrics.addMetric('ProxyStaleAnswers', MetricUnit.Count, stale);
    if (upstreamFailures > 0) cloudMetrics.addMetric('ProxyUpstreamFailures', MetricUnit.Count, upstreamFailures);
    if (unrecorded > 0) cloudMetrics.addMetric('ProxyUnrecordedAnswers', MetricUnit.Count, unrecorded);
    if (stale + upstreamFailures + unrecorded > 0) cloudMetrics.publishStoredMetrics();
  }
}

function isRequest(event: unknown): event is LambdaEvent {
  return typeof event === 'object' && event !== null && 'httpMethod' in event && 'requestContext' in event;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
