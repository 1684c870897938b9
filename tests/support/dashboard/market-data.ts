import type { ExchangeView, InstrumentView, QuoteTick, QuoteView } from '../../../core/contracts/http/market.ts';

/** What of a quote a test says; the rest is made up to fit. */
export interface QuoteGiven {
  readonly symbol: string;
  readonly name?: string | null;
  readonly assetClass?: QuoteView['instrument']['assetClass'];
  readonly mic?: string;
  readonly exchange?: string;
  readonly zone?: string;
  readonly currency?: string;
  readonly minorFactor?: number;
  readonly price: number;
  readonly previousClose?: number | null;
  readonly bid?: number | null;
  readonly ask?: number | null;
  readonly volume?: number | null;
  readonly session?: QuoteView['session'];
  readonly ageSeconds?: number;
  readonly stale?: boolean;
  readonly confidence?: QuoteView['confidence'];
  readonly source?: string;
  readonly asOfBasis?: QuoteView['asOfBasis'];
}

/** Of one run of the double; each test of provenance leads to it. */
export const runId = '0b9f2a51-6a0e-5c6e-9d3b-3f0c7d3f4a10';
const blobKey = `raw/yahoo/2026-11-20/${runId}/0-1.json.gz`;

/** A quote in the API's form. */
export function quoteOf(given: QuoteGiven, now = Date.now()): QuoteView {
  const ageSeconds = given.ageSeconds ?? 12;
  const asOf = new Date(now - ageSeconds * 1_000).toISOString();
  const fetched = new Date(now - Math.min(ageSeconds, 20) * 1_000).toISOString();
  const previousClose = given.previousClose === undefined ? round(given.price * 0.99) : given.previousClose;
  const currency = given.currency ?? 'USD';
  return {
    instrument: {
      symbol: given.symbol,
      name: given.name === undefined ? `${given.symbol} Incorporated` : given.name,
      assetClass: given.assetClass ?? 'equity',
      mic: given.mic ?? 'XNAS',
      exchange: given.exchange ?? 'Nasdaq',
      currency,
      zone: given.zone ?? 'America/New_York',
    },
    price: given.price,
    previousClose,
    change: previousClose === null ? null : round(given.price - previousClose),
    changeFraction: previousClose === null ? null : (given.price - previousClose) / previousClose,
    bid: given.bid ?? null,
    ask: given.ask ?? null,
    volume: given.volume ?? null,
    currency,
    minorFactor: given.minorFactor ?? 1,
    session: given.session === undefined ? 'regular' : given.session,
    delaySeconds: 0,
    asOf,
    asOfBasis: given.asOfBasis ?? 'exchange',
    fetchedAt: fetched,
    ingestedAt: fetched,
    source: given.source ?? 'yahoo',
    licence: 'internal',
    provenance: { runId, part: 0, attempt: 1, blobKey, parserVersion: 'yahoo-4', batchId: '1841' },
    provisional: false,
    completedBy: null,
    stale: given.stale ?? false,
    ageSeconds,
    confidence: given.confidence === undefined ? 'single' : given.confidence,
    rule: 'freshest_then_rank',
    spread: given.confidence === 'disputed' ? 0.0214 : null,
  };
}

function round(value: number): number {
  return Number(value.toFixed(10));
}

const tokyo = { mic: 'XTKS', exchange: 'Tokyo', zone: 'Asia/Tokyo', currency: 'JPY' } as const;
const london = { mic: 'XLON', exchange: 'London', zone: 'Europe/London', currency: 'GBP', minorFactor: 100 } as const;

/** A market as one sees it on a weekday: rising and falling, closed and open, stale, disputed, with hardly a field. */
export const usualMarket: readonly QuoteGiven[] = [
  {
    symbol: 'AAPL',
    name: 'Apple Inc.',
    price: 244.6,
    previousClose: 241.53,
    bid: 244.58,
    ask: 244.61,
    volume: 53_614_054,
  },
  {
    symbol: 'MSFT',
    name: 'Microsoft Corporation',
    price: 410.54,
    previousClose: 415.02,
    bid: 410.5,
    ask: 410.57,
    volume: 22_981_334,
  },
  {
    symbol: 'NVDA',
    name: 'NVIDIA Corporation',
    price: 138.85,
    previousClose: 131.76,
    bid: 138.84,
    ask: 138.86,
    volume: 294_500_112,
  },
  {
    symbol: 'AMZN',
    name: 'Amazon.com, Inc.',
    price: 228.68,
    previousClose: 228.68,
    bid: 228.6,
    ask: 228.7,
    volume: 27_031_084,
  },
  {
    symbol: 'BRK-B',
    name: 'Berkshire Hathaway Inc. New',
    mic: 'XNYS',
    exchange: 'NYSE',
    price: 480.12,
    previousClose: 478.7,
    bid: 480.01,
    ask: 480.2,
    volume: 3_120_448,
    confidence: 'agreed',
  },
  {
    symbol: 'BRK-A',
    name: 'Berkshire Hathaway Inc.',
    mic: 'XNYS',
    exchange: 'NYSE',
    price: 721_400,
    previousClose: 718_750,
    volume: 1_204,
  },
  {
    symbol: 'SPY',
    name: 'SPDR S&P 500 ETF Trust',
    assetClass: 'etf',
    mic: 'ARCX',
    exchange: 'NYSE Arca',
    price: 609.7,
    previousClose: 609.73,
    bid: 609.69,
    ask: 609.71,
    volume: 26_910_381,
    confidence: 'agreed',
  },
  {
    symbol: 'VTSAX',
    name: 'Vanguard Total Stock Market Index Fund Admiral Shares',
    assetClass: 'fund',
    price: 146.84,
    previousClose: null,
    ageSeconds: 71_000,
    session: 'closed',
  },
  {
    symbol: '^GSPC',
    name: 'S&P 500',
    assetClass: 'index',
    mic: 'QIDX',
    exchange: 'Index',
    zone: 'America/New_York',
    price: 6_114.63,
    previousClose: 6_115.07,
    volume: 2_941_780_000,
  },
  {
    symbol: 'OCDO.L',
    name: 'Ocado Group plc',
    ...london,
    price: 2.969,
    previousClose: 3.052,
    bid: 2.966,
    ask: 2.971,
    volume: 2_842_117,
    session: 'closed',
    ageSeconds: 8_100,
  },
  {
    symbol: 'VOD.L',
    name: 'Vodafone Group Public Limited Company',
    ...london,
    price: 0.6616,
    previousClose: 0.6574,
    bid: 0.661,
    ask: 0.662,
    volume: 41_022_800,
    session: 'closed',
    ageSeconds: 8_200,
  },
  {
    symbol: '7203.T',
    name: 'Toyota Motor Corporation',
    ...tokyo,
    price: 2_771.5,
    previousClose: 2_811,
    volume: 24_118_900,
    session: 'closed',
    ageSeconds: 172_000,
    stale: true,
  },
  {
    symbol: 'BTC-USD',
    name: 'Bitcoin USD',
    assetClass: 'crypto',
    mic: 'QCRY',
    exchange: 'Crypto',
    zone: 'UTC',
    price: 97_508.97,
    previousClose: 96_175.03,
    volume: 40_352_671_744,
    confidence: 'disputed',
    source: 'coingecko',
    ageSeconds: 4,
  },
  {
    symbol: 'SHIB-USD',
    name: 'Shiba Inu USD',
    assetClass: 'crypto',
    mic: 'QCRY',
    exchange: 'Crypto',
    zone: 'UTC',
    price: 0.00001612,
    previousClose: 0.00001655,
    volume: 288_611_904,
    ageSeconds: 9,
    source: 'coingecko',
  },
  {
    symbol: 'EURUSD=X',
    name: 'EUR/USD',
    assetClass: 'fx',
    mic: 'QFXS',
    exchange: 'Foreign exchange',
    zone: 'Europe/London',
    price: 1.0492,
    previousClose: 1.0466,
    bid: 1.0492,
    ask: 1.0493,
    ageSeconds: 3,
  },
  {
    symbol: 'GC=F',
    name: 'Gold Apr 25',
    assetClass: 'future',
    mic: 'XCEC',
    exchange: 'COMEX',
    price: 2_893.7,
    previousClose: 2_945.4,
    volume: 187_033,
    ageSeconds: 640,
  },
  {
    symbol: 'ABC.UNKNOWN',
    name: null,
    assetClass: 'other',
    mic: 'YHD',
    exchange: 'YHD',
    zone: 'UTC',
    price: 12,
    previousClose: null,
    session: null,
    asOfBasis: 'fetched',
    ageSeconds: 75,
  },
];

/** Texts that an upstream might send to break the page: markup, text that turns its direction around, a formula. */
export const hostileNames = [
  '<img src=x onerror="window.__broken = true">',
  'Safe\u202egnp.exe',
  '=HYPERLINK("http://evil.example","win")',
  '"><script>window.__broken = true</script>',
  'a'.repeat(300),
] as const;

/** As many instruments as a large universe has. */
export function largeMarket(count: number): QuoteGiven[] {
  return Array.from({ length: count }, (_, index) => ({
    symbol: `T${String(index).padStart(4, '0')}`,
    name: `Test Company Number ${index}`,
    price: 10 + (index % 977) * 1.25,
    previousClose: 10 + (index % 977) * 1.25 + ((index % 7) - 3) * 0.11,
    volume: 1_000 * (index + 1),
  }));
}

/** Stored prices of a symbol, the newest first; the second was corrected, the third in its volume only, the fifth taken back. */
export function ticksOf(quote: QuoteView, now = Date.now()): QuoteTick[] {
  return Array.from({ length: 8 }, (_, index) => index).flatMap((index) => {
    const {
      instrument: _instrument,
      stale: _stale,
      ageSeconds: _age,
      confidence: _confidence,
      rule: _rule,
      spread: _spread,
      completedBy: _completedBy,
      candidates: _candidates,
      ...fields
    } = quote;
    const at = new Date(now - index * 60_000).toISOString();
    const corrected = new Date(now - 30_000).toISOString();
    const price = round(Number(quote.price) * (1 - index * 0.0007));
    const tick = { ...fields, price, asOf: at, knownFrom: at, knownTo: index === 4 ? corrected : null };
    if (index === 2)
      return [
        { ...tick, knownFrom: corrected },
        { ...tick, volume: 0, knownTo: corrected },
      ];
    if (index !== 1) return [tick];
    return [
      { ...tick, knownFrom: corrected },
      { ...tick, price: round(price * 1.01), knownTo: corrected },
    ];
  });
}

/** The venues of quotes, as the API sums them up. */
export function exchangesOf(quotes: readonly QuoteView[]): ExchangeView[] {
  const venues = [...Map.groupBy(quotes, ({ instrument }) => instrument.mic)].map(([mic, of]): ExchangeView => {
    const [newest] = of.toSorted((a, b) => b.asOf.localeCompare(a.asOf));
    return {
      mic,
      name: newest?.instrument.exchange ?? mic,
      zone: newest?.instrument.zone ?? 'UTC',
      open: newest?.session === 'regular',
      session: sessionOf(newest),
      instruments: of.length,
      stale: of.filter(({ stale }) => stale).length,
      newestAsOf: newest?.asOf ?? '',
      newestSession: newest?.session ?? null,
    };
  });
  return venues.toSorted((a, b) => b.instruments - a.instruments || a.name.localeCompare(b.name));
}

/** Half past nine to four, seen an hour after; of what is closed, the morning after the weekend of a Friday. */
function sessionOf(quote: QuoteView | undefined): ExchangeView['session'] {
  if (quote === undefined || ['crypto', 'fx'].includes(quote.instrument.assetClass)) return null;
  const opens = Date.now() + (quote.session === 'regular' ? -1 : 64.5) * 3_600_000;
  const opensAt = new Date(opens).toISOString();
  return { date: opensAt.slice(0, 10), opensAt, closesAt: new Date(opens + 6.5 * 3_600_000).toISOString() };
}

/** A quote with its candidates: the one that was chosen, and another where it is not the only one. */
export function explained(quote: QuoteView): QuoteView {
  const { instrument: _instrument, confidence, rule: _rule, spread: _spread, ...fields } = quote;
  const chosen = { ...fields, chosen: true };
  const other = {
    ...fields,
    source: quote.source === 'yahoo' ? 'alpha-vantage' : 'yahoo',
    price: confidence === 'disputed' ? Number((Number(quote.price) * 0.9786).toFixed(2)) : quote.price,
    chosen: false,
  };
  return { ...quote, candidates: confidence === 'single' ? [chosen] : [chosen, other] };
}

/** The instruments whose symbol or name has the text, those whose symbol begins so first. */
export function instrumentsOf(quotes: readonly QuoteView[], text: string): InstrumentView[] {
  const wanted = text.toUpperCase();
  const rank = ({ symbol }: InstrumentView) => (symbol.startsWith(wanted) ? 0 : 1);
  return quotes
    .map(({ instrument }) => instrument)
    .filter(({ symbol, name }) => `${symbol} ${name ?? ''}`.toUpperCase().includes(wanted))
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, 8);
}
