import { describe, expect, it } from 'vitest';
import { faults } from '../support/fault-table/catalogue.ts';
import { faultLines, faultTable, type Tested } from '../support/fault-table/fault-table.ts';

const test = (fullName: string, status = 'passed', notRunHere?: string): Tested => ({
  file: 'tests/chaos/a.test.ts',
  fullName,
  status,
  meta: notRunHere === undefined ? {} : { notRunHere },
});
const verdicts = (...tested: Tested[]) => new Map(faultTable(tested).map(({ number, verdict }) => [number, verdict]));

describe('the table of faults', () => {
  it('has 42 faults, each once', () => {
    expect(faults.map(({ number }) => number)).toEqual(Array.from({ length: 42 }, (_, index) => index + 1));
    expect(new Set(faults.map(({ name }) => name)).size).toBe(42);
  });

  it('says that a fault holds when all of its tests have passed', () => {
    expect(verdicts(test('a [fault 7]'), test('b [fault 3, 7]')).get(7)).toBe('holds');
    expect(verdicts(test('b [fault 3, 7]')).get(3)).toBe('holds');
    expect(verdicts(test('a [fault 7]'), test('b [fault 7]', 'failed')).get(7)).toBe('fails');
  });

  it('never says that a fault holds when no test of it was run', () => {
    expect(verdicts().get(7)).toBe('no test');
    expect(verdicts(test('a [fault 7]', 'skipped', 'no unshare')).get(7)).toBe('not run here: no unshare');
    expect(verdicts(test('a [fault 7]', 'pending')).get(7)).toBe('not run here: skipped');
    expect(verdicts(test('a [fault 7]', 'skipped', 'no unshare'), test('b [fault 7]')).get(7)).toBe(
      'holds; in part not run here: no unshare',
    );
  });

  it('is wrong with a fault that has no test, one that fails, and one that nobody knows', () => {
    const wrong = (...tested: Tested[]) =>
      faultTable(tested)
        .filter((row) => row.wrong)
        .map(({ number }) => number);
    const all = faults.filter(({ comesWith }) => !comesWith).map(({ number }) => test(`x [fault ${number}]`));
    expect(wrong(...all)).toEqual([]);
    expect(wrong(...all.slice(1))).toEqual([1]);
    expect(wrong(...all, test('y [fault 2]', 'failed'))).toEqual([2]);
    expect(wrong(...all, test('y [fault 43]'))).toEqual([43]);
  });

  it('prints number, fault, verdict and files', () => {
    expect(faultLines(faultTable([test('a [fault 7]')]))[6]).toMatch(
      /^ 7 {2}Postgres stops, .* {2}holds {2}chaos\/a\.test\.ts$/,
    );
  });
});
