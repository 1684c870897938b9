import { describe, expect, it } from 'vitest';
import { yahooParser } from '../../../../core/sources/yahoo/parse.ts';

const at = (day: string) => Date.parse(`${day}T14:30:00Z`) / 1000;
const days = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19'];

/** A chart whose second day is empty, and whose third lacks its close only. */
function chart(interval: string) {
  const meta = {
    ...{ symbol: 'ABC', currency: 'USD', exchangeName: 'NMS', instrumentType: 'EQUITY' },
    ...{ exchangeTimezoneName: 'America/New_York', dataGranularity: interval },
  };
  const column = [10, null, 10, 10];
  const quote = { open: column, high: column, low: column, close: [10, null, null, 10], volume: [5, null, 5, 5] };
  const result = [{ meta, timestamp: days.map(at), indicators: { quote: [quote] } }];
  return {
    request: { symbols: ['ABC'] },
    response: { status: 200, headers: {}, truncated: false, body: JSON.stringify({ chart: { result, error: null } }) },
    error: null,
    fetchedAt: '2026-11-20T15:00:00.000Z',
  };
}

describe('a day that a chart has a place for and no price', () => {
  it('is one without a trade: neither a bar nor a mistake', () => {
    const { bars, rejections } = yahooParser.parse('bars', chart('1d'));
    expect(bars[0]?.untraded).toEqual(['2026-11-17']);
    expect(bars[0]?.bars.map(({ date }) => date)).toEqual(['2026-11-16', '2026-11-19']);
    expect(rejections).toHaveLength(1);
  });

  it('is not said of a minute', () => {
    expect(yahooParser.parse('bars', chart('1m')).bars[0]?.untraded).toEqual([]);
  });
});
