import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { settingNames } from '../contracts/settings.ts';

/** One JSON line per entry. Never given a message's body, a header or a piece of an upstream's answer. */
export const logger = new Logger({ serviceName: 'quotron' });

/** Embedded metrics: counts that the alarms and the operations dashboard read. */
export const metrics = new Metrics({
  namespace: 'Quotron',
  serviceName: 'quotron',
  // Two stages in one account must not add up.
  defaultDimensions: { stage: process.env[settingNames.stage] ?? 'unknown' },
});

/** What every queue, schedule and invoke handler is wrapped in: the request's id on each log line, metrics flushed. */
export function observed<Event, Result>(handle: (event: Event, context: Context) => Promise<Result>) {
  return middy<Event, Result>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(logMetrics(metrics))
    .handler(handle);
}
