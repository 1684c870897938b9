import * as z from 'zod';

/** SQL: where a row `q` came from, `b` being its batch. */
export const provenance = `q.batch_id AS "batchId", b.run_id AS "runId", b.part, b.attempt, b.blob_key AS "blobKey",
  b.parser_version AS "parserVersion"`;

/** The same as fields of a row. */
export const provenanceFields = {
  batchId: z.string(),
  runId: z.string().nullable(),
  part: z.int().nullable(),
  attempt: z.int().nullable(),
  blobKey: z.string().nullable(),
  parserVersion: z.string().nullable(),
};
