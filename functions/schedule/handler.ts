import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { postgresPlanStore } from '../../core/adapters/postgres/work/plan-store.ts';
import { readWatchList } from '../../core/adapters/postgres/work/watch-list.ts';
import { sqsMessageQueue } from '../../core/adapters/sqs/message-queue.ts';
import { tickSchema } from '../../core/contracts/messages.ts';
import { installedSources } from '../../core/runtime/installed-sources.ts';
import { logger, metrics, observed } from '../../core/runtime/observe.ts';
import { handleQueue, isQueueEvent } from '../../core/runtime/queue-handler.ts';
import { scrapeQueueUrls } from '../../core/runtime/queue-urls.ts';
import { alwaysOpenSetting, databaseSettings, setting } from '../../core/runtime/settings.ts';
import { applySourceQuotas } from '../../core/runtime/source-quotas.ts';
import { planRuns } from './plan-runs.ts';

applySourceQuotas();

const queue = sqsMessageQueue({ ticks: setting('ticksQueueUrl'), ...scrapeQueueUrls() });
const pool = createPool(databaseSettings(), 1, timeLimits('schedule'));
const planning = {
  store: postgresPlanStore(pool),
  queue,
  sources: installedSources(),
  watched: () => readWatchList(pool),
  alwaysOpen: alwaysOpenSetting(),
  clockWasAhead(ms: number) {
    logger.warn('The clock was ahead; its jobs are planned again', { seconds: Math.round(ms / 1000) });
    metrics.addMetric('ClockAhead', MetricUnit.Count, 1);
  },
};

/** The minute's tick, a direct invocation with a tick, or ticks from the queue of "run now". */
export const handler = observed(async (event: unknown, context: Context) => {
  if (isQueueEvent(event)) {
    return handleQueue(event, context, tickSchema, {
      handle: (tick) => planRuns(tick, planning),
      requeue: (tick, delaySeconds) => queue.send('ticks', [tick], delaySeconds),
    });
  }
  const plan = await planRuns(tickSchema.parse(event), planning);
  logger.info('Planned', { runs: plan.runs.length, sent: plan.sent });
  return plan;
});
