import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { maskKeys } from '../auth/api-keys.ts';
import { namedPrefix } from '../contracts/installation.ts';
import { nearTimeout } from '../contracts/metrics.ts';
import { settingNames } from '../contracts/settings.ts';

const serviceName = namedPrefix(process.env);

/**
 * Writes one JSON line per entry. Never log a message's body, a header or a part of an upstream's answer. Keys are masked
 * in whatever comes here all the same: one that stands in an address could be in the text of an error.
 */
export const logger = new Logger({
  serviceName,
  jsonReplacerFn: (_, value: unknown) => (typeof value === 'string' ? maskKeys(value) : value),
});

/** Embedded metrics: counts that the alarms and the operations dashboard read. */
export const metrics = new Metrics({
  namespace: 'Quotron',
  // Two stages, or copies of one, in one account must not be summed.
  serviceName,
  defaultDimensions: { stage: process.env[settingNames.stage] ?? 'unknown' },
});

/** Most invocations count nothing, and Powertools would log a warning for each of them. */
function publish(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}

/**
 * Wraps every queue, schedule and invoke handler: the request id is on each log line, metrics are flushed, and an invocation
 * that nearly ran out of time is counted.
 */
export function observed<Event, Result>(handle: (event: Event, context: Context) => Promise<Result>) {
  return middy<Event, Result>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use({ after: publish, onError: publish })
    .handler(async (event, context) => {
      const given = timeLeft(context);
      try {
        return await handle(event, context);
      } finally {
        if (timeLeft(context) < given / 10) metrics.addMetric(nearTimeout, MetricUnit.Count, 1);
      }
    });
}

/** Milliseconds; without end where nobody limits them. */
function timeLeft(context: Partial<Context>): number {
  return context.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY;
}
