/**
 * The instruments of the simulated Yahoo: some forty real names with their real exchanges, currencies and zones. Prices
 * have the right magnitude and are otherwise made up. Any other symbol is unknown.
 */
import { fullPair } from '../../../core/market/symbol.ts';

/** An exchange as Yahoo describes it. Times are minutes after midnight in its zone. */
export interface SimExchange {
  /** Yahoo's code: `NMS`. */
  readonly code: string;
  readonly fullName: string;
  readonly market: string;
  readonly zone: string;
  readonly opens: number;
  readonly closes: number;
  /** Trading before and after the session, where there is any. */
  readonly pre?: number;
  readonly post?: number;
  /** Open on Saturday and Sunday too. */
  readonly weekends: boolean;
  /** Minutes by which prices lag. */
  readonly delayedBy: number;
  readonly sourceName: string;
}

const newYork = {
  market: 'us_market',
  zone: 'America/New_York',
  opens: 570,
  closes: 960,
  pre: 240,
  post: 1200,
  weekends: false,
  delayedBy: 0,
} as const;
const delayed = { weekends: false, delayedBy: 15, sourceName: 'Delayed Quote' } as const;

const nasdaq: SimExchange = { ...newYork, code: 'NMS', fullName: 'NasdaqGS', sourceName: 'Nasdaq Real Time Price' };
const nyse: SimExchange = { ...newYork, code: 'NYQ', fullName: 'NYSE', sourceName: 'Nasdaq Real Time Price' };
const arca: SimExchange = { ...newYork, code: 'PCX', fullName: 'NYSEArca', sourceName: 'Nasdaq Real Time Price' };
const nasdaqGm: SimExchange = { ...newYork, code: 'NGM', fullName: 'NasdaqGM', sourceName: 'Nasdaq Real Time Price' };
const london: SimExchange = {
  ...delayed,
  code: 'LSE',
  fullName: 'LSE',
  market: 'gb_market',
  zone: 'Europe/London',
  opens: 480,
  closes: 990,
};
const xetra: SimExchange = {
  ...delayed,
  code: 'GER',
  fullName: 'XETRA',
  market: 'de_market',
  zone: 'Europe/Berlin',
  opens: 540,
  closes: 1050,
};
const paris: SimExchange = {
  ...delayed,
  code: 'PAR',
  fullName: 'Paris',
  market: 'fr_market',
  zone: 'Europe/Paris',
  opens: 540,
  closes: 1050,
};
const tokyo: SimExchange = {
  ...delayed,
  code: 'JPX',
  fullName: 'Tokyo',
  market: 'jp_market',
  zone: 'Asia/Tokyo',
  opens: 540,
  closes: 930,
};
const johannesburg: SimExchange = {
  ...delayed,
  code: 'JNB',
  fullName: 'Johannesburg',
  market: 'za_market',
  zone: 'Africa/Johannesburg',
  opens: 540,
  closes: 1020,
};
const toronto: SimExchange = {
  ...delayed,
  code: 'TOR',
  fullName: 'Toronto',
  market: 'ca_market',
  zone: 'America/Toronto',
  opens: 570,
  closes: 960,
};
const crypto: SimExchange = {
  code: 'CCC',
  fullName: 'CCC',
  market: 'ccc_market',
  zone: 'UTC',
  opens: 0,
  closes: 1439,
  weekends: true,
  delayedBy: 0,
  sourceName: 'CoinMarketCap',
};
const currencies: SimExchange = {
  ...delayed,
  delayedBy: 0,
  code: 'CCY',
  fullName: 'CCY',
  market: 'ccy_market',
  zone: 'Europe/London',
  opens: 0,
  closes: 1439,
};
const comex: SimExchange = {
  ...delayed,
  delayedBy: 10,
  code: 'CMX',
  fullName: 'COMEX',
  market: 'us24_market',
  zone: 'America/New_York',
  opens: 0,
  closes: 1439,
};
const snp: SimExchange = { ...newYork, code: 'SNP', fullName: 'SNP', sourceName: 'Free Realtime Quote' };
const nasdaqIndex: SimExchange = {
  ...newYork,
  code: 'NIM',
  fullName: 'Nasdaq GIDS',
  sourceName: 'Free Realtime Quote',
};
const dowJones: SimExchange = { ...newYork, code: 'DJI', fullName: 'DJI', sourceName: 'Free Realtime Quote' };

/** The exchanges that invented listings are on. */
export const simExchanges = { nasdaq, nyse, london, xetra, paris, tokyo, toronto } as const;

export interface Split {
  /** Ex-date, `yyyy-mm-dd` in the exchange's zone. */
  readonly date: string;
  readonly numerator: number;
  readonly denominator: number;
}

export interface SimInstrument {
  readonly symbol: string;
  readonly shortName: string;
  readonly longName: string;
  readonly quoteType: 'EQUITY' | 'ETF' | 'INDEX' | 'MUTUALFUND' | 'CRYPTOCURRENCY' | 'CURRENCY' | 'FUTURE';
  readonly exchange: SimExchange;
  /** As Yahoo spells it: `GBp` is pence, `ZAc` cents. */
  readonly currency: string;
  /** Around which the price walks, in `currency`. */
  readonly level: number;
  /** Of a usual day, in shares or in money (crypto). */
  readonly dailyVolume: number;
  /** 1 is the volatility of a large share. */
  readonly volatility: number;
  readonly priceHint: number;
  /** Paid four times a year, in the unit of `currency`'s major one, as Yahoo does it. */
  readonly dividend?: number;
  readonly splits?: readonly Split[];
  /** One of thousands: nobody asks for its earnings, and its quote costs no more than its price. */
  readonly isInvented?: true;
}

type Row = readonly [symbol: string, name: string, level: number, dailyVolume: number];
type Extras = Pick<SimInstrument, 'dividend' | 'splits'>;

const extras = new Map(
  Object.entries<Extras>({
    AAPL: { dividend: 0.26, splits: [{ date: '2020-08-31', numerator: 4, denominator: 1 }] },
    MSFT: { dividend: 0.83 },
    NVDA: {
      dividend: 0.01,
      splits: [
        { date: '2021-07-20', numerator: 4, denominator: 1 },
        { date: '2024-06-10', numerator: 10, denominator: 1 },
      ],
    },
    TSLA: { splits: [{ date: '2022-08-25', numerator: 3, denominator: 1 }] },
    AMZN: { splits: [{ date: '2022-06-06', numerator: 20, denominator: 1 }] },
    JPM: { dividend: 1.4 },
    JNJ: { dividend: 1.3 },
    KO: { dividend: 0.51 },
    SPY: { dividend: 1.8 },
    NFLX: { splits: [{ date: '2025-11-17', numerator: 10, denominator: 1 }] },
  }),
);

function listed(
  quoteType: SimInstrument['quoteType'],
  exchange: SimExchange,
  currency: string,
  rows: readonly Row[],
  volatility = 1,
  priceHint = 2,
): SimInstrument[] {
  return rows.map(([symbol, name, level, dailyVolume]) => ({
    symbol,
    shortName: name,
    longName: name,
    quoteType,
    exchange,
    currency,
    level,
    dailyVolume,
    volatility,
    priceHint,
    ...extras.get(symbol),
  }));
}

const instruments: readonly SimInstrument[] = [
  ...listed('EQUITY', nasdaq, 'USD', [
    ['AAPL', 'Apple Inc.', 244.6, 40_900_000],
    ['MSFT', 'Microsoft Corporation', 408.2, 26_000_000],
    ['NVDA', 'NVIDIA Corporation', 134.4, 225_000_000],
    ['AMZN', 'Amazon.com, Inc.', 216.6, 55_000_000],
    ['GOOGL', 'Alphabet Inc.', 179.7, 36_000_000],
    ['META', 'Meta Platforms, Inc.', 683.6, 21_000_000],
    ['TSLA', 'Tesla, Inc.', 337.8, 74_000_000],
    ['AVGO', 'Broadcom Inc.', 218.7, 29_000_000],
    ['COST', 'Costco Wholesale Corporation', 1034.8, 2_300_000],
    ['NFLX', 'Netflix, Inc.', 100.4, 34_000_000],
  ]),
  ...listed('EQUITY', nyse, 'USD', [
    ['BRK-B', 'Berkshire Hathaway Inc.', 478.7, 4_100_000],
    ['JPM', 'JPMorgan Chase & Co.', 264.2, 11_000_000],
    ['V', 'Visa Inc.', 348.5, 6_400_000],
    ['JNJ', 'Johnson & Johnson', 162.3, 9_100_000],
    ['KO', 'The Coca-Cola Company', 71.4, 17_000_000],
    ['XOM', 'Exxon Mobil Corporation', 110.8, 15_000_000],
    ['BABA', 'Alibaba Group Holding Limited', 143.7, 38_000_000],
  ]),
  ...listed('ETF', arca, 'USD', [['SPY', 'SPDR S&P 500', 599.9, 52_000_000]], 0.7),
  ...listed('ETF', nasdaqGm, 'USD', [['QQQ', 'Invesco QQQ Trust, Series 1', 526.1, 38_000_000]], 0.8),
  ...listed('EQUITY', london, 'GBp', [
    ['VOD.L', 'VODAFONE GROUP PLC', 67.3, 61_000_000],
    ['OCDO.L', 'OCADO GROUP PLC', 308.8, 2_600_000],
    ['BP.L', 'BP PLC', 455.6, 41_000_000],
    ['HSBA.L', 'HSBC HOLDINGS PLC', 875.4, 32_000_000],
  ]),
  ...listed('EQUITY', xetra, 'EUR', [
    ['SAP.DE', 'SAP SE', 272.4, 1_700_000],
    ['SIE.DE', 'Siemens Aktiengesellschaft', 219.1, 1_200_000],
  ]),
  ...listed('EQUITY', paris, 'EUR', [['MC.PA', 'LVMH', 695.3, 370_000]]),
  ...listed('EQUITY', tokyo, 'JPY', [
    ['7203.T', 'Toyota Motor Corporation', 2731, 24_000_000],
    ['6758.T', 'Sony Group Corporation', 3702, 16_000_000],
  ]),
  ...listed('EQUITY', johannesburg, 'ZAc', [['NPN.JO', 'Naspers Limited', 443_210, 460_000]]),
  ...listed('EQUITY', toronto, 'CAD', [['SHOP.TO', 'Shopify Inc.', 167.5, 2_400_000]], 1.4),
  ...listed('EQUITY', nasdaq, 'USD', [['SHOP', 'Shopify Inc.', 118.4, 7_800_000]], 1.4),
  ...listed('MUTUALFUND', toronto, 'CAD', [['0P000071W8.TO', 'TD US Index e', 152.63, 0]], 0.6),
  ...listed('INDEX', snp, 'USD', [['^GSPC', 'S&P 500', 6013.1, 5_000_000_000]], 0.6),
  ...listed('INDEX', nasdaqIndex, 'USD', [['^NDX', 'NASDAQ-100', 21_614, 7_500_000_000]], 0.8),
  ...listed('INDEX', dowJones, 'USD', [['^DJI', 'Dow Jones Industrial Average', 43_428, 560_000_000]], 0.6),
  ...listed(
    'CRYPTOCURRENCY',
    crypto,
    'USD',
    [
      ['BTC-USD', 'Bitcoin USD', 96_077, 21_000_000_000],
      ['ETH-USD', 'Ethereum USD', 2745, 15_000_000_000],
      ['SOL-USD', 'Solana USD', 172.4, 4_000_000_000],
    ],
    1.8,
  ),
  ...listed(
    'CURRENCY',
    currencies,
    'USD',
    [
      ['EURUSD=X', 'EUR/USD', 1.0489, 0],
      ['GBPUSD=X', 'GBP/USD', 1.2614, 0],
    ],
    0.3,
    4,
  ),
  ...listed('CURRENCY', currencies, 'JPY', [['JPY=X', 'USD/JPY', 151.4, 0]], 0.35, 4),
  ...listed('FUTURE', comex, 'USD', [['GC=F', 'Gold', 2910.3, 180_000]], 0.6),
];

// Yahoo takes both names of a pair against the dollar, and answers with the short one.
const bySymbol = new Map(instruments.map((instrument) => [fullPair(instrument.symbol), instrument]));

/** The instrument of a symbol (any case), or `undefined` for an unknown symbol. */
export function instrumentOf(symbol: string): SimInstrument | undefined {
  return bySymbol.get(fullPair(symbol.toUpperCase()));
}

/** All instruments, in a fixed order. */
export function allInstruments(): readonly SimInstrument[] {
  return instruments;
}
