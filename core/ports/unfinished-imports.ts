/** An import that was never finished, with the numbers of the parts that were announced. */
export interface UnfinishedImport {
  readonly id: string;
  readonly sourceId: string;
  readonly createdAt: Date;
  readonly parts: readonly number[];
}

/** Imports that nobody finished. */
export interface UnfinishedImports {
  /** Those with parts that expired before an instant, the oldest first. */
  expired(before: Date, limit: number): Promise<UnfinishedImport[]>;
  /** Forgets their parts. */
  forget(ids: readonly string[]): Promise<void>;
}
