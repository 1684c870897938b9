import { everySource, VisibleSources, type VisibleTo } from '../auth/visible-sources.ts';
import type { withheldReasons } from '../contracts/words/alerts.ts';
import type { KeyUse } from '../contracts/words/licence.ts';
import type { PricedListing, QuoteReader } from '../ports/quote-reader.ts';
import type { PlannedPeriods } from '../ports/watch-store.ts';
import type { SourceDefinition } from '../sources/definition.ts';
import { findQuotes } from './find-quotes.ts';
import { freshness } from './freshness.ts';

export interface AlertPriceReaders {
  readonly quotes: VisibleTo<QuoteReader>;
  readonly periods: PlannedPeriods;
  /** Of what is stored: the catalogue and imports. */
  readonly catalogue: readonly SourceDefinition[];
  readonly alwaysOpen?: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The price that a rule is evaluated on. */
export interface AlertPrice {
  readonly price: string;
  readonly row: PricedListing;
  /** Neither stale nor without anything that agrees with it. What a finding calls wrong is never served. */
  readonly reliable: boolean;
  /** Why an alert must not carry it. */
  readonly withheld: (typeof withheldReasons)[number] | null;
}

/**
 * The price of a symbol as it is served to keys of a use. Where only sources have one which that use may not see, it is
 * theirs, and `withheld`: the alert says that something happened, and not the price. `null` where nobody has one.
 */
export async function alertPrice(symbol: string, use: KeyUse, of: AlertPriceReaders): Promise<AlertPrice | null> {
  const sourceOf = (id: string) => of.catalogue.find((source) => source.id === id);
  const find = async (visible: VisibleSources) =>
    (await findQuotes(of.quotes(visible), sourceOf, [symbol], { source: null, knownAt: null, now: of.now })).get(
      symbol,
    );
  const own = await find(VisibleSources.of(use, of.catalogue));
  const forbidden = own === 'licence_forbids';
  const row = forbidden ? await find(everySource) : own;
  if (!row || row === 'licence_forbids') return null;
  const { stale } = freshness(row, row, {
    sourceOf,
    now: of.now,
    alwaysOpen: of.alwaysOpen,
    periods: await of.periods(of.now),
  });
  return { price: row.price, row, reliable: !stale && !row.provisional, withheld: forbidden ? 'licence' : null };
}
