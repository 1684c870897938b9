import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { toJson } from '../../core/contracts/events/cloud-event.ts';
import { localInstallation } from '../../core/contracts/installation.ts';
import { inEnvelope } from '../../core/events/envelope.ts';
import { type Bench, Broken } from './bench.ts';
import { now, type Scenario, send } from './steps.ts';

const created = z.object({ data: z.object({ id: z.uuid() }) });
const delivered = z.object({ failed: z.int() });

/** A channel to a host that there is not. */
async function channel(bench: Bench): Promise<string> {
  // Channels are sealed to a key that the sender says first.
  await bench.invoke('deliver-alerts', { time: now() });
  const body = { kind: 'webhook', name: `to nobody ${randomUUID()}`, url: 'https://nobody.invalid/alerts' };
  return created.parse(JSON.parse((await bench.ask('/alerts/channels', { method: 'POST', body })).text)).data.id;
}

/** A source fails, and a rule is about that. Another rule each time: of one that is true already, it is no news. */
async function sourceFails(bench: Bench): Promise<void> {
  const when = { kind: 'source_failed', sourceId: 'coingecko' };
  const body = { name: `a source fails ${randomUUID()}`, when, channelIds: [await channel(bench)] };
  await bench.ask('/alerts/rules', { method: 'POST', body });
  const event = inEnvelope(
    {
      ...{ id: randomUUID(), position: '1', at: new Date() },
      event: {
        type: 'source.health-changed',
        data: { sourceId: 'coingecko', from: 'healthy', to: 'failed', reason: 'down', score: 0, at: now() },
      },
    },
    localInstallation,
  );
  await bench.take('alerts');
  await bench.handOver('evaluate-alerts', 'alert-events', [toJson(event)]);
}

/** Of the functions of alerts. */
export const alertScenarios: readonly Scenario[] = [
  {
    fn: 'evaluate-alerts',
    needs: [send('alerts')],
    async run(bench) {
      await sourceFails(bench);
      // Without it nothing fails: the sender's tick comes anyway.
      if ((await bench.take('alerts')).length === 0) throw new Broken('the sender of alerts was not woken');
    },
  },
  {
    fn: 'deliver-alerts',
    needs: ['lambda:InvokeFunction on state', 'secretsmanager:GetSecretValue on alert key'],
    async run(bench) {
      await bench.restart('deliver-alerts');
      await bench.invoke('deliver-alerts', { time: now() });
    },
  },
  {
    fn: 'deliver-alerts',
    needs: [send('alerts')],
    async run(bench) {
      // What fails is tried again soon.
      await bench.ask(`/alerts/channels/${await channel(bench)}/test`, { method: 'POST' });
      const { failed } = delivered.parse(await bench.invoke('deliver-alerts', { time: now() }));
      if (failed === 0) throw new Broken('an alert to nobody was delivered');
    },
  },
];
