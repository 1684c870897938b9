import { upToMilliseconds } from '../../../core/contracts/http/envelope.ts';
import type { InstrumentView, QuoteTick, QuoteView } from '../../../core/contracts/http/market.ts';
import type { DecimalWriter } from '../../../core/http/wire-number.ts';
import { exchangeOf } from '../../../core/market/exchange.ts';
import type { NamedListing } from '../../../core/market/instrument.ts';
import type { KnownQuote, StoredQuote } from '../../../core/market/stored-quote.ts';
import { tradedVolume } from '../../../core/market/volume.ts';
import type { PricedListing } from '../../../core/ports/quote-reader.ts';
import { type FreshnessContext, freshness, type Traded } from '../../../core/serving/freshness.ts';
import { licenceOf } from '../licence.ts';

/** What the views need beside the rows. */
export interface ViewContext extends FreshnessContext {
  readonly decimal: DecimalWriter;
}

export function instrumentView(row: NamedListing): InstrumentView {
  // What is stored as a venue's code and is no MIC was an upstream's own.
  const { mic, name: exchange } = exchangeOf(row.mic);
  return {
    symbol: row.symbol,
    name: row.name,
    assetClass: row.assetClass,
    mic,
    exchange,
    currency: row.listingCurrency,
    zone: row.zone,
  };
}

/** The price served for a listing. `confidence`, `rule` and `spread` are given only where the rule chose. */
export function quoteView(row: PricedListing, asked: { source: string | null }, context: ViewContext): QuoteView {
  const consolidated = asked.source === null;
  return {
    instrument: instrumentView(row),
    ...factsOf(row, row, context),
    provisional: row.provisional ?? false,
    ...freshness(row, row, context),
    confidence: consolidated ? row.confidence : null,
    rule: consolidated ? row.rule : null,
    spread: consolidated ? context.decimal(row.spread) : null,
    completedBy: consolidated ? row.complement : null,
  };
}

/** What each source says, for `?explain=1`. */
export function candidateViews(rows: readonly StoredQuote[], of: Traded, chosen: string | null, context: ViewContext) {
  return rows.map((row) => ({
    ...factsOf(row, of, context),
    provisional: row.provisional ?? false,
    ...freshness(row, of, context),
    chosen: row.source === chosen,
  }));
}

export function tickView(row: KnownQuote, of: Traded, context: ViewContext): QuoteTick {
  const { knownFrom, knownTo, repairedBy } = row;
  const times = { knownFrom: upToMilliseconds(knownFrom), knownTo: knownTo && upToMilliseconds(knownTo) };
  return { ...factsOf(row, of, context), ...times, ...(repairedBy === null ? {} : { repairedBy }) };
}

function factsOf(row: StoredQuote, { assetClass }: Pick<Traded, 'assetClass'>, { decimal, sourceOf }: ViewContext) {
  return {
    price: decimal(row.price),
    previousClose: decimal(row.previousClose),
    change: decimal(row.change),
    changeFraction: decimal(row.changeFraction),
    bid: decimal(row.bid),
    ask: decimal(row.ask),
    volume: decimal(tradedVolume(row.volume, assetClass)),
    currency: row.currency,
    minorFactor: row.minorFactor,
    session: row.session,
    delaySeconds: row.delaySeconds,
    asOf: row.asOf.toISOString(),
    asOfBasis: row.asOfBasis,
    fetchedAt: row.fetchedAt.toISOString(),
    ingestedAt: upToMilliseconds(row.ingestedAt),
    source: row.source,
    licence: licenceOf(sourceOf(row.source)),
    provenance: {
      runId: row.runId ?? noRun,
      part: row.part ?? 0,
      attempt: row.attempt ?? 0,
      blobKey: row.blobKey ?? '',
      parserVersion: row.parserVersion ?? '',
      batchId: row.batchId,
    },
  };
}

/** A row whose batch is gone names the nil UUID (RFC 9562) as its run. */
const noRun = '00000000-0000-0000-0000-000000000000';
