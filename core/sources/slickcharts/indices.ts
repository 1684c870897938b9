/** The indices that SlickCharts has a page on. Counts are of listings, not companies: S&P 500 has 503, Nasdaq 100 101. */
export interface SlickChartsIndex {
  /** In SlickCharts' namespace: its path. */
  readonly symbol: string;
  readonly canonical: string;
  readonly name: string;
  /** A page with fewer or more members than this is not the page it was. */
  readonly count: { readonly from: number; readonly to: number };
}

export const slickChartsIndices: readonly SlickChartsIndex[] = [
  { symbol: 'sp500', canonical: '^GSPC', name: 'S&P 500', count: { from: 495, to: 515 } },
  { symbol: 'nasdaq100', canonical: '^NDX', name: 'NASDAQ-100', count: { from: 98, to: 106 } },
  { symbol: 'dowjones', canonical: '^DJI', name: 'Dow Jones Industrial Average', count: { from: 29, to: 31 } },
];

/** Seconds between two readings of a page. One that was true longer ago than that says nothing of now. */
export const pagePeriodSeconds = 21_600;

export function toSource(canonical: string): string | null {
  return slickChartsIndices.find((index) => index.canonical === canonical)?.symbol ?? null;
}

/** A point is always a share class here: BRK.B. */
export function toCanonical(symbol: string): string {
  return slickChartsIndices.find((index) => index.symbol === symbol)?.canonical ?? symbol.replace('.', '-');
}
