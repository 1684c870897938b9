/** During a deployment, a relay and a `state` of two releases work with each other. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { memoryEventTopic } from '../../core/adapters/memory/event-topic.ts';
import { relayLag } from '../../core/adapters/postgres/events/relay-store.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { cloudEventSchema } from '../../core/contracts/events/cloud-event.ts';
import { eventResponses } from '../../core/contracts/events/relay.ts';
import { localInstallation } from '../../core/contracts/installation.ts';
import type { State } from '../../core/ports/state.ts';
import { relayEvents } from '../../core/runtime/relay-events.ts';
import { countsOf } from '../support/incident-events.ts';
import { incident, tellEvents } from '../support/told-events.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld();

it('a state of the former release gives data as JSON, as its relay gets them from the state of this one', async () => {
  await tellEvents(world.pool, [incident('yahoo', 1), incident('yahoo', 2)]);
  const state = postgresState(world.pool);
  const data: unknown[] = [];
  const former: State = {
    async call(request) {
      // What the former relay does not ask for, and the former state does not know.
      Object.assign(request, { asText: undefined });
      const answer = await state.call(request);
      const claim = eventResponses.claimEvents.safeParse(answer);
      if (claim.success && claim.data.go) data.push(...claim.data.events.map((event) => event.data));
      return answer;
    },
  };
  const topic = memoryEventTopic({ tries: 1 });
  const relayed = await relayEvents(Date.now() + 60_000, {
    ...{ state: former, transport: topic.transport, installation: localInstallation },
    ...{ holder: randomUUID(), now: Date.now },
  });
  expect(relayed).toEqual({ idle: null, published: 2, failures: [] });
  expect(data).toMatchObject([{ count: 1 }, { count: 2 }]);
  expect(await relayLag(world.pool)).toMatchObject({ waiting: 0 });
  const bodies: string[] = [];
  await topic.next(10, async (messages) => {
    bodies.push(...messages.map(({ body }) => body));
    return [];
  });
  expect(
    countsOf(
      bodies.map((body) => cloudEventSchema.parse(JSON.parse(body))),
      'yahoo',
    ),
  ).toEqual([1, 2]);
});
