import { type Diagnosis, diagnosisSchema } from '../../../contracts/http/diagnostics.ts';
import type { Pool } from '../database/pool.ts';

export interface StoredDiagnosis {
  readonly id: string;
  readonly diagnosis: Diagnosis;
  readonly markdown: string;
  readonly summary: { readonly model: string; readonly text: string } | null;
}

/** A row of the list. */
export interface DiagnosisRow {
  readonly id: string;
  readonly created_at: Date;
  readonly score: number | null;
  readonly headline: string | null;
}

interface Row {
  readonly id: string;
  readonly facts: unknown;
  readonly markdown: string;
  readonly summary: string | null;
  readonly summary_model: string | null;
}

export type DiagnosisStore = ReturnType<typeof diagnosisStore>;

/** Diagnoses that were made. One is never changed, but for a summary that comes later. */
export function diagnosisStore(pool: Pool) {
  return {
    /** Keeps one; the same id again keeps what is there. */
    async keep(of: { id: string; diagnosis: Diagnosis; markdown: string; requestedBy: string | null }): Promise<void> {
      await pool.query(
        `INSERT INTO diagnosis (id, created_at, requested_by, score, facts, markdown) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO NOTHING`,
        [
          of.id,
          of.diagnosis.createdAt,
          of.requestedBy,
          of.diagnosis.score,
          JSON.stringify(of.diagnosis),
          // Postgres keeps no NUL.
          of.markdown.replaceAll('\0', ''),
        ],
      );
    },

    async one(id: string): Promise<StoredDiagnosis | null> {
      const { rows } = await pool.query<Row>(
        'SELECT id, facts, markdown, summary, summary_model FROM diagnosis WHERE id = $1',
        [id],
      );
      return rows[0] ? stored(rows[0]) : null;
    },

    /** What the newest one says; `null` before the first, and for one of an older form. */
    async newest(): Promise<Diagnosis | null> {
      const { rows } = await pool.query<{ facts: unknown }>(
        'SELECT facts FROM diagnosis ORDER BY created_at DESC, id LIMIT 1',
      );
      return diagnosisSchema.safeParse(rows[0]?.facts).data ?? null;
    },

    /** A page, the newest first. */
    async list(of: { after: { createdAt: Date; id: string } | null; limit: number }): Promise<DiagnosisRow[]> {
      const { rows } = await pool.query<DiagnosisRow>(
        `SELECT id, created_at, score, facts ->> 'headline' AS headline FROM diagnosis
         WHERE $1::timestamptz IS NULL OR created_at < $1 OR (created_at = $1 AND id > $2::uuid)
         ORDER BY created_at DESC, id LIMIT $3`,
        [of.after?.createdAt ?? null, of.after?.id ?? null, of.limit],
      );
      return rows;
    },
  };
}

function stored(row: Row): StoredDiagnosis | null {
  const diagnosis = diagnosisSchema.safeParse(row.facts);
  if (!diagnosis.success) return null;
  const { summary: text, summary_model: model } = row;
  return {
    id: row.id,
    diagnosis: diagnosis.data,
    markdown: row.markdown,
    summary: text !== null && model !== null ? { model, text } : null,
  };
}
