import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fuzz } from '../fuzz/schemathesis.ts';
import { eventually } from '../support/shared-cloud.ts';
import { startTestCloud, type TestCloud } from '../support/test-cloud.ts';

/** `QUOTRON_FUZZ_SEED` repeats a run. */
const seed = Number(process.env['QUOTRON_FUZZ_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

/** Its own: these requests stop sources and services, and replace credentials. */
let cloud: TestCloud;
beforeAll(async () => {
  cloud = await startTestCloud();
  // Channels are refused until the sender has run once, in the first minute.
  await eventually(
    'the sender of alerts to have run',
    async () => {
      const body = JSON.stringify({ name: 'ready', kind: 'webhook', url: 'https://example.com/ready' });
      const headers = { 'x-api-key': cloud.addresses.apiKeys.operate, 'content-type': 'application/json' };
      const made = await fetch(`${cloud.addresses.apiUrl}/alerts/channels`, { method: 'POST', headers, body });
      return made.status === 201 || undefined;
    },
    180_000,
  );
}, 400_000);
afterAll(() => cloud.stop());

/** Would recover all sources at once, for minutes. */
const without = ['/sources/recover'];

describe('requests made from the OpenAPI document', () => {
  it.each(['read', 'operate', 'admin'] as const)(
    'are answered as it says, with a key of scope %s',
    async (scope) => {
      console.log(`Seed ${seed}. Again with: QUOTRON_FUZZ_SEED=${seed}`);
      const { apiUrl, apiKeys } = cloud.addresses;
      const fuzzed = await fuzz({
        ...{ apiUrl, apiKey: apiKeys[scope], seed, without },
        examples: 'short',
        say: () => undefined,
      });
      expect(fuzzed.unanswered).toEqual([]);
      expect(fuzzed.ok, fuzzed.output.slice(-8_000)).toBe(true);
      expect(fuzzed.cases).toBeGreaterThan(100);
    },
    600_000,
  );
});
