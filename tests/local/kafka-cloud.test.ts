/** A local cloud whose events go to Kafka: `npm start -- --events kafka`. */

import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { localInstallation } from '../../core/contracts/installation.ts';
import { kafkaTopics } from '../../core/contracts/kafka.ts';
import { handleEvents } from '../../core/runtime/event-handler.ts';
import { planCycle } from '../../localstack/cycle.ts';
import { kafkaLibraries, whyNoKafka } from '../../localstack/kafka/install.ts';
import { startPoller } from '../../localstack/kafka/poller.ts';
import { readState } from '../../localstack/state-folder.ts';
import { notRunHere } from '../support/fault-table/not-run-here.ts';
import { eventually } from '../support/shared-cloud.ts';
import { startTestCloud, type TestCloud } from '../support/test-cloud.ts';

const missing = whyNoKafka();
let cloud: TestCloud | undefined;

beforeAll(async () => {
  if (missing !== null) return;
  await kafkaLibraries(() => {});
  cloud = await startTestCloud({ QUOTRON_SYMBOLS: 'AAPL,MSFT' }, { events: 'kafka' });
}, 600_000);
afterAll(() => cloud?.stop(), 60_000);
beforeEach((context) => {
  if (missing !== null) notRunHere(context, missing);
});

it('what is ingested arrives on the topic, and nothing waits in the outbox', async () => {
  if (cloud === undefined) throw new Error('the cloud did not start');
  const { functions, pool } = cloud.cloud;
  const port = readState(join(cloud.addresses.folder, 'kafka', 'kafka.json'), z.object({ port: z.int() }))?.port;
  const { events: topic, dead: deadTopic } = kafkaTopics(localInstallation);
  const types = new Set<string>();
  const poller = startPoller({
    ...{ topic, deadTopic, group: 'quotron-local-test', tries: 5, say: () => {} },
    connection: { brokers: [`127.0.0.1:${port}`], tls: undefined, sasl: undefined },
    invoke: (event) => handleEvents(event, async ({ event: { type } }) => types.add(type)),
  });
  try {
    await planCycle(functions);
    await eventually(
      () => `quotes on the topic; it has ${[...types].join(', ') || 'nothing'}`,
      async () => {
        await functions.invoke('relay-to-kafka', {});
        return types.has('quotes.stored') ? true : undefined;
      },
      180_000,
    );
    const { rows } = await pool.query(`SELECT FROM outbox WHERE published_at IS NOT NULL LIMIT 1`);
    expect(rows).toHaveLength(1);
  } finally {
    await poller.stop();
  }
});
