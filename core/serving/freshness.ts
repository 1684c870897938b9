import { calendarFor, lastSession, oldestExpected } from '../market/calendar.ts';
import type { NamedListing } from '../market/instrument.ts';
import type { StoredQuote } from '../market/stored-quote.ts';
import { secondsBetween } from '../planning/job-schedule.ts';
import type { OldestPrices, PriceKind } from '../ports/quote-reader.ts';
import type { SourceDefinition } from '../sources/definition.ts';

/** What freshness is judged by. */
export interface FreshnessContext {
  readonly sourceOf: (id: string) => SourceDefinition | undefined;
  /** Ages are counted from here: now, or the instant that `knownAt` asks for. Milliseconds since the epoch. */
  readonly now: number;
  /** Calendars are ignored: the simulated market never closes. */
  readonly alwaysOpen?: boolean | undefined;
  /** How far apart the planner has put the slots of jobs, in seconds, by `source/job`. */
  readonly periods: ReadonlyMap<string, number>;
}

/** What is traded, as far as its calendar depends on it. */
export type Traded = Pick<NamedListing, 'mic' | 'zone' | 'assetClass'>;

/** A round is missed for good after three, and after three minutes at least. */
const leastRoundsMs = 180_000;
/** How long a market must have traded before a price from before its opening is too old. Some names trade seldom. */
const firstTradeMs = 3_600_000;

/**
 * A price is stale when the market has moved since. Either its source missed about three rounds, and the market has traded
 * since it was last confirmed: a quiet Sunday is no fault. Or its market time is from before the session, an hour
 * after that opened, though the source confirms it: the source itself stands still.
 */
export function freshness(row: StoredQuote, of: Traded, context: FreshnessContext) {
  const confirmed = (row.confirmedAt ?? row.fetchedAt).getTime();
  const ageSeconds = Math.max(0, Math.floor((context.now - confirmed) / 1000));
  const { source, asOfBasis, delaySeconds } = row;
  const { mic, zone, assetClass } = of;
  const oldest = oldestPrices({ mic, zone, assetClass, source, asOfBasis, delaySeconds }, context);
  const isStale = confirmed < oldest.confirmedAt.getTime() || (oldest.asOf !== null && row.asOf < oldest.asOf);
  return { stale: isStale, ageSeconds };
}

/** From when a price must be that is not stale. */
export function oldestPrices(kind: PriceKind, { sourceOf, now, alwaysOpen, periods }: FreshnessContext): OldestPrices {
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
