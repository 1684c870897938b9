/**
 * `npm run fuzz`: schemathesis against the running local cloud, with its three keys at the same time; then the properties of
 * imports and of the command's arguments, with far more examples than `npm test` takes.
 *
 *   --seed <number>   the same requests as another run; printed by each
 *   --examples <n>    random requests for each operation and key, beside the systematic ones; 150 unless given
 *
 * Ends with 1 when any answer was wrong. What it changes in the cloud (stopped services, recoveries, keys) stays: throw the
 * cloud away with `npm run reset` afterwards.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { localFileSchema } from '../../localstack/cloud.ts';
import { readState, stateFolder } from '../../localstack/state-folder.ts';
import { fuzz } from './schemathesis.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string' }, examples: { type: 'string', default: '150' } },
});
const given = z
  .object({
    seed: z.coerce
      .number()
      .int()
      .min(0)
      .default(() => Math.trunc(Math.random() * 2 ** 31)),
    examples: z.coerce.number().int().min(1),
  })
  .safeParse(values);
const cloud = readState(join(stateFolder(), 'local.json'), localFileSchema);
if (!given.success || !cloud) {
  console.error(
    given.success
      ? 'No local cloud runs here. Start one with npm start, in another terminal.'
      : 'Usage: npm run fuzz [-- --seed <number> --examples <number>]',
  );
  process.exit(2);
}
const { seed, examples } = given.data;
console.log(`Seed ${seed}. Again with: npm run fuzz -- --seed ${seed} --examples ${examples}`);
/** At the same time: each waits for answers most of its time. What one says is printed when it has ended. */
const runs = await Promise.all(
  (['read', 'operate', 'admin'] as const).map(async (scope) => {
    const { apiUrl, apiKeys } = cloud;
    const fuzzed = await fuzz({ apiUrl, apiKey: apiKeys[scope], seed, examples, say: () => undefined });
    console.log(`\nWith the key of scope ${scope}:\n${fuzzed.output}`);
    return { scope, ...fuzzed };
  }),
);
const cases = runs.reduce((sum, run) => sum + run.cases, 0);
const wrong = runs.flatMap(({ scope, ok }) => (ok ? [] : [scope]));
for (const run of runs) {
  console.log(`${run.scope}: ${run.cases} requests`);
  for (const request of run.unanswered) console.log(`  no answer to ${request}`);
}
console.log(
  `\n${cases} requests, seed ${seed}: ${wrong.length === 0 ? 'all answers as documented' : `wrong answers with ${wrong.join(', ')}`}`,
);
/** Files with properties that take as many examples as `QUOTRON_FUZZ_RUNS` says. */
const properties = [
  'tests/component/cli/arguments.test.ts',
  'tests/component/import-requests.test.ts',
  'tests/contract/import-blobs-at-random.test.ts',
  'tests/unit/cli/etl-parts.test.ts',
  'tests/unit/sources/import-rows.test.ts',
];
const vitest = join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'vitest');
const { status } = spawnSync(vitest, ['run', ...properties], {
  stdio: 'inherit',
  env: { ...process.env, QUOTRON_FUZZ_RUNS: String(examples * 20) },
});
process.exit(wrong.length > 0 || status !== 0 ? 1 : 0);
