import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { lambdaState } from '../../core/adapters/lambda/state.ts';
import { snsEventTransport } from '../../core/adapters/sns/event-transport.ts';
import { usualPrefix } from '../../core/contracts/installation.ts';
import { kafkaTopics } from '../../core/contracts/kafka.ts';
import type { EventTransport } from '../../core/ports/event-transport.ts';
import { kafkaConnection } from '../../core/runtime/kafka-settings.ts';
import { logger, observed } from '../../core/runtime/observe.ts';
import { relayEvents } from '../../core/runtime/relay-events.ts';
import { optionalSetting, setting } from '../../core/runtime/settings.ts';

/** The client of Kafka is loaded where events go there: it takes a tenth of a second. */
async function transport(): Promise<EventTransport> {
  const kafka = kafkaConnection();
  if (kafka === undefined) return snsEventTransport(setting('eventsTopic'));
  const { kafkaEventTransport } = await import('../../core/adapters/kafka/event-transport.ts');
  const installation = { prefix: optionalSetting('prefix') ?? usualPrefix, stage: setting('stage') };
  return kafkaEventTransport(kafka, optionalSetting('kafkaTopic') ?? kafkaTopics(installation).events);
}

const transporting = transport();
// A wrong setting fails each invocation, and not the process.
transporting.catch(() => undefined);

const relaying = {
  state: lambdaState(setting('stateFunction')),
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
  const { idle, published, failures } = await relayEvents(until, { ...relaying, transport: await transporting });
  if (published > 0) logger.info('Events were published', { published });
  if (failures.length > 0) logger.warn('Events were not taken; the next tick sends them again', { failures });
  return { batchItemFailures: [], idle, published };
});
