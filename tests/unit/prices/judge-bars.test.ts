import { describe, expect, it } from 'vitest';
import type { CorporateAction } from '../../../core/market/bar.ts';
import type { BarSeries } from '../../../core/market/bar-series.ts';
import { judgeBars } from '../../../core/prices/judge-bars.ts';
import { closeOf, dateOf, market, timeOf, withoutTrades } from '../../support/calm-market.ts';
import { listingOf } from '../../support/price-rows.ts';
import { adjustedBy, withRows } from '../../support/price-walks.ts';

function answer(input = market, actions: readonly CorporateAction[] = []): BarSeries {
  const fetchedAt = timeOf(59) + 86_400_000;
  return {
    listing: listingOf(),
    symbol: 'TEST',
    basis: 'splits',
    basisAt: fetchedAt,
    bars: input.bars,
    actions,
    fetchedAt,
    path: 'exchanges[0] TEST',
  };
}

const payment = (type: 'dividend' | 'capital_gain', amount: string): CorporateAction => ({
  type,
  exDate: dateOf(30),
  ratio: null,
  amount,
  currency: 'USD',
});

describe('the bars of an answer', () => {
  it('are stored as they came where they are odd, each with its finding and what it said', () => {
    const { accepted, rejected, judged } = judgeBars(
      answer(withRows(market, (at) => (at === 20 ? 100 : 1))),
      undefined,
    );
    expect(accepted.bars).toHaveLength(60);
    expect(rejected).toEqual([]);
    expect(judged).toMatchObject({ listingId: 1, interval: '1d', firstDay: dateOf(0), lastDay: dateOf(59) });
    expect(judged?.findings).toMatchObject([
      { rule: 'unit', subject: { at: timeOf(20) }, row: accepted.bars[20]?.close },
    ]);
  });

  it('are held back where they step by a unit and nothing says which side is right', () => {
    const half = withoutTrades(
      withRows(market, (at) => (at >= 30 ? 100 : 1)),
      0,
    );
    const { accepted, rejected, judged } = judgeBars(answer(half), undefined);
    expect(accepted.bars).toEqual([]);
    expect(new Set(rejected.map((row) => row.finding.code))).toEqual(new Set(['unit_undecided']));
    expect(judged?.findings).toEqual([]);
    const known = judgeBars(answer(half), { price: closeOf(59), asOf: timeOf(59) });
    expect(known.rejected).toEqual([]);
    expect(known.judged?.findings).toHaveLength(30);
  });

  it('are compared with those that are stored', () => {
    const rows = market.bars.map((bar) => ({
      startsAt: bar.startsAt,
      close: Number(bar.close) * 1.7,
      basisDay: '2024-01-01',
      settled: true,
    }));
    const { judged } = judgeBars(answer(), undefined, { rows, actions: [] });
    expect(judged?.findings.map(({ rule }) => rule)).toEqual(Array.from({ length: 60 }, () => 'history'));
  });

  it('take their market from the calendar: a filled holiday of Nasdaq is marked', () => {
    const holiday = market.bars.findIndex((bar) => bar.date === '2023-01-16');
    const close = market.bars[holiday - 1]?.close ?? '';
    const bars = market.bars.map((bar, at) =>
      at === holiday ? { ...bar, open: close, high: close, low: close, close, volume: '0' } : bar,
    );
    const { judged } = judgeBars(answer({ ...market, bars }), undefined);
    expect(judged?.findings).toMatchObject([{ evidence: { code: 'closed_day' }, subject: { date: '2023-01-16' } }]);
  });

  it.each([
    ['holds', '0.5', ['dividend']],
    ['lies beside', '0.8', ['dividend', 'capital_gain']],
  ])('keep a capital gain of its own unless the dividend %s it, as the vendor adjusts', (_, taken, kept) => {
    const adjustedFor = [{ type: 'dividend' as const, exDate: dateOf(30), value: taken, currency: 'USD' }];
    const adjusted = adjustedBy({ bars: market.bars, actions: adjustedFor });
    const { accepted } = judgeBars(
      {
        ...answer(market, [payment('dividend', '0.5'), payment('capital_gain', '0.3')]),
        witnesses: { adjusted, market: null, closeBefore: null },
      },
      undefined,
    );
    expect(accepted.actions.map(({ type }) => type)).toEqual(kept);
  });
});
