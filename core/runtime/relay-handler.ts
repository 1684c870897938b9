import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import type { EventTransport } from '../ports/event-transport.ts';
import type { RelayState } from '../ports/relay-state.ts';
import { logger, observed } from './observe.ts';
import { relayEvents } from './relay-events.ts';
import { ownInstallation } from './settings.ts';

/** What ending takes. */
const marginMs = 30_000;

/**
 * The handler of a relay: started by the minute's tick, or by messages that say that there are new events. It has nothing to
 * read of either, so a message is never failed for what the relay could not do: the next tick relays.
 */
export function relayHandler(state: RelayState, transport: EventTransport) {
  const relaying = {
    ...{ state, transport },
    installation: ownInstallation(),
    holder: randomUUID(),
    now: Date.now,
    forgotten: (types: readonly string[]) => logger.warn('Rows of the outbox have no meaning any more', { types }),
  };
  return observed(async (_event: unknown, context: Context) => {
    const until = Date.now() + context.getRemainingTimeInMillis() - marginMs;
    const { idle, published, failures } = await relayEvents(until, relaying);
    if (published > 0) logger.info('Events were published', { published });
    if (failures.length > 0) logger.warn('Events were not taken; the next tick sends them again', { failures });
    return { batchItemFailures: [], idle, published };
  });
}
