import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bar, CorporateAction } from '../../../core/market/bar.ts';
import type { BarSeries } from '../../../core/market/bar-series.ts';
import { decimalFromNumber } from '../../../core/market/decimal.ts';
import { checkBars } from '../../../core/prices/check-bars.ts';
import { listingOf, noon } from '../../support/price-rows.ts';

const day = 86_400_000;

function bar(index: number, prices: Partial<Record<'open' | 'high' | 'low' | 'close' | 'volume', string>> = {}): Bar {
  const close = prices.close ?? '100';
  const startsAt = noon - (50 - index) * day;
  return {
    interval: '1d',
    startsAt,
    date: new Date(startsAt).toISOString().slice(0, 10),
    open: close,
    high: close,
    low: close,
    close,
    volume: '10',
    currency: 'USD',
    minorFactor: 1,
    ...prices,
  };
}

function seriesOf(bars: readonly Bar[], actions: readonly CorporateAction[] = []): BarSeries {
  const fetchedAt = noon;
  return {
    listing: listingOf(),
    symbol: 'TEST',
    basis: 'splits',
    basisAt: fetchedAt,
    bars,
    actions,
    fetchedAt,
    path: 'exchanges[0] TEST',
  };
}

/** When the stored price is of: a price of years later says nothing of a bar's unit. */
const lastOf = (bars: readonly Bar[]) => Math.max(...bars.map((each) => each.startsAt));

const check = (bars: readonly Bar[], stored?: number, actions?: readonly CorporateAction[]) => {
  const prior = stored === undefined ? undefined : { price: stored, asOf: lastOf(bars) };
  const { accepted, rejected } = checkBars(seriesOf(bars, actions), prior);
  return { closes: accepted.bars.map((each) => each.close), reasons: rejected.map((each) => each.reason) };
};
const closes = (...values: readonly number[]) => values.map((close, index) => bar(index, { close: String(close) }));

describe('a bar by itself', () => {
  it.each([
    ['a close of nothing', { close: '0' }, 'non_positive'],
    ['a high below the close', { high: '99', low: '98' }, 'schema'],
    ['a low above the open', { low: '101', high: '102', close: '101.5' }, 'schema'],
    ['prices of two units', { open: '58.5', high: '61.5', low: '0.6', close: '0.6' }, 'unit_suspect'],
    ['a negative volume', { volume: '-5' }, 'schema'],
  ])('with %s goes to quarantine', (_, prices, reason) => {
    const odd = reason === 'schema' ? { open: '100', ...prices } : prices;
    expect(check([bar(0, odd)]).reasons).toEqual([reason]);
  });

  it('of the future goes to quarantine', () => {
    expect(check([bar(60)]).reasons).toEqual(['future_time']);
  });

  it('may have a close a hair above its high: adjusted prices are rounded one by one', () => {
    expect(check([bar(0, { high: '100', close: '100.001', open: '99', low: '98' })]).reasons).toEqual([]);
  });
});

describe('units along a series', () => {
  it('are right where the stored price is', () => {
    const both = closes(0.1455, 0.1455, 14.55, 14.55, 0.1455);
    expect(check(both, 14.6).closes).toEqual(['14.55', '14.55']);
    expect(check(both, 0.15).closes).toEqual(['0.1455', '0.1455', '0.1455']);
  });

  it('are right where nearly all bars are, when nothing is stored', () => {
    const one = closes(...Array.from({ length: 20 }, (_, index) => (index === 7 ? 10_000 : 100)));
    expect(check(one)).toMatchObject({ reasons: ['unit_suspect'] });
  });

  it('are all suspect when nothing tells which are right', () => {
    expect(check(closes(1, 1, 1, 100, 100))).toEqual({
      closes: [],
      reasons: Array.from({ length: 5 }, () => 'unit_suspect'),
    });
  });

  it('are suspect for a whole series that is off the stored price by 100', () => {
    expect(check(closes(9_900, 10_000, 10_100), 100)).toMatchObject({ closes: [] });
  });

  it('say nothing against a stored price that is far away for another reason', () => {
    expect(check(closes(100, 101, 102), 1_000).reasons).toEqual([]);
  });
});

describe('steps', () => {
  it('of one bar off its neighbours are held back', () => {
    expect(check(closes(100, 101, 350, 102, 103))).toEqual({
      closes: ['100', '101', '102', '103'],
      reasons: ['implausible_jump'],
    });
  });

  it('to a level that stays are a crash, and kept', () => {
    expect(check(closes(100, 101, 30, 31, 29)).reasons).toEqual([]);
  });

  it('of the ratio of a known split mark the bars before it: they are not adjusted', () => {
    const split = { type: 'split', exDate: bar(2).date ?? '', ratio: '4', amount: null, currency: null } as const;
    expect(check(closes(400, 404, 101, 102), undefined, [split])).toEqual({
      closes: ['101', '102'],
      reasons: ['implausible_jump', 'implausible_jump'],
    });
    expect(check(closes(100, 101, 101, 102), undefined, [split]).reasons).toEqual([]);
  });
});

describe('bars of the same time', () => {
  it('count once when they say the same, and not at all when they do not', () => {
    expect(check([bar(0), bar(0)]).closes).toEqual(['100']);
    expect(check([bar(0), bar(0, { close: '101' }), bar(1)])).toEqual({
      closes: ['100'],
      reasons: ['duplicate_conflict', 'duplicate_conflict'],
    });
  });
});

describe('whatever comes', () => {
  it('no check throws, and no bar is lost', () => {
    const price = fc.oneof(fc.double(), fc.double({ min: 1, max: 200, noNaN: true })).map(String);
    const any = fc.tuple(
      fc.integer({ min: 0, max: 60 }),
      fc.record({ open: price, high: price, low: price, close: price }),
    );
    fc.assert(
      fc.property(fc.array(any, { maxLength: 20 }), fc.option(fc.double()), (rows, stored) => {
        const bars = rows.map(([index, prices]) => bar(index, prices));
        const { accepted, rejected } = checkBars(
          seriesOf(bars),
          stored === null ? undefined : { price: stored, asOf: noon },
        );
        expect(accepted.bars.length + rejected.length).toBeLessThanOrEqual(bars.length);
        expect(new Set(accepted.bars.map((each) => each.startsAt)).size).toBe(accepted.bars.length);
      }),
      { numRuns: 500 },
    );
  });
});

const recordings = new URL('../../../../shared/upstreams/price-repair/', import.meta.url).pathname;

/** A file of real bars: daily or hourly, with the venue's offset in the time. */
function recorded(name: string): { bars: Bar[]; actions: CorporateAction[] } {
  const lines = readFileSync(`${recordings}${name}.csv`, 'utf8').trim().split('\n').slice(1);
  const bars: Bar[] = [];
  const actions: CorporateAction[] = [];
  for (const line of lines) {
    const [time = '', ...cells] = line.split(',');
    const startsAt = Date.parse(time.replace(' ', 'T'));
    const [open = null, high = null, low = null, close = null] = cells.map((cell) => decimalFromNumber(Number(cell)));
    const date = time.slice(0, 10);
    if (close)
      bars.push({
        interval: '1d',
        startsAt,
        date,
        open,
        high,
        low,
        close,
        volume: cells[5] ?? null,
        currency: 'USD',
        minorFactor: 1,
      });
    const ratio = Number(cells[7]);
    if (ratio > 0) actions.push({ type: 'split', exDate: date, ratio: String(ratio), amount: null, currency: null });
  }
  return { bars, actions };
}

it('bars of years ago are not judged by the price of today: a share may have grown a hundredfold', () => {
  const bars = ['2.40', '2.41', '2.39'].map((close, index) => bar(index - 5_000, { close }));
  expect(checkBars(seriesOf(bars), { price: 240, asOf: noon }).rejected).toEqual([]);
});

describe.skipIf(!existsSync(recordings))('real bars', () => {
  const found = (name: string, stored?: number) => {
    const { bars, actions } = recorded(name);
    const { accepted, rejected } = checkBars(
      { ...seriesOf(bars, actions), basis: 'splits' },
      stored === undefined ? undefined : { price: stored, asOf: lastOf(bars) },
    );
    return { accepted: accepted.bars, rejected };
  };

  it.each(['CALM-1d-no-bad-divs', 'EWG-1d-no-bad-divs', '4063-T-1d-bad-div-fixed', 'DODFX-1d-cg-double-count'])(
    'that look odd and are right are kept: %s',
    (name) => {
      expect(found(name).rejected).toEqual([]);
    },
  );

  it('a hundred times too low are told by the stored price', () => {
    const { accepted, rejected } = found('AET-L-1d-100x-error', 14.55);
    expect(new Set(accepted.map((each) => each.close))).toEqual(new Set(['14.55']));
    expect(rejected.map((each) => each.reason)).toEqual(Array.from({ length: 14 }, () => 'unit_suspect'));
  });

  it('a hundred times too low are never stored when nothing tells', () => {
    expect(found('AET-L-1d-100x-error').accepted).toEqual([]);
  });

  it('of two units within one hour are held back alone', () => {
    const { rejected } = found('ASAI-L-1h-bad-unit');
    expect(rejected).toMatchObject([{ reason: 'unit_suspect', row: { close: '0.600000023841858' } }]);
  });

  it('of a price that is none are held back alone', () => {
    const { rejected } = found('ALPHA-PA-1d-bad-stock-split');
    expect(rejected).toMatchObject([{ reason: 'implausible_jump', row: { date: '2023-05-08' } }]);
  });

  it('that a split should have adjusted are held back', () => {
    const { rejected } = found('4063-T-1d-bad-stock-split');
    expect(rejected.map((each) => Number(each.row?.['close']) > 19_000)).toEqual(Array.from({ length: 9 }, () => true));
    expect(found('4063-T-1d-bad-stock-split-fixed').rejected).toEqual([]);
  });
});
