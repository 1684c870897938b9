import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import { importStatuses } from '../../../contracts/http/imports.ts';
import { rawBlobKey } from '../../../contracts/s3-keys.ts';
import { importKinds, importTrigger } from '../../../contracts/words/imports.ts';
import { licenceClasses } from '../../../contracts/words/licence.ts';
import { quarantineReasons } from '../../../contracts/words/quarantine-reasons.ts';
import { keptFindingSchema } from '../../../contracts/words/row-findings.ts';
import type { ImportStore } from '../../../ports/import-store.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { firstRow, instant, rowsOf } from '../database/rows.ts';
import { insertFetchedRun } from './runs.ts';

/** How long parts may wait for `ingest` before they count as lost. */
const patienceSeconds = 3600;

/** $1 is the clock. */
const summed = `SELECT i.id, i.kind, i.licence, i.source_id AS "sourceId", i.answers_of AS "answersOf", i.label,
    i.created_at AS "createdAt", i.expires_at AS "expiresAt",
    CASE WHEN i.finished_at IS NULL THEN CASE WHEN i.expires_at <= $1 THEN 'expired' ELSE 'open' END
         WHEN t."partsRead" + t."partsFailed" < p.parts THEN 'queued'
         WHEN t.accepted = 0 THEN 'failed'
         WHEN t."partsFailed" > 0 OR t.rejected > 0 THEN 'partial'
         ELSE 'done' END AS status,
    CASE WHEN i.finished_at IS NOT NULL AND t."partsRead" + t."partsFailed" = p.parts THEN t."finishedAt" END AS "finishedAt",
    p.parts, t."partsRead", t."partsFailed", t.accepted, t.written, t.rejected
  FROM import i
  CROSS JOIN LATERAL (SELECT count(*)::int AS parts FROM import_part WHERE import_id = i.id) p
  CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE t.status = 'succeeded')::int AS "partsRead",
           count(*) FILTER (WHERE t.status = 'failed')::int AS "partsFailed",
           max(t.finished_at) AS "finishedAt",
           coalesce(sum(b.accepted), 0)::int AS accepted, coalesce(sum(b.written), 0)::int AS written,
           coalesce(sum(b.rejected), 0)::int AS rejected
    FROM task t LEFT JOIN batch b ON b.id = t.batch_id WHERE t.run_id = i.id) t`;

const importRow = z.object({
  id: z.string(),
  kind: z.enum(importKinds),
  licence: z.enum(licenceClasses).catch('unknown'),
  sourceId: z.string(),
  answersOf: z.string().nullable(),
  label: z.string().nullable(),
  createdAt: instant,
  expiresAt: instant,
  status: z.enum(importStatuses),
  finishedAt: instant.nullable(),
  parts: z.int(),
  partsRead: z.int(),
  partsFailed: z.int(),
  accepted: z.int(),
  written: z.int(),
  rejected: z.int(),
});

const lockedRow = z.object({
  slot: z.string(),
  sourceId: z.string(),
  kind: z.enum(importKinds),
  job: z.string(),
  createdAt: instant,
  expiresAt: instant,
  finishedAt: instant.nullable(),
});
const partRow = z.object({ part: z.int(), bytes: z.int(), sha256: z.string() });
const numberRow = z.object({ part: z.int() });
const heldRow = z.object({
  id: z.string(),
  part: z.int(),
  path: z.string(),
  symbol: z.string().nullable(),
  reason: z.enum(quarantineReasons).catch('schema'),
  finding: keptFindingSchema,
  detail: z.string(),
});

/** Imports in Postgres. */
export function importStore(pool: Pool): VisibleTo<ImportStore> {
  return (visible) => {
    async function one(id: string, now: Date) {
      const found = firstRow(importRow, await pool.query(`${summed} WHERE i.id = $2`, [now, id]));
      if (found) visible.require(found.sourceId);
      return found;
    }
    /** An import that is locked until the transaction ends. */
    async function lock(db: Pick<Pool, 'query'>, id: string) {
      const found = await db.query(
        `SELECT slot, source_id AS "sourceId", kind, coalesce(answers_of, kind) AS job, created_at AS "createdAt",
                expires_at AS "expiresAt", finished_at AS "finishedAt"
         FROM import WHERE id = $1 FOR UPDATE`,
        [id],
      );
      const row = firstRow(lockedRow, found);
      if (row) visible.require(row.sourceId);
      return row;
    }
    return {
      one,

      async create(of, now) {
        visible.require(of.sourceId);
        await pool.query(
          `INSERT INTO import (id, slot, kind, licence, source_id, answers_of, label, key_id, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
          [
            of.id,
            of.slot,
            of.kind,
            of.licence,
            of.sourceId,
            of.answersOf,
            of.label,
            of.keyId,
            of.createdAt,
            of.expiresAt,
          ],
        );
        const made = await one(of.id, now);
        if (!made) throw new Error(`The import ${of.id} was stored and is not there.`);
        return made;
      },

      async list({ after, limit, now }) {
        const result = await pool.query(
          `${summed} WHERE ($2::timestamptz IS NULL OR i.created_at < $2 OR (i.created_at = $2 AND i.id > $3::uuid))
             AND ($5::text[] IS NULL OR i.source_id = ANY ($5))
           ORDER BY i.created_at DESC, i.id LIMIT $4`,
          [now, after?.createdAt ?? null, after?.id ?? null, limit, visible.ids],
        );
        return rowsOf(importRow, result);
      },

      announce: (id, { part, bytes, sha256 }, now) =>
        inTransaction(pool, async (db) => {
          const held = await lock(db, id);
          if (!held) return 'unknown';
          if (held.finishedAt !== null || held.expiresAt <= now) return 'ended';
          const result = await db.query(
            `INSERT INTO import_part AS p (import_id, part, bytes, sha256) VALUES ($1, $2, $3, $4)
             ON CONFLICT (import_id, part) DO UPDATE SET bytes = p.bytes RETURNING part, bytes, sha256`,
            [id, part, bytes, sha256],
          );
          const kept = firstRow(partRow, result);
          return kept?.bytes === bytes && kept.sha256 === sha256 ? null : 'other_part';
        }),

      finish: (id, parts, now) =>
        inTransaction(pool, async (db) => {
          const held = await lock(db, id);
          if (!held) return 'unknown';
          const found = await db.query('SELECT part FROM import_part WHERE import_id = $1 ORDER BY part', [id]);
          const announced = rowsOf(numberRow, found).map(({ part }) => part);
          if (announced.length !== parts || announced.some((part, place) => part !== place)) return 'parts_missing';
          if (held.finishedAt !== null) return null;
          if (held.expiresAt <= now) return 'ended';
          const { slot, sourceId, kind, job, createdAt } = held;
          const keys = announced.map((part) =>
            rawBlobKey({ sourceId, createdAt: createdAt.toISOString(), runId: id, part, attempt: 1 }),
          );
          const run = { id, sourceId, job, kind, trigger: importTrigger, slot, dueAt: now, plannedAt: now } as const;
          await insertFetchedRun(db, { ...run, tasks: keys.map(() => ({ symbols: [] })) }, keys, patienceSeconds);
          await db.query('UPDATE import SET finished_at = $2 WHERE id = $1', [id, now]);
          return null;
        }),

      async unread(id) {
        const found = await pool.query(
          `SELECT t.part FROM task t WHERE t.run_id = $1 AND t.batch_id IS NULL AND t.finished_at IS NULL ORDER BY t.part`,
          [id],
        );
        return rowsOf(numberRow, found).map(({ part }) => part);
      },

      async held(id, { after, limit }) {
        const result = await pool.query(
          `SELECT q.id, q.part, q.path, q.symbol, q.reason, q.finding, q.detail
           FROM batch b JOIN quarantine q ON q.blob_key = b.blob_key AND q.batch_id = b.id
           WHERE b.run_id = $1 AND q.resolved_at IS NULL AND ($2::bigint IS NULL OR q.id > $2)
           ORDER BY q.id LIMIT $3`,
          [id, after, limit],
        );
        return rowsOf(heldRow, result);
      },
    };
  };
}
