import type { AssetClass, KnownListing } from '../../core/market/instrument.ts';
import type { ListedQuote } from '../../core/market/listed-quote.ts';
import type { Quote } from '../../core/market/quote.ts';
import { checkQuotes } from '../../core/prices/check-quotes.ts';
import type { Evidence, LatestPrior, PriorQuote, QuoteSurroundings } from '../../core/prices/evidence.ts';
import { nothingAround } from '../../core/prices/rules/quotes.ts';

export const noon = Date.UTC(2026, 10, 20, 12);

export function listingOf(id = 1, assetClass: AssetClass = 'equity'): KnownListing {
  return { id, assetClass, mic: 'XNAS', currency: 'USD', minorFactor: 1, zone: 'America/New_York' };
}

/** A quote of 100 USD after a previous close of 99, at noon, fetched five seconds later; of listing 1 unless given. */
export function quoteRow(
  differs: Partial<Quote> & { readonly listing?: KnownListing; readonly fetchedAt?: number } = {},
): ListedQuote {
  const { listing = listingOf(), fetchedAt = noon + 5_000, ...quote } = differs;
  return {
    listing,
    symbol: 'TEST',
    fetchedAt,
    path: 'exchanges[0] TEST',
    quote: {
      price: '100',
      previousClose: '99',
      bid: null,
      ask: null,
      volume: '1000',
      currency: 'USD',
      minorFactor: 1,
      session: 'regular',
      delaySeconds: 0,
      asOf: noon,
      asOfBasis: 'exchange',
      ...quote,
    },
  };
}

/** What is stored of listing 1, and what other sources say of it. */
export function evidence(
  stored: LatestPrior | null,
  others: readonly (PriorQuote & { readonly provisional?: boolean })[] = [],
  around: Partial<QuoteSurroundings> = {},
): Evidence {
  return {
    priors: new Map(stored ? [[1, stored]] : []),
    around: async (rows) =>
      rows.map(() => ({
        ...nothingAround,
        ...around,
        others: others.map((each) => ({ provisional: false, ...each })),
      })),
  };
}

/** What becomes of one row: its findings, where it is stored, and how. */
export async function verdictOn(row: ListedQuote, known: Evidence): Promise<string> {
  const { accepted, wrong, rejected, findings } = await checkQuotes([row], known);
  const said = findings.map(({ rule, severity }) => `${rule} ${severity}`);
  if (rejected.length > 0) return rejected.map((each) => `held back: ${each.reason}`).join();
  const kept = accepted.map((each) => (each.provisional ? 'provisional' : 'right'));
  return [...kept, ...wrong.map(() => 'not served'), ...said].join(', ');
}
