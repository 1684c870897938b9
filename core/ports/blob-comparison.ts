/** How far the blobs of a source have been compared with what was read, in one of the passes. */
export interface ComparedTo {
  readonly sourceId: string;
  /** Which pass: how many days after its own a day is compared. */
  readonly afterDays: number;
  /** The UTC date that is next, or under way. */
  readonly day: string;
  /** The last key of that day that was compared; `null` before the first. */
  readonly lastKey: string | null;
}

/** A blob without a batch. */
export interface UnreadBlob {
  readonly blobKey: string;
  /** What its run collects; `null` where the database has no such run, as after a restore. Another release may know more kinds. */
  readonly run: { readonly sourceId: string; readonly job: string; readonly kind: string } | null;
}

/** What the database says on raw blobs. One adapter: Postgres. */
export interface ComparisonStore {
  /**
   * How far each pass of each source has come; one that is absent has not begun. `null` while nothing can be said: a
   * person has stopped `ingest`, or started it again after `since`, so that it may still catch up.
   */
  comparedTo(since: Date): Promise<ComparedTo[] | null>;
  /** Those of some blobs that have no batch, in the same order. At most a thousand at a time. */
  unread(blobs: readonly { readonly blobKey: string; readonly runId: string }[]): Promise<UnreadBlob[]>;
  keep(comparedTo: ComparedTo): Promise<void>;
}
