import { isoInstant } from '../../../core/adapters/postgres/database/instant.ts';
import type {
  HistoryRow,
  ListingRow,
  QuotedListing,
  QuoteRow,
} from '../../../core/adapters/postgres/prices/quote-reader.ts';
import type { InstrumentView, QuoteTick, QuoteView } from '../../../core/contracts/http/market.ts';
import type { DecimalWriter } from '../../../core/http/wire-number.ts';
import { calendarFor, lastSession, oldestExpected } from '../../../core/market/calendar.ts';
import { exchangeOf } from '../../../core/market/exchange.ts';
import { assetClasses } from '../../../core/market/instrument.ts';
import { asOfBases, sessions } from '../../../core/market/quote.ts';
import { secondsBetween } from '../../../core/planning/job-schedule.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';

/** What the views need beside the rows. */
export interface Viewing {
  readonly decimal: DecimalWriter;
  readonly sourceOf: (id: string) => SourceDefinition | undefined;
  /** Ages are counted from here: now, or the instant that `knownAt` asks for. Milliseconds since the epoch. */
  readonly now: number;
  /** Calendars are ignored: the simulated market never closes. */
  readonly alwaysOpen?: boolean | undefined;
}

/** What is traded, as far as its calendar depends on it. */
type Traded = Pick<ListingRow, 'mic' | 'zone' | 'asset_class'>;

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
    ...freshness(row, row, viewing),
    confidence: consolidated ? (confidences.find((each) => each === row.confidence) ?? null) : null,
    rule: consolidated ? row.rule : null,
    spread: consolidated ? viewing.decimal(row.spread) : null,
  };
}

/** What each source says, for `?explain=1`. */
export function candidateViews(rows: readonly QuoteRow[], of: Traded, chosen: string | null, viewing: Viewing) {
  return rows.map((row) => ({
    ...factsOf(row, viewing),
    ...freshness(row, of, viewing),
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

/** A round is missed for good after three, and after three minutes at least. */
const leastRoundsMs = 180_000;
/** How long a market must have traded before a price from before its opening is too old. Some names trade seldom. */
const firstTradeMs = 3_600_000;

/**
 * A price is stale when the market has gone on without it. Either its source missed about three rounds, and the market has
 * traded since it was last confirmed: a quiet Sunday is no fault. Or its market time is from before the session, an hour
 * after that opened, though the source confirms it: the source itself stands still.
 */
function freshness(row: QuoteRow, of: Traded, { sourceOf, now, alwaysOpen }: Viewing) {
  const confirmed = (row.confirmed_at ?? row.fetched_at).getTime();
  const ageSeconds = Math.max(0, Math.floor((now - confirmed) / 1000));
  const source = sourceOf(row.source);
  const job = source?.jobs.find(({ kind }) => kind !== 'bars');
  const rounds = job ? 3 * secondsBetween(job, now) * 1000 : 0;
  const calendar = alwaysOpen ? null : calendarFor({ mic: of.mic, zone: of.zone, assetClass: of.asset_class });
  const missed = now - Math.max(rounds, leastRoundsMs);
  if (confirmed < missed && confirmed < oldestExpected(calendar, now, leastRoundsMs))
    return { stale: true, ageSeconds };
  if (row.as_of_basis !== 'exchange') return { stale: false, ageSeconds };
  // A day's trading of those who tell of it late is more than their lateness: the session before is good enough.
  const late = firstTradeMs + ((row.delay_seconds ?? 0) + (source?.latenessMinutes ?? 0) * 60) * 1000;
  const session = calendar && lastSession(calendar, now - late);
  const oldest = Math.min(oldestExpected(calendar, now, late), session?.opensAt ?? Number.POSITIVE_INFINITY);
  return { stale: row.as_of.getTime() < oldest, ageSeconds };
}
