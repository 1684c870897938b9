import * as z from 'zod';
import type { Pool } from '../database/pool.ts';
import { onlyRow } from '../database/rows.ts';

/** Where a night's walk over the batches has come to. */
export interface BatchPlace {
  readonly ingestedAt: string;
  readonly id: string;
}

export interface ExpiredBatches {
  /** Behind the batches that were looked at; `null` where there are no more. */
  readonly next: BatchPlace | null;
  readonly batches: number;
}

/** SQL: nothing names the batch `b`, rows of quotes, bars and members aside. */
export const isNotNamed = `NOT EXISTS (SELECT FROM quarantine x WHERE x.batch_id = b.id)
  AND NOT EXISTS (SELECT FROM finding x WHERE x.batch_id = b.id)
  AND NOT EXISTS (SELECT FROM constituent_snapshot x WHERE x.batch_id = b.id)
  AND NOT EXISTS (SELECT FROM latest_quote x WHERE x.batch_id = b.id)
  AND NOT EXISTS (SELECT FROM corporate_action x WHERE x.batch_id = b.id)
  AND NOT EXISTS (SELECT FROM corporate_action_revision x WHERE x.batch_id = b.id)`;

/** A quote is at most some minutes younger than its batch, whatever its source says. */
const youngest = `interval '2 days'`;

/*
 * Up to the bound all months are in the archive, their former partitions dropped: what `quote` and `quote_revision` still
 * have of them are the few rows that are needed beside the files. `EXCEPT` reads those once for all batches of a page.
 */
const expireText = `
  WITH bound AS MATERIALIZED (
    SELECT least($1::timestamptz, coalesce(
      min(month) FILTER (WHERE manifest IS NULL OR former IS NOT NULL OR sweep_before IS NOT NULL),
      max(month) + interval '1 month', '-infinity')::timestamptz) AS before FROM quote_archive
  ), page AS MATERIALIZED (
    SELECT id, ingested_at FROM batch
    WHERE kind = 'quotes' AND ingested_at < (SELECT before - ${youngest} FROM bound)
      AND ingested_at >= coalesce($2::timestamptz, '-infinity') AND ($2::timestamptz IS NULL OR ingested_at > $2 OR id > $3::bigint)
    ORDER BY ingested_at, id LIMIT $4
  ), old AS MATERIALIZED (
    SELECT id FROM page
    EXCEPT (SELECT batch_id FROM quote WHERE as_of < (SELECT before FROM bound)
            UNION ALL SELECT batch_id FROM quote_revision WHERE as_of < (SELECT before FROM bound))
  ), gone AS (
    DELETE FROM batch b USING old WHERE b.id = old.id AND NOT EXISTS (SELECT FROM run r WHERE r.id = b.run_id) AND ${isNotNamed}
    RETURNING 1
  )
  SELECT (SELECT count(*)::int FROM gone) AS batches, (SELECT count(*)::int FROM page) AS seen,
         last.ingested_at::text AS "ingestedAt", last.id::text AS id
  FROM (SELECT) one LEFT JOIN LATERAL (SELECT ingested_at, id FROM page ORDER BY ingested_at DESC, id DESC LIMIT 1) last ON true`;

const expiredRow = z.object({
  batches: z.int(),
  seen: z.int(),
  ingestedAt: z.string().nullable(),
  id: z.string().nullable(),
});

/**
 * Looks at so many batches of quotes that were ingested before `before`, from a place on, and deletes those whose quotes
 * are all in the archive, which has their provenance: those whose run is gone and that nothing in the database names any
 * more.
 */
export async function expireBatches(
  pool: Pool,
  before: Date,
  after: BatchPlace | null,
  limit: number,
): Promise<ExpiredBatches> {
  const result = await pool.query(expireText, [before, after?.ingestedAt ?? null, after?.id ?? null, limit]);
  const { batches, seen, ingestedAt, id } = onlyRow(expiredRow, result);
  return { batches, next: seen === limit && ingestedAt !== null && id !== null ? { ingestedAt, id } : null };
}
