import type { Context } from 'aws-lambda';
import { postgresOutcomeStore } from '../../core/adapters/postgres/outcome-store.ts';
import { createPool } from '../../core/adapters/postgres/pool.ts';
import { outcomeMessageSchema, tickSchema } from '../../core/contracts/messages.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { logger, observed } from '../observe.ts';
import { handleQueue, isQueueEvent } from '../queue-handler.ts';
import { databaseSettings } from '../settings.ts';
import { recordOutcome, watchSources } from './watch-sources.ts';

const watching = { store: postgresOutcomeStore(createPool(databaseSettings())), sources: catalogue };

/** Outcomes from their queue, or the minute's tick. */
export const handler = observed(async (event: unknown, context: Context) => {
  if (isQueueEvent(event)) {
    return handleQueue(event, context, outcomeMessageSchema, (outcome) => recordOutcome(outcome, watching, new Date()));
  }
  const { time } = tickSchema.parse(event);
  const { overdue } = await watchSources(watching, new Date(time));
  if (overdue.length > 0) logger.warn('Tasks gave no outcome in time', { sources: overdue });
  return { overdue };
});
