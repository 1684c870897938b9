import { describe, expect, it } from 'vitest';
import { ruleOfFault, scoreCases, scoreSets } from '../../support/diagnosis-score/cases.ts';
import { scoresOf, tablesOf } from '../../support/diagnosis-score/score.ts';
import type { Outcome } from '../../support/diagnosis-score/score-world.ts';

const outcome = (expected: string[], named: string[]): Outcome => ({
  of: { set: 'single', planted: [{ source: 'yahoo', job: 'quotes', fault: '500', rule: 'servers-failing' }] },
  expected,
  named,
});
const single = (...of: Outcome[]) => scoresOf(of).find(({ set }) => set === 'single');

describe('the score of the diagnosis', () => {
  it('counts what is named, missed and named wrongly', () => {
    const right = outcome(['yahoo: servers-failing'], ['yahoo: servers-failing']);
    const missed = outcome(['yahoo: servers-failing'], []);
    const wrong = outcome(['yahoo: servers-failing'], ['yahoo: unreachable', 'coingecko: too-slow']);
    const twice = outcome(['yahoo: servers-failing'], ['yahoo: servers-failing', 'yahoo: servers-failing']);
    const shrugged = outcome(['yahoo: servers-failing'], ['yahoo: unexplained']);
    expect(single(right)).toMatchObject({ expected: 1, right: 1, missed: 0, wrong: 0 });
    expect(single(missed)).toMatchObject({ expected: 1, right: 0, missed: 1, wrong: 0 });
    expect(single(wrong)).toMatchObject({ right: 0, missed: 1, wrong: 2, shrugged: 0 });
    expect(single(twice)).toMatchObject({ right: 1, missed: 0, wrong: 1 });
    expect(single(shrugged)).toMatchObject({ missed: 1, wrong: 1, shrugged: 1 });
    expect(single(right, missed, shrugged)).toMatchObject({ cases: 3, expected: 3, right: 1 });
    expect(tablesOf([right])).toContain('| `500` | `servers-failing` | right | – |');
    expect(tablesOf([missed])).toContain('| `500` | `servers-failing` | missed | – |');
    expect(tablesOf([wrong])).toContain('| `500` | `servers-failing` | `unreachable`, `too-slow` | – |');
    expect(tablesOf([right, missed])).toContain('| one fault | 2 | 2 | 1 | 1 | 0 | 0 | 100 % | 50 % |');
  });

  it('is of the same cases each time, every fault of every source among them, and the held-out ones are others', () => {
    const cases = scoreCases();
    expect(scoreCases()).toEqual(cases);
    for (const set of scoreSets) expect(cases.filter((each) => each.set === set).length).toBeGreaterThan(3);
    const lines = (set: string) =>
      cases
        .filter((each) => each.set === set)
        .map(({ planted }) => JSON.stringify(planted.map((each) => each).toSorted()));
    expect(lines('held-out pairs').filter((line) => lines('pairs').includes(line))).toEqual([]);
    expect(scoreCases(1)).not.toEqual(cases);
    expect(() => ruleOfFault('yahoo', 'slow')).toThrow(/No rule is known for the fault slow/);
  });
});
