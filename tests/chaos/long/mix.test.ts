import { expect, it } from 'vitest';
import { seedOf } from '../../support/chosen-seed.ts';
import { figuresOf, wrongIn } from '../../support/mix/mix-result.ts';
import { runMix } from '../../support/mix/run-mix.ts';

const seed = seedOf(process.env);

it('ten minutes of all kinds of fault at random lose nothing and double nothing [fault 42]', async () => {
  const result = await runMix({ seed, forMs: 600_000, settleMs: 300_000, say: console.log });
  console.log(figuresOf(result).join('\n'));
  expect(wrongIn(result), `with QUOTRON_SEED=${seed}`).toEqual([]);
}, 1_200_000);
