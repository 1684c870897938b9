import { alertRules } from '../../core/adapters/postgres/alerts/alert-rules.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { coverageReader } from '../../core/adapters/postgres/prices/coverage-reader.ts';
import { quoteReader } from '../../core/adapters/postgres/prices/quote-reader.ts';
import { plannedPeriods, readWatchList } from '../../core/adapters/postgres/work/watch-list.ts';
import { sqsMessageQueue } from '../../core/adapters/sqs/message-queue.ts';
import { mostReceives } from '../../core/contracts/queues.ts';
import { handleEvents, isEventBatch } from '../../core/runtime/event-handler.ts';
import { installedSources } from '../../core/runtime/installed-sources.ts';
import { logger, observed } from '../../core/runtime/observe.ts';
import { alwaysOpenSetting, databaseSettings, setting } from '../../core/runtime/settings.ts';
import { applySourceQuotas } from '../../core/runtime/source-quotas.ts';
import { importDefinitions } from '../../core/sources/import/source.ts';
import { evaluateDue, evaluateEvent } from './evaluate-alerts.ts';

applySourceQuotas();

const pool = createPool(databaseSettings(), 1, timeLimits('evaluate-alerts'));
const queue = sqsMessageQueue({ alerts: setting('alertsQueueUrl') });
const alwaysOpen = alwaysOpenSetting();
const evaluating = {
  rules: alertRules(pool),
  prices: {
    quotes: quoteReader(pool),
    periods: plannedPeriods(pool),
    // What is stored is of the catalogue, or was imported.
    catalogue: [...installedSources(), ...importDefinitions],
    alwaysOpen,
  },
  coverage: {
    coverage: coverageReader(pool),
    watched: () => readWatchList(pool),
    catalogue: installedSources(),
    alwaysOpen,
  },
  now: Date.now,
  // The sender's tick comes anyway.
  ring: () =>
    queue.send('alerts', [{}]).catch(() => logger.warn('The sender was not woken; its next tick sends the alerts')),
};

/** Events of the topic, in order of each key, or the minute's tick. */
export const handler = observed(async (event: unknown) => {
  if (isEventBatch(event))
    return handleEvents(
      event,
      async (each) => {
        const raised = await evaluateEvent(each, evaluating);
        if (raised > 0) logger.info('Alerts were raised', { raised, eventId: each.id });
      },
      { tries: mostReceives('evaluate-alerts') },
    );
  const raised = await evaluateDue(evaluating);
  if (raised > 0) logger.info('Alerts were raised', { raised });
  return { raised };
});
