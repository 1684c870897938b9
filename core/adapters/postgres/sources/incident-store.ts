import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import { evidenceSchema } from '../../../contracts/http/recovery.ts';
import { runReasons } from '../../../contracts/words/run-reasons.ts';
import type { KeptIncident } from '../../../health/incident.ts';
import type { IncidentStore } from '../../../ports/incident-store.ts';
import { isoInstant } from '../database/instant.ts';
import type { Pool } from '../database/pool.ts';

const incidentRow = z.object({
  id: z.string(),
  source_id: z.string(),
  reason: z.enum(runReasons).catch('unexplained'),
  opened_at: z.date(),
  position: z.string(),
  last_seen_at: z.date(),
  resolved_at: z.date().nullable(),
  count: z.int(),
  bouts: z.int(),
  evidence: z.array(evidenceSchema),
});

const columns = `id, source_id, reason, opened_at, opened_at::text AS position, last_seen_at, resolved_at, count, bouts,
  evidence`;

/** Incidents in Postgres. */
export function incidentStore(pool: Pool): VisibleTo<IncidentStore> {
  return (visible) => ({
    async list({ sourceId, reason, status, after, limit }) {
      const { rows } = await pool.query(
        `SELECT ${columns} FROM incident
         WHERE ($1::text IS NULL OR source_id = $1) AND ($2::text IS NULL OR reason = $2)
           AND ($3::text IS NULL OR (resolved_at IS NULL) = ($3 = 'open'))
           AND ($4::timestamptz IS NULL OR opened_at < $4 OR (opened_at = $4 AND id > $5::uuid))
           AND ($7::text[] IS NULL OR source_id = ANY ($7))
         ORDER BY opened_at DESC, id LIMIT $6`,
        [sourceId, reason, status, after?.openedAt ?? null, after?.id ?? null, limit, visible.ids],
      );
      return rows.map(kept);
    },

    async one(id) {
      const { rows } = await pool.query(`SELECT ${columns} FROM incident WHERE id = $1`, [id]);
      if (rows.length === 0) return null;
      const incident = kept(rows[0]);
      visible.require(incident.sourceId);
      return incident;
    },

    async open(sourceIds) {
      const { rows } = await pool.query(
        `SELECT ${columns} FROM incident WHERE source_id = ANY ($1::text[]) AND resolved_at IS NULL ORDER BY opened_at DESC, id`,
        [sourceIds.filter((id) => visible.has(id))],
      );
      return rows.map(kept);
    },
  });
}

function kept(row: unknown): KeptIncident {
  const { source_id, opened_at, position, last_seen_at, resolved_at, ...incident } = incidentRow.parse(row);
  return {
    ...incident,
    sourceId: source_id,
    openedAt: opened_at,
    position: isoInstant(position),
    lastSeenAt: last_seen_at,
    resolvedAt: resolved_at,
  };
}
