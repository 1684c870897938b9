import { describe, expect, it } from 'vitest';
import type { CorporateAction } from '../../../core/market/bar.ts';
import { checkActions } from '../../../core/prices/check-actions.ts';
import { listingOf, noon } from '../../support/price-rows.ts';

const dividend = (amount: string, currency = 'USD', exDate = '2026-11-12'): CorporateAction => ({
  type: 'dividend',
  exDate,
  ratio: null,
  amount,
  currency,
});
const split = (ratio: string, exDate = '2026-11-12'): CorporateAction => ({
  type: 'split',
  exDate,
  ratio,
  amount: null,
  currency: null,
});
const check = (actions: readonly CorporateAction[]) =>
  checkActions({
    listing: listingOf(1),
    symbol: 'TEST',
    basis: 'splits',
    basisAt: noon,
    bars: [],
    actions,
    fetchedAt: noon,
    path: 'exchanges[0] TEST',
  });

describe('corporate actions of one day', () => {
  it('several payments are all kept', () => {
    const gain = { ...dividend('0.25'), type: 'capital_gain' } as const;
    const paid = [dividend('0.25'), dividend('5'), dividend('0.25', 'EUR'), gain];
    expect(check(paid)).toEqual({ actions: paid, rejected: [] });
  });

  it('one payment that is told twice is one, rounded or not', () => {
    expect(check([dividend('0.25'), dividend('0.250'), dividend('0.250001')]).actions).toEqual([dividend('0.25')]);
    expect(check([split('4'), split('4.0')])).toEqual({ actions: [split('4')], rejected: [] });
  });

  it('splits that differ are all held back, and those of other days are not', () => {
    const { actions, rejected } = check([split('4'), split('3'), split('2', '2026-11-13'), dividend('0.25')]);
    expect(actions).toEqual([split('2', '2026-11-13'), dividend('0.25')]);
    expect(rejected.map(({ reason, finding, row }) => [reason, finding, row?.['ratio']])).toEqual([
      ['duplicate_conflict', { code: 'conflicting_rows', rows: 2 }, '4'],
      ['duplicate_conflict', { code: 'conflicting_rows', rows: 2 }, '3'],
    ]);
  });
});
