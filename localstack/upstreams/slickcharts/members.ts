/**
 * The members of the simulated indices: the shares of the simulated Yahoo, with the same prices, and made-up ones to
 * match the size of the real indices. The same in every run.
 */
import { instrumentOf, type SimInstrument } from '../yahoo/universe.ts';

export interface SimMember {
  readonly instrument: SimInstrument;
  /** As SlickCharts writes it: `BRK.B`. */
  readonly symbol: string;
  /** Per cent, two digits after the point. */
  readonly weight: string;
}

const wellKnown = {
  nasdaq: ['AAPL', 'MSFT', 'NVDA', 'AMZN', 'GOOGL', 'META', 'TSLA', 'AVGO', 'COST', 'NFLX'],
  nyse: ['BRK-B', 'JPM', 'V', 'JNJ', 'KO', 'XOM'],
} as const;

const heads = [
  'AL',
  'BR',
  'CA',
  'DO',
  'EX',
  'FI',
  'GR',
  'HO',
  'IN',
  'JU',
  'KE',
  'LU',
  'MO',
  'NO',
  'OR',
  'PA',
  'RE',
  'SO',
  'TE',
  'VA',
];
const tails = [
  'B',
  'CX',
  'DL',
  'F',
  'GQ',
  'H',
  'JK',
  'KM',
  'L',
  'MX',
  'NV',
  'P',
  'QR',
  'S',
  'TZ',
  'U',
  'VW',
  'W',
  'XY',
  'Y',
  'Z',
  'ZB',
  'BK',
  'CJ',
  'DH',
  'FQ',
];
const words = [
  'Aldor',
  'Brightwater',
  'Carrow',
  'Dunmore',
  'Exeter',
  'Finch',
  'Granite',
  'Holloway',
  'Inverness',
  'Juniper',
  'Kestrel',
  'Lunar',
  'Marlow',
  'Northgate',
  'Orchard',
  'Palisade',
  'Redwood',
  'Sable',
  'Thornton',
  'Vale',
];
const trades = [
  'Industries',
  'Holdings',
  'Systems',
  'Energy',
  'Foods',
  'Therapeutics',
  'Financial',
  'Materials',
  'Logistics',
  'Networks',
  'Properties',
  'Utilities',
  'Brands',
];

/** Made-up shares, `count` of them, in a fixed order. */
function madeUp(count: number): SimInstrument[] {
  const pattern = instrumentOf('JPM');
  if (!pattern) throw new Error('the simulated Yahoo does not know JPM any more');
  const { dividend: _none, ...like } = pattern;
  return Array.from({ length: count }, (_, at) => {
    const symbol = `${heads[at % heads.length]}${tails[Math.floor(at / heads.length) % tails.length]}`;
    const name = `${words[at % words.length]} ${trades[(at * 7) % trades.length]}${at % 3 === 0 ? ' Inc.' : at % 3 === 1 ? ' Corp' : ' & Co'}`;
    const level = Number((18 + ((at * 7919) % 48_200) / 100).toFixed(2));
    return { ...like, symbol, shortName: name, longName: name, level, marketCap: Math.round(level * 4e8) };
  });
}

function known(symbols: readonly string[]): SimInstrument[] {
  return symbols.flatMap((symbol) => instrumentOf(symbol) ?? []);
}

/** Weights that fall as those of a real index do, and add up to 100. */
function weighted(instruments: readonly SimInstrument[], offset: number): SimMember[] {
  const shares = instruments.map((_, at) => (at + offset) ** -0.85);
  const total = shares.reduce((sum, share) => sum + share, 0);
  return instruments.map((instrument, at) => ({
    instrument,
    symbol: instrument.symbol.replace(/-([A-Z])$/, '.$1'),
    weight: (((shares[at] ?? 0) / total) * 100).toFixed(2),
  }));
}

const others = madeUp(503);

/** By path, the index's name and its members, heaviest first. */
export const simulatedIndices: ReadonlyMap<string, { readonly title: string; readonly members: readonly SimMember[] }> =
  new Map(
    Object.entries({
      '/sp500': {
        title: 'S&P 500 Companies by Weight',
        members: weighted([...known([...wellKnown.nasdaq, ...wellKnown.nyse]), ...others.slice(0, 487)], 3),
      },
      '/nasdaq100': {
        title: 'Nasdaq 100 Companies by Weight',
        members: weighted([...known(wellKnown.nasdaq), ...others.slice(0, 91)], 2),
      },
      '/dowjones': {
        title: 'Dow Jones Companies by Weight',
        members: weighted(
          [...known(['MSFT', 'AAPL', 'AMZN', 'NVDA', 'V', 'JPM', 'JNJ', 'KO']), ...others.slice(100, 122)],
          8,
        ),
      },
    }),
  );
