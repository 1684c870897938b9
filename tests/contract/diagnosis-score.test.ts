import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedOf } from '../support/chosen-seed.ts';
import { scoreCases } from '../support/diagnosis-score/cases.ts';
import { scoresOf, tablesOf, wrongOf } from '../support/diagnosis-score/score.ts';
import { type Outcome, startScoreWorld } from '../support/diagnosis-score/score-world.ts';

const page = new URL('../../docs/diagnosis.md', import.meta.url).pathname;
const begins = '<!-- made by tests/contract/diagnosis-score.test.ts -->';
const ends = '<!-- made until here -->';

let world: Awaited<ReturnType<typeof startScoreWorld>>;
beforeAll(async () => {
  world = await startScoreWorld();
});
afterAll(() => world.stop());

async function outcomesOf(cases: ReturnType<typeof scoreCases>): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const each of cases) outcomes.push(await world.run(each));
  return outcomes;
}

/** The cases that are not as they must be, for a failure. */
const amiss = (outcomes: readonly Outcome[]) =>
  outcomes
    .filter((outcome) => wrongOf(outcome).length > 0 || outcome.expected.some((line) => !outcome.named.includes(line)))
    .map(({ of: { planted }, expected, named }) => ({
      faults: planted.map(({ source, fault, of = {} }) => `${source} ${fault} ${JSON.stringify(of).slice(0, 80)}`),
      expected,
      named,
    }));

describe('the diagnosis, by what it names of faults that were planted', () => {
  // `npx vitest run --project contract tests/contract/diagnosis-score.test.ts -u` writes the page.
  it('scores as docs/diagnosis.md says', async () => {
    const outcomes = await outcomesOf(scoreCases());
    const text = readFileSync(page, 'utf8');
    const [before, rest = ''] = text.split(`${begins}\n`);
    const after = rest.slice(rest.indexOf(ends));
    expect(after, 'the page has its marks').toContain(ends);
    const wanted = amiss(outcomes);
    if (wanted.length > 0) console.log(JSON.stringify(wanted, null, 1));
    await expect(`${before}${begins}\n\n${tablesOf(outcomes)}\n\n${after}`).toMatchFileSnapshot(page);
  }, 1_200_000);

  it.runIf(process.env['QUOTRON_SEED'])(
    'scores no worse on pairs of another seed',
    async () => {
      const outcomes = await outcomesOf(scoreCases(seedOf(process.env)).filter(({ set }) => set === 'held-out pairs'));
      expect(amiss(outcomes)).toEqual([]);
      expect(scoresOf(outcomes).find(({ set }) => set === 'held-out pairs')?.cases).toBeGreaterThan(0);
    },
    1_200_000,
  );
});
