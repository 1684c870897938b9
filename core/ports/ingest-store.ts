import type { JobKind } from '../contracts/words/job-kinds.ts';
import type { BarInterval } from '../market/bar.ts';
import type { Alias, NewListing } from '../market/instrument.ts';
import type { Decision, ListedFinding } from '../prices/decision.ts';
import type { Evidence } from '../prices/evidence.ts';
import type { KnownMembers } from '../prices/rules/members.ts';
import type { SaidName } from '../prices/rules/names.ts';

/** The blob, parser and task of a batch. */
export interface BatchHeader {
  readonly blobKey: string;
  readonly parserVersion: string;
  readonly runId: string;
  readonly part: number;
  readonly attempt: number;
  readonly sourceId: string;
  readonly kind: JobKind;
  /** For bars: the interval of the job, and how many days back it reads where its source lets it choose. */
  readonly window?: { readonly interval: BarInterval; readonly days: number | null } | undefined;
  /** The replay that reads it again, and closes what an earlier reading put in quarantine. */
  readonly replay?: string | undefined;
  /** The database that the ids of its listings are of, as `standing` gave it. Without it, that is not checked. */
  readonly epoch?: string | undefined;
}

/** The store as it is now. */
export interface Standing {
  /** Whether the `ingest` service is switched on. */
  readonly running: boolean;
  /** Its time, in milliseconds since the epoch. */
  readonly clock: number;
  /** Which database it is: after a restore it is another one, and ids of before mean something else. */
  readonly epoch: string;
}

/** The database was restored or emptied since ids of its listings were read. */
export class DatabaseReplacedError extends Error {
  override readonly name = 'DatabaseReplacedError';
  constructor() {
    super('The database is another one than the listings were read from: what is remembered of it must be read again.');
  }
}

export interface StoredBatch {
  readonly batchId: string;
  /** The blob had been read before, or this replay had read it: nothing was changed. */
  readonly repeated: boolean;
  /** Its task failed, tries whether its source works again, or is the source's first success: it is judged at once. */
  readonly urgent: boolean;
  readonly accepted: number;
  readonly rejected: number;
  /** Rows inserted or replaced. */
  readonly written: number;
  /** Replaced rows, whose former content is stored as a revision. */
  readonly revised: number;
}

/** For how many days a source must give a listing in another currency before that is its own. */
export const currencyDays = 3;

/** A symbol at another exchange than its listing's, as an answer says that was fetched then (milliseconds since the epoch). */
export interface MovedVenue {
  readonly symbol: string;
  readonly listingId: number;
  readonly mic: string;
  readonly zone: string;
  readonly fetchedAt: number;
}

/** Stores checked rows. One adapter: Postgres. */
export interface IngestStore {
  /** How it stands; read at most once a second, unless it must be fresh. */
  standing(fresh?: boolean): Promise<Standing>;
  /** The aliases of symbols of a source. Unknown symbols are absent. */
  aliases(sourceId: string, symbols: readonly string[]): Promise<ReadonlyMap<string, readonly Alias[]>>;
  /**
   * What is known of an index, which the source calls `index`, and of canonical symbols. `null` where it is not registered.
   */
  members(
    sourceId: string,
    index: string,
    symbols: readonly string[],
  ): Promise<(KnownMembers & { readonly listingId: number }) | null>;
  /** Registers new listings, each once even under concurrent calls, and returns their aliases. */
  register(sourceId: string, newcomers: readonly NewListing[]): Promise<ReadonlyMap<string, readonly Alias[]>>;
  /**
   * A source gives these symbols in another currency than their listings'. Opens new listings in it once the source has
   * done so for `currencyDays`, and nobody has given a price in the former one since. Gives what the symbols mean by now:
   * a person may have opened them.
   */
  openCurrencies(
    sourceId: string,
    said: readonly { readonly symbol: string; readonly currency: string; readonly minorFactor: number }[],
    fetchedAt: number,
  ): Promise<ReadonlyMap<string, readonly Alias[]>>;
  /**
   * Moves listings to the exchange that a source names by now, unless another one has named the exchange that they have:
   * that is a finding. Gives what the symbols mean by now, and the findings.
   */
  moveVenues(
    sourceId: string,
    moved: readonly MovedVenue[],
  ): Promise<{ readonly aliases: ReadonlyMap<string, readonly Alias[]>; readonly findings: readonly ListedFinding[] }>;
  /**
   * What a source calls its symbols. A name that shares nothing with the former one is the company's new one, or opens
   * another instrument, or is a finding where nothing is certain. Gives what the symbols mean by now, and the findings.
   */
  judgeNames(
    sourceId: string,
    said: readonly SaidName[],
  ): Promise<{ readonly aliases: ReadonlyMap<string, readonly Alias[]>; readonly findings: readonly ListedFinding[] }>;
  /**
   * Stores a batch in one transaction: rows, latest, revisions, consolidation, quarantine, statistics, events and the
   * task's end. `decide` is called inside it with what is stored already of `listingIds`. A blob that was read before,
   * by whichever version of the parser, changes nothing, and `decide` is not called: only a replay reads it again, once. Throws
   * `DatabaseReplacedError` where the header's `epoch` is over.
   */
  store(
    header: BatchHeader,
    listingIds: readonly number[],
    decide: (evidence: Evidence) => Promise<Decision>,
  ): Promise<StoredBatch>;
}
