/** Events on a real Apache Kafka that wants TLS and a password, by the settings of a function. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kafkaEventTransport } from '../../core/adapters/kafka/event-transport.ts';
import { makeTopics } from '../../core/adapters/kafka/topics.ts';
import type { CloudEvent } from '../../core/contracts/events/cloud-event.ts';
import { handleEvents } from '../../core/runtime/event-handler.ts';
import { kafkaConnection } from '../../core/runtime/kafka-settings.ts';
import { makeAuthority, makeLeaf } from '../../functions/yahoo-proxy/as-yahoo/certificates.ts';
import { type RunningKafka, startKafka } from '../../localstack/kafka/broker.ts';
import { whyNoKafka } from '../../localstack/kafka/install.ts';
import { startPoller } from '../../localstack/kafka/poller.ts';
import { freePort } from '../../localstack/ports.ts';
import { patience, tries } from '../support/event-transport-suite.ts';
import { notRunHere } from '../support/fault-table/not-run-here.ts';
import { countsOf, incidentEvent, sendAll } from '../support/incident-events.ts';

const missing = whyNoKafka();
const folder = mkdtempSync(join(tmpdir(), 'quotron-kafka-'));
const ca = join(folder, 'ca.pem');
const otherCa = join(folder, 'other.pem');
const [user, password] = ['quotron', randomUUID()];
let kafka: RunningKafka | undefined;

beforeAll(async () => {
  if (missing !== null) return;
  const period = { from: new Date(Date.now() - 3_600_000), until: new Date(Date.now() + 86_400_000) };
  const authority = makeAuthority(['localhost'], period);
  const { certificate, key } = makeLeaf(authority, ['localhost'], period);
  writeFileSync(ca, authority.certificate);
  writeFileSync(otherCa, makeAuthority(['localhost'], period).certificate);
  kafka = await startKafka({
    // Not the usual one, which another test may take in the same moment.
    ...{ dir: join(folder, 'kafka'), port: await freePort(), say: () => {} },
    secured: { certificate, key, authority: authority.certificate, user, password },
  });
}, 400_000);
afterAll(async () => {
  await kafka?.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach((context) => {
  if (missing !== null) notRunHere(context, missing);
});

function connection(differs: Readonly<Record<string, string>> = {}) {
  return kafkaConnection({
    ...{ KAFKA_BROKERS: kafka?.brokers, KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_CA_FILE: ca },
    ...{ KAFKA_SASL_USERNAME: user, KAFKA_SASL_PASSWORD: password, ...differs },
  });
}

describe('a Kafka that wants TLS and a password', () => {
  it.each(['PLAIN', 'SCRAM-SHA-512'])('has topics made, takes events and gives them by %s', async (mechanism) => {
    const secured = connection({ KAFKA_SASL_MECHANISM: mechanism });
    const topic = `events-${randomUUID().slice(0, 8)}`;
    const deadTopic = `${topic}-dead`;
    const of = { partitions: 3, replicas: 1, retentionMs: 86_400_000 };
    expect(await makeTopics(secured, { [topic]: of, [deadTopic]: of })).toEqual([topic, deadTopic]);
    const transport = kafkaEventTransport(secured, topic);
    const events = [1, 2, 3].flatMap((count) => ['yahoo', 'coingecko'].map((key) => incidentEvent(key, count)));
    expect(await sendAll(transport, events)).toEqual({ sent: events.map(({ id }) => id), failures: [] });
    await transport.close();
    const handled: CloudEvent[] = [];
    const poller = startPoller({
      ...{ connection: secured, topic, deadTopic, group: `follower-${topic}`, tries, say: () => {} },
      invoke: (event) => handleEvents(event, async (each) => handled.push(each)),
    });
    await patience(() => handled.length >= events.length);
    await poller.stop();
    for (const key of ['yahoo', 'coingecko']) expect(countsOf(handled, key)).toEqual([1, 2, 3]);
  });

  it.each([
    ['a wrong password by PLAIN', { KAFKA_SASL_PASSWORD: 'another' }],
    ['a wrong password by SCRAM', { KAFKA_SASL_PASSWORD: 'another', KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512' }],
    ['the authority of another', { KAFKA_CA_FILE: otherCa }],
    ['no TLS', { KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT' }],
  ])('takes nothing with %s, and says so without the password', async (_, differs) => {
    const transport = kafkaEventTransport(connection(differs), 'events');
    const { sent, failures } = await sendAll(transport, [incidentEvent('yahoo', 1)]);
    await transport.close();
    expect(sent).toEqual([]);
    expect(failures).toHaveLength(1);
    expect(failures.join()).not.toContain(password);
    expect(failures.join()).not.toContain('another');
  });
});
