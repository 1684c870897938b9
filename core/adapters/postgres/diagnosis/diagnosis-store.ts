import * as z from 'zod';
import { diagnosisSchema } from '../../../contracts/http/diagnostics.ts';
import { summaryRefusals } from '../../../contracts/words/summary-refusals.ts';
import type { DiagnosisStore } from '../../../ports/diagnosis-store.ts';
import type { Pool } from '../database/pool.ts';
import { firstRow, instant, rowsOf } from '../database/rows.ts';

/** `null` for a diagnosis of an older form. */
const facts = diagnosisSchema.nullable().catch(null);
const diagnosisRow = z.object({
  id: z.string(),
  facts,
  markdown: z.string(),
  summary: z.string().nullable(),
  model: z.string().nullable(),
  // A later release may have other words.
  refusal: z.enum(summaryRefusals).nullable().catch('model_failed'),
});
const factsRow = z.object({ facts });
const headRow = z.object({
  id: z.string(),
  createdAt: instant,
  score: z.int().nullable(),
  headline: z.string().nullable(),
});

/** Diagnoses in Postgres. */
export function diagnosisStore(pool: Pool): DiagnosisStore {
  return {
    async keep(of) {
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

    async one(id) {
      const result = await pool.query(
        'SELECT id, facts, markdown, summary, summary_model AS model, summary_refusal AS refusal FROM diagnosis WHERE id = $1',
        [id],
      );
      const row = firstRow(diagnosisRow, result);
      if (!row?.facts) return null;
      const { facts: diagnosis, markdown, summary: text, model, refusal } = row;
      const summary = text !== null && model !== null ? { model, text } : null;
      const summaryRefusal = summary === null && refusal !== null && model !== null ? { model, why: refusal } : null;
      return { id: row.id, diagnosis, markdown, summary, summaryRefusal };
    },

    async newest() {
      const result = await pool.query('SELECT facts FROM diagnosis ORDER BY created_at DESC, id LIMIT 1');
      return firstRow(factsRow, result)?.facts ?? null;
    },

    async list(of) {
      const result = await pool.query(
        `SELECT id, created_at AS "createdAt", score, facts ->> 'headline' AS headline FROM diagnosis
         WHERE $1::timestamptz IS NULL OR created_at < $1 OR (created_at = $1 AND id > $2::uuid)
         ORDER BY created_at DESC, id LIMIT $3`,
        [of.after?.createdAt ?? null, of.after?.id ?? null, of.limit],
      );
      return rowsOf(headRow, result);
    },
  };
}
