import type { Pool } from '../database/pool.ts';

export interface QuarantineRow {
  readonly id: string;
  readonly at: Date;
  readonly source_id: string;
  readonly reason: string;
  readonly symbol: string | null;
  readonly finding: unknown;
  readonly detail: string;
  readonly path: string;
  /** Parsed by the driver: what a source once said, so of any shape. */
  readonly row: unknown;
  readonly run_id: string;
  readonly blob_key: string;
  readonly batch_id: string;
}

export type QuarantineReader = ReturnType<typeof quarantineReader>;

/** Reads of rows that failed a check and wait for someone to look. */
export function quarantineReader(pool: Pool) {
  return {
    /** One row, also where it is resolved. */
    async one(id: string): Promise<QuarantineRow | null> {
      const { rows } = await pool.query<QuarantineRow>(
        'SELECT id, at, source_id, reason, symbol, finding, detail, path, row, run_id, blob_key, batch_id FROM quarantine WHERE id = $1',
        [id],
      );
      return rows[0] ?? null;
    },

    /** A page, the newest first. */
    async page(of: {
      sourceId: string | null;
      reason: string | null;
      before: string | null;
      limit: number;
    }): Promise<QuarantineRow[]> {
      const { rows } = await pool.query<QuarantineRow>({
        name: 'quarantine',
        text: `SELECT id, at, source_id, reason, symbol, finding, detail, path, row, run_id, blob_key, batch_id FROM quarantine
               WHERE resolved_at IS NULL AND ($1::text IS NULL OR source_id = $1) AND ($2::text IS NULL OR reason = $2)
                 AND ($3::bigint IS NULL OR id < $3)
               ORDER BY id DESC LIMIT $4`,
        values: [of.sourceId, of.reason, of.before, of.limit],
      });
      return rows;
    },
  };
}
