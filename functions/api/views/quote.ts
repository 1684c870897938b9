import { upToMilliseconds } from '../../../core/contracts/http/envelope.ts';
import type { InstrumentView, QuoteTick, QuoteView } from '../../../core/contracts/http/market.ts';
import type { DecimalWriter } from '../../../core/http/wire-number.ts';
import { calendarFor, lastSession, oldestExpected } from '../../../core/market/calendar.ts';
import { exchangeOf } from '../../../core/market/exchange.ts';
import type { NamedListing } from '../../../core/market/instrument.ts';
import type { KnownQuote, StoredQuote } from '../../../core/market/stored-quote.ts';
import { tradedVolume } from '../../../core/market/volume.ts';
import { secondsBetween } from '../../../core/planning/job-schedule.ts';
import type { OldestPrices, PricedListing, PriceKind } from '../../../core/ports/quote-reader.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { licenceOf } from '../licence.ts';

/** What the views need beside the rows. */
export interface ViewContext {
  readonly decimal: DecimalWriter;
  readonly sourceOf: (id: string) => SourceDefinition | undefined;
  /** Ages are counted from here: now, or the instant that `knownAt` asks for. Milliseconds since the epoch. */
  readonly now: number;
  /** Calendars are ignored: the simulated market never closes. */
  readonly alwaysOpen?: boolean | undefined;
  /** How far apart the planner has put the slots of jobs, in seconds, by `source/job`. */
  readonly periods: ReadonlyMap<string, number>;
}

/** What is traded, as far as its calendar depends on it. */
type Traded = Pick<NamedListing, 'mic' | 'zone' | 'assetClass'>;

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

/** A round is missed for good after three, and after three minutes at least. */
const leastRoundsMs = 180_000;
/** How long a market must have traded before a price from before its opening is too old. Some names trade seldom. */
const firstTradeMs = 3_600_000;

/**
 * A price is stale when the market has moved since. Either its source missed about three rounds, and the market has traded
 * since it was last confirmed: a quiet Sunday is no fault. Or its market time is from before the session, an hour
 * after that opened, though the source confirms it: the source itself stands still.
 */
function freshness(row: StoredQuote, of: Traded, context: ViewContext) {
  const confirmed = (row.confirmedAt ?? row.fetchedAt).getTime();
  const ageSeconds = Math.max(0, Math.floor((context.now - confirmed) / 1000));
  const { source, asOfBasis, delaySeconds } = row;
  const { mic, zone, assetClass } = of;
  const oldest = oldestPrices({ mic, zone, assetClass, source, asOfBasis, delaySeconds }, context);
  const isStale = confirmed < oldest.confirmedAt.getTime() || (oldest.asOf !== null && row.asOf < oldest.asOf);
  return { stale: isStale, ageSeconds };
}

/** From when a price must be that is not stale. */
export function oldestPrices(kind: PriceKind, { sourceOf, now, alwaysOpen, periods }: ViewContext): OldestPrices {
  const source = sourceOf(kind.source);
  const job = source?.jobs.find((each) => each.kind !== 'bars');
  const period = job ? (periods.get(`${kind.source}/${job.id}`) ?? secondsBetween(job, now)) : 0;
  const rounds = 3 * period * 1000;
  const calendar = alwaysOpen ? null : calendarFor({ mic: kind.mic, zone: kind.zone, assetClass: kind.assetClass });
  const missed = now - Math.max(rounds, leastRoundsMs);
  const confirmedAt = new Date(Math.min(missed, oldestExpected(calendar, now, leastRoundsMs)));
  if (kind.asOfBasis !== 'exchange') return { confirmedAt, asOf: null };
  // A source with a whole day's delay is later than its lateness says: the session before is good enough.
  const late = firstTradeMs + ((kind.delaySeconds ?? 0) + (source?.latenessMinutes ?? 0) * 60) * 1000;
  const session = calendar && lastSession(calendar, now - late);
  const asOf = Math.min(oldestExpected(calendar, now, late), session?.opensAt ?? Number.POSITIVE_INFINITY);
  return { confirmedAt, asOf: new Date(asOf) };
}
