import { describe, expect, it } from 'vitest';
import { calendarOf } from '../../../core/market/calendar.ts';
import { currencyUnit } from '../../../core/market/money.ts';
import { calendarOfSymbol } from '../../../core/market/symbol-calendar.ts';
import { toSource } from '../../../core/sources/coingecko/coins.ts';
import { yahooParser } from '../../../core/sources/yahoo/parse.ts';

/** Names that every object has, or is asked for: a lookup by them must find nothing. */
const inherited = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__', '__defineGetter__'];

const quoteRow = {
  symbol: 'AAPL',
  shortName: 'Apple Inc.',
  quoteType: 'EQUITY',
  currency: 'USD',
  exchange: 'NMS',
  marketState: 'REGULAR',
  exchangeTimezoneName: 'America/New_York',
  regularMarketPrice: 244.6,
  regularMarketPreviousClose: 241.53,
  regularMarketTime: 1_739_566_800,
};

function parsed(row: Record<string, unknown>) {
  const body = JSON.stringify({ quoteResponse: { result: [row, { ...quoteRow, symbol: 'MSFT' }], error: null } });
  return yahooParser.parse('quotes', {
    request: { symbols: ['AAPL', 'MSFT'] },
    response: { status: 200, headers: {}, body, truncated: false },
    error: null,
    fetchedAt: '2025-02-14T21:00:01.000Z',
  });
}

describe.each(inherited)('a source that says "%s"', (name) => {
  it.each(['currency', 'exchange', 'quoteType', 'marketState', 'exchangeTimezoneName'])(
    'as %s spoils no other row',
    (field) => {
      const { quotes, rejections } = parsed({ ...quoteRow, [field]: name });
      expect(quotes.length + rejections.length).toBe(2);
      expect(quotes.map(({ subject }) => subject.symbol)).toContain('MSFT');
      for (const { subject, quote } of quotes) {
        expect(subject.listing?.mic).toBeTypeOf('string');
        expect(subject.assetClass).toBeTypeOf('string');
        expect(quote.minorFactor).toBeTypeOf('number');
        expect(['string', 'object']).toContain(typeof quote.session);
      }
    },
  );

  it('names no currency, coin or calendar', () => {
    expect(currencyUnit(name)).toBeNull();
    expect(toSource(`${name}-USD`)).toBeNull();
    expect(calendarOf(name)).toBeUndefined();
    expect(calendarOfSymbol(`^${name}`)?.id).toBe(calendarOfSymbol('^GSPC')?.id);
  });
});
