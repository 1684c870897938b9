import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { lambdaState } from '../../core/adapters/lambda/state.ts';
import { snsEventTransport } from '../../core/adapters/sns/event-transport.ts';
import { logger, observed } from '../../core/runtime/observe.ts';
import { setting } from '../../core/runtime/settings.ts';
import { relayEvents } from './relay-events.ts';

const relaying = {
  state: lambdaState(setting('stateFunction')),
  transport: snsEventTransport(setting('eventsTopic')),
  stage: setting('stage'),
  holder: randomUUID(),
  now: Date.now,
  forgotten: (types: readonly string[]) => logger.warn('Rows of the outbox have no meaning any more', { types }),
};

/** What ending takes. */
const marginMs = 30_000;

/**
 * The minute's tick, or messages that say that there are new events. It has nothing to read of either, so a message is
 * never failed for what the relay could not do: the next tick relays.
 */
export const handler = observed(async (_event: unknown, context: Context) => {
  const until = Date.now() + context.getRemainingTimeInMillis() - marginMs;
  const { idle, published, failures } = await relayEvents(until, relaying);
  if (published > 0) logger.info('Events were published', { published });
  if (failures.length > 0) logger.warn('Events were not taken; the next tick sends them again', { failures });
  return { batchItemFailures: [], idle, published };
});
