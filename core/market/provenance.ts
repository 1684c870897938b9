/** Where a stored row came from. All but the batch are `null` when the batch is gone. */
export interface Provenance {
  readonly batchId: string;
  readonly runId: string | null;
  readonly part: number | null;
  readonly attempt: number | null;
  readonly blobKey: string | null;
  readonly parserVersion: string | null;
}
