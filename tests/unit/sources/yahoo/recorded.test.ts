import { describe, expect, it } from 'vitest';
import { yahooParser } from '../../../../core/sources/yahoo/parse.ts';
import { recordedExchange, recordingsExist } from '../../../support/recordings.ts';

const quotesOf = (name: string, ...symbols: string[]) =>
  yahooParser.parse('quotes', recordedExchange(`yahoo/${name}`, symbols));
const chartOf = (name: string, symbol: string) =>
  yahooParser.parse('bars', recordedExchange(`yahoo/${name}`, [symbol]));
const at = (instant: string) => Date.parse(instant);

/** Written by hand from the recordings: the golden records. */
describe.runIf(recordingsExist)('recorded Yahoo quotes', () => {
  it('AAPL is 244.60 USD at its market time', () => {
    expect(quotesOf('quote-AAPL.json', 'AAPL')).toEqual({
      quotes: [
        {
          subject: {
            symbol: 'AAPL',
            name: 'Apple Inc.',
            assetClass: 'equity',
            firstTraded: 345_479_400_000,
            listing: { mic: 'XNAS', currency: 'USD', minorFactor: 1, zone: 'America/New_York' },
          },
          quote: {
            price: '244.6',
            previousClose: '241.53',
            bid: '244.44',
            ask: '253.37',
            volume: '40896227',
            currency: 'USD',
            minorFactor: 1,
            session: 'closed',
            delaySeconds: 0,
            asOf: at('2025-02-14T21:00:00Z'),
            asOfBasis: 'exchange',
          },
        },
      ],
      bars: [],
      rejections: [],
      failure: null,
      missing: [],
    });
  });

  it('OCDO.L is in pounds, from pence, and says so', () => {
    const [ocado] = quotesOf('quote-OCDO.L.json', 'OCDO.L').quotes;
    expect(ocado?.subject.listing).toEqual({ mic: 'XLON', currency: 'GBP', minorFactor: 100, zone: 'Europe/London' });
    expect(ocado?.quote).toMatchObject({
      price: '3.088',
      previousClose: '3.152',
      bid: '3.085',
      ask: '3.088',
      volume: '113925',
      currency: 'GBP',
      minorFactor: 100,
      session: 'regular',
      delaySeconds: 900,
      asOf: at('2025-02-17T10:38:44Z'),
    });
  });

  it.each([
    [
      'quote-BTC-USD.json',
      'BTC-USD',
      { mic: 'QCRY', currency: 'USD' },
      { price: '96077.45', volume: '21228961792', asOf: at('2025-02-17T10:53:00Z') },
    ],
    [
      'quote-EURUSD=X.json',
      'EURUSD=X',
      { mic: 'QFXS', currency: 'USD' },
      { price: '1.0489877', previousClose: '1.0495383', ask: '1.0484378' },
    ],
    [
      'quote-GC=F.json',
      'GC=F',
      { mic: 'XCEC', currency: 'USD' },
      { price: '2910.3', previousClose: '2900.7', delaySeconds: 600 },
    ],
    [
      'quote-0P000071W8.TO.json',
      '0P000071W8.TO',
      { mic: 'XTSE', currency: 'CAD' },
      { price: '152.63', bid: null, ask: null, volume: null },
    ],
  ])('%s: %s', (name, symbol, listing, quote) => {
    const parsed = quotesOf(name, symbol);
    expect(parsed.rejections).toEqual([]);
    expect(parsed.quotes).toHaveLength(1);
    expect(parsed.quotes[0]?.subject).toMatchObject({ symbol, listing });
    expect(parsed.quotes[0]?.quote).toMatchObject(quote);
  });

  it('what is left of a delisted symbol is a symbol that is not there', () => {
    const parsed = quotesOf('quote-ADH.json', 'ADH');
    expect(parsed).toMatchObject({ quotes: [], rejections: [] });
    expect(parsed.failure).toMatchObject({ reason: 'not_found', detail: { code: 'unknown_symbol' } });
  });

  it('two symbols in one answer are two quotes, and one that is not there is named', () => {
    const parsed = quotesOf('quote-AAPL-BABA.json', 'AAPL', 'BABA', 'NOSUCH');
    expect(parsed.quotes.map((each) => each.subject.symbol)).toEqual(['AAPL', 'BABA']);
    expect(parsed.missing).toEqual(['NOSUCH']);
  });

  it('the error page is a typed failure', () => {
    expect(quotesOf('pageWithUnknownError.json', 'AAPL').failure?.reason).toBe('not_found');
  });
});

describe.runIf(recordingsExist)('recorded Yahoo charts', () => {
  it('AAPL over a split and a dividend: 49 daily bars with New York dates', () => {
    const [aapl] = chartOf('chart-AAPL-2020-08-31-to-2020-11-07.json', 'AAPL').bars;
    expect(aapl?.bars).toHaveLength(49);
    expect(aapl?.bars[0]).toMatchObject({
      date: '2020-08-31',
      startsAt: at('2020-08-31T13:30:00Z'),
      close: '129.04',
      currency: 'USD',
    });
    expect(aapl?.bars.at(-1)).toMatchObject({ date: '2020-11-06', startsAt: at('2020-11-06T14:30:00Z') });
    expect(aapl?.basis).toBe('splits');
    expect(aapl?.actions).toEqual([
      { type: 'dividend', exDate: '2020-11-06', ratio: null, amount: '0.205', currency: 'USD' },
      { type: 'split', exDate: '2020-08-31', ratio: '4', amount: null, currency: null },
    ]);
  });

  it('OCDO.L bars are in pounds', () => {
    const [ocado] = chartOf('chart-OCDO.L-2020-01-01-to-2020-01-03.json', 'OCDO.L').bars;
    expect(ocado?.bars).toEqual([
      {
        interval: '1d',
        startsAt: at('2020-01-02T08:00:00Z'),
        date: '2020-01-02',
        open: '12.795',
        high: '12.8657',
        low: '12.58',
        close: '12.595',
        volume: '728520',
        currency: 'GBP',
        minorFactor: 100,
      },
    ]);
  });

  it("NVDA's close of 2021 is adjusted for the later splits, as Yahoo gives it", () => {
    const [nvda] = chartOf('historical-via-chart-NVDA-split-2021-02-01-to-2022-01-31.csv.json', 'NVDA').bars;
    expect(nvda?.bars[0]).toMatchObject({ date: '2021-02-01', close: '13.237' });
    expect(nvda?.actions.find((action) => action.type === 'split')).toMatchObject({ exDate: '2021-07-20', ratio: '4' });
  });

  it('a weekend of minutes has no bars and is no failure', () => {
    const weekend = chartOf('chart-AAPL-2025-02-01-to-2025-02-02-includePrePost-false-interval-1m.json', 'AAPL');
    expect(weekend.failure).toBeNull();
    expect(weekend.rejections).toEqual([]);
    expect(weekend.bars[0]?.bars).toEqual([]);
  });
});
