import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../../core/contracts/blob.ts';
import { demoBrokerParser } from '../../../../core/sources/demo-broker/parse.ts';
import { mutatedPagesSuite } from '../../../support/mutated-pages.ts';
import { golden, heads, page } from './good-page.ts';

const fetchedAt = Date.UTC(2026, 10, 20, 15);
function exchangeOf(body: string, status = 200): Exchange {
  return {
    request: {
      method: 'GET',
      url: 'https://demo-broker.invalid/positions',
      headers: {},
      symbols: ['AAPL', 'VOD.L', 'BTC-USD'],
    },
    response: { status, headers: {}, body, truncated: false },
    error: null,
    fetchedAt: new Date(fetchedAt).toISOString(),
    latencyMs: 1,
  };
}

const parse = (body: string, status?: number) => demoBrokerParser.parse('quotes', exchangeOf(body, status));
const failureIn = (body: string, status?: number) => demoBrokerParser.failureIn('quotes', exchangeOf(body, status));

describe('the positions of the broker', () => {
  it('of a page from a cache are stale', () => {
    const cached = exchangeOf(page(golden));
    const ofAge = (age: string) => ({
      ...cached,
      response: cached.response && { ...cached.response, headers: { age } },
    });
    expect(demoBrokerParser.failureIn('quotes', ofAge('240'))).toBeNull();
    expect(demoBrokerParser.failureIn('quotes', ofAge('3600'))).toMatchObject({
      reason: 'stale',
      detail: { code: 'cached_page', ageSeconds: 3_600 },
    });
  });

  it('are read into quotes in major units with the market’s time', () => {
    const parsed = parse(page(golden));
    expect(parsed).toMatchObject({ failure: null, rejections: [], missing: [] });
    expect(
      parsed.quotes.map(({ subject, quote }) => [
        subject.symbol,
        subject.listing?.mic,
        quote.price,
        quote.currency,
        quote.minorFactor,
      ]),
    ).toEqual([
      ['AAPL', 'XNAS', '244.6', 'USD', 1],
      ['VOD.L', 'XLON', '0.673', 'GBP', 100],
      ['BTC-USD', 'QCRY', '96077.5', 'USD', 1],
    ]);
    expect(parsed.quotes[0]?.quote).toMatchObject({
      previousClose: '241.53',
      volume: '53614054',
      asOf: Date.UTC(2026, 10, 20, 14, 59),
      asOfBasis: 'exchange',
    });
  });

  it.each([
    ['the login form', '<form id="login"><input name="username"></form>', 200, 'auth_expired'],
    ['a redirect to it', '', 302, 'auth_expired'],
    ['a notice', '<p class="problem">Prices are not available.</p>', 200, 'down'],
    ['a table that was never filled', page([], heads, false), 200, 'schema_drift'],
    ['a renamed column', page(golden, heads.with(4, 'Quote')), 200, 'schema_drift'],
    ['nothing', '', 200, 'schema_drift'],
  ])('%s is no answer', (_what, body, status, reason) => {
    const parsed = parse(body, status);
    expect(parsed).toMatchObject({ failure: { reason }, quotes: [] });
    expect(failureIn(body, status)).toEqual(parsed.failure);
  });

  it.each([
    [4, 'undefined'],
    [8, 'yesterday'],
    [7, 'dollars'],
    [2, 'toString'],
    [0, ''],
    [3, '?'],
  ])('a row whose cell %i is %j is rejected alone', (cell, text) => {
    const parsed = parse(page(golden.map((row, at) => (at === 0 ? row.with(cell, text) : row))));
    expect(parsed.quotes).toHaveLength(2);
    expect(parsed.rejections).toMatchObject([{ reason: 'schema' }]);
  });

  mutatedPagesSuite({
    golden,
    page,
    parse,
    failureIn,
    check({ quotes }) {
      const whole = quotes.filter(({ quote }) => Number.isFinite(Number(quote.price)) && Number.isFinite(quote.asOf));
      expect(whole.length).toBe(quotes.length);
    },
  });
});
