import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { servicesSchema } from '../../core/contracts/http/operations.ts';
import { recoverySchema } from '../../core/contracts/http/recovery.ts';
import { until } from '../../localstack/processes.ts';
import { fuzz } from '../fuzz/schemathesis.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
/** `QUOTRON_FUZZ_SEED` repeats a run. */
const seed = Number(process.env['QUOTRON_FUZZ_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

/** What other tests of this cloud need: everything runs, and no recovery is under way. */
afterAll(async () => {
  const { services } = await cloud.read('/services', servicesSchema);
  for (const { id, running } of services)
    if (!running) await cloud.ask(`/services/${id}/start`, { method: 'POST', as: 'operate' });
  await until(
    async () => (await cloud.read('/recoveries?status=running', z.array(recoverySchema))).length === 0,
    120_000,
  );
}, 150_000);

describe('requests made from the OpenAPI document', () => {
  it.each(['read', 'operate', 'admin'] as const)(
    'are answered as it says, with a key of scope %s',
    async (scope) => {
      console.log(`Seed ${seed}. Again with: QUOTRON_FUZZ_SEED=${seed}`);
      const { apiUrl, apiKeys } = cloud;
      const fuzzed = await fuzz({ apiUrl, apiKey: apiKeys[scope], seed, examples: 'short', say: () => undefined });
      expect(fuzzed.ok, fuzzed.output.slice(-8_000)).toBe(true);
      expect(fuzzed.cases).toBeGreaterThan(100);
    },
    600_000,
  );
});
