import { expect, it } from 'vitest';
import { seedOf } from '../support/chosen-seed.ts';
import { figuresOf, wrongIn } from '../support/mix/mix-result.ts';
import { runMix } from '../support/mix/run-mix.ts';

const seed = seedOf(process.env);

it('two minutes of all kinds of fault at random lose nothing and double nothing [fault 42]', async ({
  onTestFailed,
}) => {
  console.log(`The mix of faults: QUOTRON_SEED=${seed}`);
  const lines: string[] = [];
  onTestFailed(() => console.log(`${lines.join('\n')}\nQUOTRON_SEED=${seed} repeats the mix.`));
  const result = await runMix({ seed, forMs: 120_000, settleMs: 180_000, say: (line) => lines.push(line) });
  lines.push(...figuresOf(result));
  expect(wrongIn(result), `with QUOTRON_SEED=${seed}`).toEqual([]);
}, 600_000);
