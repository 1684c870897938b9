import { describe, expect, it } from 'vitest';
import { checkQuotes } from '../../../core/prices/check-quotes.ts';
import { evidence, noon, quoteRow, verdictOn } from '../../support/price-rows.ts';

const nothing = evidence(null);
const dayMs = 86_400_000;

describe('the first price of a source', () => {
  const first = { price: 10_000, asOf: noon - dayMs, fetchedAt: noon - dayMs, provisional: true };
  const recent = [{ price: 10_000, asOf: first.asOf, fetchedAt: first.fetchedAt, wrong: false }];

  it('is provisional until a second fetch says the same', async () => {
    expect(await verdictOn(quoteRow(), nothing)).toBe('provisional');
    const again = evidence({ price: 100.5, asOf: noon - 60_000, fetchedAt: noon - 55_000, provisional: true });
    expect(await verdictOn(quoteRow(), again)).toBe('right');
    const same = evidence({ price: 100, asOf: noon, fetchedAt: noon + 5_000, provisional: true });
    expect(await verdictOn(quoteRow(), same)).toBe('provisional');
  });

  it('is settled by a bar, or by another source', async () => {
    const bar = { close: 99, at: noon - dayMs };
    expect(await verdictOn(quoteRow(), evidence(null, [], { lastBar: bar }))).toBe('right');
    expect(await verdictOn(quoteRow(), evidence(null, [{ price: 100.4, asOf: noon }]))).toBe('right');
  });

  it('blocks no later one, whatever it was', async () => {
    expect(await verdictOn(quoteRow(), evidence(first, [], { recent }))).toBe('provisional');
    expect(await verdictOn(quoteRow({ price: '300' }), evidence({ ...first, price: 100 }))).toBe('provisional');
  });

  it('is wrong once two later ones agree on another unit', async () => {
    const second = { price: 100.2, asOf: noon - 60_000, fetchedAt: noon - 55_000, provisional: true };
    const { accepted, findings } = await checkQuotes(
      [quoteRow()],
      evidence(second, [], { recent: [{ ...second, wrong: false }, ...recent] }),
    );
    expect(accepted.map((each) => each.provisional ?? false)).toEqual([false]);
    expect(findings).toMatchObject([{ rule: 'unit', severity: 'wrong', row: '10000', subject: { at: first.asOf } }]);
  });

  it('is not wrong where a second one had agreed with it: the price has truly moved since', async () => {
    const second = { price: 100.2, asOf: noon - 60_000, fetchedAt: noon - 55_000, provisional: true };
    const agreed = { price: 10_050, asOf: first.asOf + 60_000, fetchedAt: first.fetchedAt + 60_000, wrong: false };
    const known = evidence(second, [], { recent: [{ ...second, wrong: false }, agreed, ...recent] });
    expect((await checkQuotes([quoteRow()], known)).findings).toEqual([]);
  });

  it('is wrong where a settled source says another unit, and in doubt where a provisional one does', async () => {
    const off = quoteRow({ price: '1', previousClose: null });
    expect(await verdictOn(off, evidence(null, [{ price: 100, asOf: noon }]))).toBe('not served, unit wrong');
    expect(await verdictOn(off, evidence(null, [{ price: 100, asOf: noon, provisional: true }]))).toBe(
      'provisional, unit doubt',
    );
  });

  it('that jumps from its own previous close is in doubt', async () => {
    expect(await verdictOn(quoteRow({ price: '300' }), nothing)).toBe('provisional, edges doubt');
  });
});
