/**
 * `npm run fuzz`: schemathesis against the running local cloud, with its three keys one after the other.
 *
 *   --seed <number>   the same requests as another run; printed by each
 *   --examples <n>    random requests for each operation and key, beside the systematic ones; 150 unless given
 *
 * Ends with 1 when any answer was wrong. What it changes in the cloud (stopped services, recoveries, keys) stays: throw the
 * cloud away with `npm run reset` afterwards.
 */
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
let cases = 0;
const wrong: string[] = [];
for (const scope of ['read', 'operate', 'admin'] as const) {
  console.log(`\nWith the key of scope ${scope}:`);
  const say = (text: string) => process.stdout.write(text);
  const fuzzed = await fuzz({ apiUrl: cloud.apiUrl, apiKey: cloud.apiKeys[scope], seed, examples, say });
  cases += fuzzed.cases;
  if (!fuzzed.ok) wrong.push(scope);
}
console.log(
  `\n${cases} requests, seed ${seed}: ${wrong.length === 0 ? 'all answers as documented' : `wrong answers with ${wrong.join(', ')}`}`,
);
process.exit(wrong.length > 0 ? 1 : 0);
