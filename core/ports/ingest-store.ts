import type { JobKind } from '../contracts/words/job-kinds.ts';
import type { Alias, NewListing } from '../market/instrument.ts';
import type { Decision } from '../prices/decision.ts';
import type { Evidence } from '../prices/evidence.ts';

/** Which blob, read by which parser, for which task. */
export interface BatchHeader {
  readonly blobKey: string;
  readonly parserVersion: string;
  readonly runId: string;
  readonly part: number;
  readonly attempt: number;
  readonly sourceId: string;
  readonly kind: JobKind;
  /** The replay that reads it again, and closes what an earlier reading put in quarantine. */
  readonly replay?: string | undefined;
}

export interface StoredBatch {
  readonly batchId: string;
  /** The blob had been read by this version before: nothing was changed. */
  readonly repeated: boolean;
  readonly accepted: number;
  readonly rejected: number;
  /** Rows inserted or replaced. */
  readonly written: number;
  /** Rows replaced, whose former content is kept as a revision. */
  readonly revised: number;
}

/** Where checked rows go. One adapter: Postgres. */
export interface IngestStore {
  /** Whether the `ingest` service is switched on. */
  running(): Promise<boolean>;
  /** What symbols of a source mean. A symbol that is not known is absent. */
  aliases(sourceId: string, symbols: readonly string[]): Promise<ReadonlyMap<string, readonly Alias[]>>;
  /** Makes newcomers known, each once however many ask at the same time, and gives what they mean. */
  register(sourceId: string, newcomers: readonly NewListing[]): Promise<ReadonlyMap<string, readonly Alias[]>>;
  /**
   * Stores a batch in one transaction: rows, latest, revisions, consolidation, quarantine, statistics, events and the
   * task's end. `decide` is called inside it with what is stored already of `listingIds`. A blob that the same parser
   * version has read before, for the same replay or for none, changes nothing, and `decide` is not called.
   */
  store(
    header: BatchHeader,
    listingIds: readonly number[],
    decide: (evidence: Evidence) => Promise<Decision>,
  ): Promise<StoredBatch>;
}
