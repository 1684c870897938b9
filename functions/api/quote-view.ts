import { isoInstant } from '../../core/adapters/postgres/instant.ts';
import type { HistoryRow, ListingRow, QuotedListing, QuoteRow } from '../../core/adapters/postgres/quote-reader.ts';
import type { InstrumentView, QuoteTick, QuoteView } from '../../core/contracts/http/market.ts';
import { exchangeOf } from '../../core/market/exchange.ts';
import { assetClasses } from '../../core/market/instrument.ts';
import { asOfBases, sessions } from '../../core/market/quote.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import type { DecimalWriter } from './wire-number.ts';

/** What the views need beside the rows. */
export interface Viewing {
  readonly decimal: DecimalWriter;
  readonly sourceOf: (id: string) => SourceDefinition | undefined;
  /** Ages are counted from here: now, or the instant that `knownAt` asks for. Milliseconds since the epoch. */
  readonly now: number;
}

export type Quoted = ListingRow & Omit<QuotedListing, keyof QuoteRow> & QuoteRow;

/** Whether the row has a price; one without comes from a LEFT JOIN that found none. */
export function isQuoted(row: QuotedListing): row is QuotedListing & Quoted {
  return row.source !== null;
}

export function instrumentView(row: ListingRow): InstrumentView {
  return {
    symbol: row.symbol,
    name: row.name,
    assetClass: assetClasses.find((each) => each === row.asset_class) ?? 'other',
    mic: row.mic,
    exchange: exchangeOf(row.mic).name,
    currency: row.listing_currency,
    zone: row.zone,
  };
}

/** The price served for a listing. `confidence`, `rule` and `spread` are told only where the rule chose. */
export function quoteView(row: Quoted, asked: { source: string | null }, viewing: Viewing): QuoteView {
  const consolidated = asked.source === null;
  return {
    instrument: instrumentView(row),
    ...factsOf(row, viewing),
    ...freshness(row, viewing),
    confidence: consolidated ? (confidences.find((each) => each === row.confidence) ?? null) : null,
    rule: consolidated ? row.rule : null,
    spread: consolidated ? viewing.decimal(row.spread) : null,
  };
}

/** What each source says, for `?explain=1`. */
export function candidateViews(rows: readonly QuoteRow[], chosen: string | null, viewing: Viewing) {
  return rows.map((row) => ({
    ...factsOf(row, viewing),
    ...freshness(row, viewing),
    chosen: row.source === chosen,
  }));
}

export function tickView(row: HistoryRow, viewing: Viewing): QuoteTick {
  return { ...factsOf(row, viewing), knownFrom: row.known_from, knownTo: row.known_to };
}

const confidences = ['single', 'agreed', 'disputed'] as const;

function factsOf(row: QuoteRow, { decimal, sourceOf }: Viewing) {
  return {
    price: decimal(row.price),
    previousClose: decimal(row.previous_close),
    change: decimal(row.change),
    changeFraction: decimal(row.change_fraction),
    bid: decimal(row.bid),
    ask: decimal(row.ask),
    volume: decimal(row.volume),
    currency: row.currency,
    minorFactor: row.minor_factor,
    session: sessions.find((each) => each === row.session) ?? null,
    delaySeconds: row.delay_seconds,
    asOf: row.as_of.toISOString(),
    asOfBasis: asOfBases.find((each) => each === row.as_of_basis) ?? 'fetched',
    fetchedAt: row.fetched_at.toISOString(),
    ingestedAt: isoInstant(row.ingested_at),
    source: row.source,
    licence: sourceOf(row.source)?.terms.licence ?? 'unknown',
    provenance: {
      runId: row.run_id ?? noRun,
      part: row.part ?? 0,
      attempt: row.attempt ?? 0,
      blobKey: row.blob_key ?? '',
      parserVersion: row.parser_version ?? '',
      batchId: row.batch_id,
    },
  };
}

/** A row whose batch is gone names the nil UUID (RFC 9562) as its run. */
const noRun = '00000000-0000-0000-0000-000000000000';

/** A price is stale when its source missed about three rounds, and three minutes at least. */
function freshness(row: QuoteRow, { sourceOf, now }: Viewing) {
  const confirmed = (row.confirmed_at ?? row.fetched_at).getTime();
  const ageSeconds = Math.max(0, Math.floor((now - confirmed) / 1000));
  const every = sourceOf(row.source)?.jobs.find((job) => job.kind !== 'bars')?.everySeconds ?? 60;
  return { stale: ageSeconds > Math.max(3 * every, 180), ageSeconds };
}
