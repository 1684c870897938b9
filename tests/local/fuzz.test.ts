import { afterAll, describe, expect, it } from 'vitest';
import { servicesSchema } from '../../core/contracts/http/operations.ts';
import { fuzz } from '../fuzz/schemathesis.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
/** `QUOTRON_FUZZ_SEED` repeats a run. */
const seed = Number(process.env['QUOTRON_FUZZ_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

/** Would recover all sources at once, for minutes, and with them hold up the tests that share this cloud. */
const without = ['/sources/recover'];

/** Other tests of this cloud need every service. */
afterAll(async () => {
  const { services } = await cloud.read('/services', servicesSchema);
  for (const { id, running } of services)
    if (!running) await cloud.ask(`/services/${id}/start`, { method: 'POST', as: 'operate' });
});

describe('requests made from the OpenAPI document', () => {
  it.each(['read', 'operate', 'admin'] as const)(
    'are answered as it says, with a key of scope %s',
    async (scope) => {
      console.log(`Seed ${seed}. Again with: QUOTRON_FUZZ_SEED=${seed}`);
      const { apiUrl, apiKeys } = cloud;
      const fuzzed = await fuzz({
        ...{ apiUrl, apiKey: apiKeys[scope], seed, without },
        examples: 'short',
        say: () => undefined,
      });
      expect(fuzzed.ok, fuzzed.output.slice(-8_000)).toBe(true);
      expect(fuzzed.cases).toBeGreaterThan(100);
    },
    600_000,
  );
});
