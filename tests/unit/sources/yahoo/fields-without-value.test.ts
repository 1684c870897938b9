import { describe, expect, it } from 'vitest';
import type { Bar } from '../../../../core/market/bar.ts';
import { checkBars } from '../../../../core/prices/check-bars.ts';
import { yahooParser } from '../../../../core/sources/yahoo/parse.ts';
import { listedShare } from '../../../support/good-answer.ts';

const start = Date.UTC(2026, 10, 16, 14, 30) / 1000;
const steps = { '1m': 60, '5m': 300, '15m': 900, '60m': 3_600, '1d': 86_400, '1wk': 7 * 86_400, '1mo': 31 * 86_400 };
const fetchedAt = '2027-06-01T00:00:00Z';

/** Three bars of an interval; the second has these values. */
function read(interval: keyof typeof steps, second: Readonly<Record<string, number | null>>) {
  const row = (values: Readonly<Record<string, number | null>>) => ({
    open: 10,
    high: 11,
    low: 9,
    close: 10,
    volume: 100,
    ...values,
  });
  const rows = [row({}), row(second), row({})];
  const column = (name: 'open' | 'high' | 'low' | 'close' | 'volume') => rows.map((each) => each[name]);
  const meta = {
    symbol: 'ABC',
    currency: 'USD',
    exchangeName: 'NMS',
    instrumentType: 'EQUITY',
    exchangeTimezoneName: 'America/New_York',
    dataGranularity: interval,
  };
  const columns = {
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
  };
  const timestamp = rows.map((_, index) => start + index * steps[interval]);
  const parsed = yahooParser.parse('bars', {
    request: { symbols: ['ABC'] },
    response: {
      status: 200,
      headers: {},
      truncated: false,
      body: JSON.stringify({ chart: { result: [{ meta, timestamp, indicators: { quote: [columns] } }], error: null } }),
    },
    error: null,
    fetchedAt,
  });
  const bars = (parsed.bars[0]?.bars ?? []).flatMap((bar): Bar[] => (bar.currency === null ? [] : [bar]));
  const series = { listing: listedShare, symbol: 'ABC', basis: 'splits', bars, actions: [], path: 'ABC' } as const;
  const checked = checkBars({ ...series, basisAt: Date.parse(fetchedAt), fetchedAt: Date.parse(fetchedAt) });
  const held = [...parsed.rejections, ...checked.rejected].map(({ reason }) => reason);
  return { bars: checked.accepted.bars, held };
}

describe.each(['1m', '5m', '15m', '60m', '1d', '1wk', '1mo'] as const)('a field without a value, %s', (interval) => {
  it('a volume, open, high or low that is not known is null, and the close stands', () => {
    for (const field of ['volume', 'open', 'high', 'low']) {
      const { bars, held } = read(interval, { [field]: null });
      expect(held).toEqual([]);
      expect(bars[1]).toMatchObject({ [field]: null, close: '10' });
    }
  });

  it('an open, high or low of zero is not known', () => {
    for (const fields of [['open'], ['high'], ['low'], ['open', 'high', 'low']]) {
      const { bars, held } = read(interval, Object.fromEntries(fields.map((field) => [field, 0])));
      expect(held).toEqual([]);
      expect(bars[1]).toMatchObject({ close: '10', ...Object.fromEntries(fields.map((field) => [field, null])) });
    }
  });

  it('a bar without a close is none, and one that is empty is nothing', () => {
    expect(read(interval, { close: null })).toMatchObject({ held: ['schema'], bars: { length: 2 } });
    expect(read(interval, { close: 0 })).toMatchObject({ held: ['non_positive'], bars: { length: 2 } });
    const empty = { open: null, high: null, low: null, close: null, volume: null };
    expect(read(interval, empty)).toMatchObject({ held: [], bars: { length: 2 } });
  });
});

it('a chart is asked for all that is paid and split', () => {
  const [request] = yahooParser.requests({
    kind: 'bars',
    job: 'daily-bars',
    symbols: ['ABC'],
    now: Date.parse(fetchedAt),
  });
  expect(request?.query['events']?.split('|').sort()).toEqual(['capitalGain', 'div', 'split']);
});
