import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../../core/prices/rules/finding.ts';
import { judgeSeries } from '../../../../core/prices/rules/judge-series.ts';
import { repair } from '../../../../core/prices/rules/repair.ts';
import { closeOf, dateOf, dividend, market, split } from '../../../support/calm-market.ts';
import { withRows } from '../../../support/price-walks.ts';

describe('a repair', () => {
  it('multiplies prices by the exact factor, and the volume of a split', () => {
    const input = withRows({ ...market, actions: [split(30, '5')] }, (at) => (at < 30 ? 5 : 1));
    const { bars } = repair(input.bars, input.actions, judgeSeries(input));
    expect(bars.map(({ close }) => Number(close))).toEqual(market.bars.map(({ close }) => Number(close)));
    expect(Number(bars[3]?.volume)).toBe(5 * Number(market.bars[3]?.volume));
  });

  it('leaves out what no factor makes possible', () => {
    const input = withRows(market, (at) => (at === 20 ? 0.01 : 1), ['low', 'close']);
    const low = { ...input, bars: input.bars.map((bar, at) => (at === 20 ? { ...bar, low: bar.close } : bar)) };
    const falling = Number(market.bars[20]?.open) < closeOf(20);
    const { bars } = repair(low.bars, [], judgeSeries(low));
    expect(Number(bars[20]?.close)).toBeCloseTo(closeOf(20), 10);
    expect(bars[20]?.low).toBe(falling ? null : bars[20]?.close);
  });

  it('does not touch a row that says something else by now', () => {
    const input = withRows(market, (at) => (at === 20 ? 100 : 1));
    const findings = judgeSeries(input);
    expect(repair(market.bars, market.actions, findings).bars).toEqual(market.bars);
  });

  it('drops rows and changes amounts and dates as accepted, and nothing else', () => {
    const on = (exDate: string, value: string, proposal: Finding['proposal']): Finding => ({
      rule: 'dividends',
      severity: 'wrong',
      subject: { kind: 'dividend', interval: null, date: exDate, at: null, said: value },
      evidence: { code: 'dividend_exceeds_price', amount: 1 },
      proposal,
    });
    const actions = [dividend(1, '50'), dividend(2, '1'), dividend(3, '0.5'), dividend(4, '0.4')];
    const { actions: repaired } = repair([], actions, [
      on(dateOf(1), '50', { field: 'amount', from: '50', to: '0.5', why: 'unit' }),
      on(dateOf(2), '1', { field: 'row', from: '1', to: null, why: 'told_twice' }),
      on(dateOf(3), '0.5', { field: 'ex_date', from: dateOf(3), to: dateOf(5), why: 'adjusted_close' }),
      on(dateOf(4), '0.3', { field: 'row', from: '0.3', to: null, why: 'told_twice' }),
    ]);
    expect(repaired).toEqual([dividend(1, '0.5'), dividend(5, '0.5'), dividend(4, '0.4')]);
  });
});
