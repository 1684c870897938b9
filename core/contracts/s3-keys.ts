/** Every S3 key of Quotron is made here. */

export const rawPrefix = 'raw/';

/** Where an attempt's raw blob lies. Never overwritten: another attempt is another key. */
export function rawBlobKey(of: {
  sourceId: string;
  /** ISO 8601 instant; its UTC date is the folder. */
  createdAt: string;
  runId: string;
  part: number;
  attempt: number;
}): string {
  return `${rawPrefix}${of.sourceId}/${of.createdAt.slice(0, 10)}/${of.runId}/${of.part}-${of.attempt}.json.gz`;
}
