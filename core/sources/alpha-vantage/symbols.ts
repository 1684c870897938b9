import type { AssetClass, Listing } from '../../market/instrument.ts';

/** The zone of all dates in its answers ("US/Eastern"), whatever the venue. */
export const answerZone = 'America/New_York';

/**
 * Yahoo's suffixes of venues and Alpha Vantage's for the same. Symbols of other venues are not requested.
 * London (`.LON`) is not: the answers do not say whether in pence or in pounds, all would be held back, and a day has 25.
 */
const venues: readonly (readonly [string, string])[] = [
  ['.TO', '.TRT'],
  ['.V', '.TRV'],
  ['.DE', '.DEX'],
  ['.BO', '.BSE'],
  ['.SS', '.SHH'],
  ['.SZ', '.SHZ'],
];

/** Shares and funds only: its indices, currencies and coins are other interfaces. */
export function toSource(canonical: string): string | null {
  if (/[\^=]/.test(canonical) || /-[A-Z]{3}$/.test(canonical)) return null;
  const venue = venues.find(([suffix]) => canonical.endsWith(suffix));
  if (venue) return canonical.slice(0, -venue[0].length) + venue[1];
  return canonical.includes('.') ? null : canonical;
}

export function toCanonical(symbol: string): string {
  const venue = venues.find(([, suffix]) => symbol.endsWith(suffix));
  return venue ? symbol.slice(0, -venue[1].length) + venue[0] : symbol;
}

const newYork = { currency: 'USD', minorFactor: 1, zone: answerZone } as const;

interface Known {
  readonly name: string;
  readonly assetClass: AssetClass;
  readonly listing: Listing;
}

const known = new Map<string, Known>(
  (
    [
      ['AAPL', 'XNAS', 'equity', 'Apple Inc.'],
      ['MSFT', 'XNAS', 'equity', 'Microsoft Corporation'],
      ['NVDA', 'XNAS', 'equity', 'NVIDIA Corporation'],
      ['AMZN', 'XNAS', 'equity', 'Amazon.com, Inc.'],
      ['GOOGL', 'XNAS', 'equity', 'Alphabet Inc.'],
      ['META', 'XNAS', 'equity', 'Meta Platforms, Inc.'],
      ['TSLA', 'XNAS', 'equity', 'Tesla, Inc.'],
      ['BRK-B', 'XNYS', 'equity', 'Berkshire Hathaway Inc.'],
      ['JPM', 'XNYS', 'equity', 'JPMorgan Chase & Co.'],
      ['V', 'XNYS', 'equity', 'Visa Inc.'],
      ['SPY', 'ARCX', 'etf', 'SPDR S&P 500'],
      ['QQQ', 'XNAS', 'etf', 'Invesco QQQ Trust, Series 1'],
    ] as const
  ).map(([symbol, mic, assetClass, name]) => [symbol, { name, assetClass, listing: { ...newYork, mic } }]),
);

/**
 * What is known of a symbol without asking: its answers name neither venue nor currency. For all others the listing is
 * `null`, to be had from a source that does say.
 */
export function knownListing(symbol: string): Known | null {
  return known.get(symbol) ?? null;
}
