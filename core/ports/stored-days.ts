import type { JudgedAgain, StoredDays } from '../prices/judge-again.ts';

/** Where a walk over all series is. */
export interface SeriesPlace {
  readonly listingId: number;
  readonly sourceId: string;
}

/** The stored daily bars of all listings, in an order that stays, and what the rules find in them. */
export interface StoredDaysStore {
  /** The place behind which the walk goes on; `null` at its beginning. */
  place(): Promise<SeriesPlace | null>;
  /** Keeps the place; `null` begins again. */
  setPlace(place: SeriesPlace | null): Promise<void>;
  /** The next series with bars since a day, read from `readFrom` on. */
  next(of: { after: SeriesPlace | null; from: string; readFrom: string; limit: number }): Promise<StoredDays[]>;
  /** Stores findings as ingest does. Open ones of the judged days that do not hold any more are gone. */
  keep(sourceId: string, judged: JudgedAgain): Promise<void>;
}
