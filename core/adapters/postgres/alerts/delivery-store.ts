import * as z from 'zod';
import { alertKinds, type DeliveryStatus, deliveryErrors, deliveryStatuses } from '../../../contracts/words/alerts.ts';
import type { AlertStore } from '../../../ports/alert-store.ts';
import type { Pool } from '../database/pool.ts';
import { firstRow, instant, rowsOf } from '../database/rows.ts';

const deliveryRow = z.object({
  id: z.string(),
  ruleId: z.string().nullable(),
  ruleName: z.string().nullable(),
  kind: z.enum(alertKinds).nullable().catch(null),
  channelId: z.string(),
  channelName: z.string(),
  eventId: z.string(),
  status: z.enum(deliveryStatuses),
  attempts: z.int(),
  createdAt: instant,
  nextAt: instant.nullable(),
  finishedAt: instant.nullable(),
  lastError: z.enum(deliveryErrors).nullable().catch('connection'),
  lastStatus: z.int().nullable(),
});

/** SQL: which deliveries `d` have a status at $1. */
const whichAre: Readonly<Record<DeliveryStatus, string>> = {
  waiting: 'd.finished_at IS NULL AND (d.held_until IS NULL OR d.held_until <= $1)',
  held: 'd.finished_at IS NULL AND d.held_until > $1',
  delivered: 'd.finished_at IS NOT NULL AND d.delivered',
  dead: 'd.finished_at IS NOT NULL AND NOT d.delivered',
};

/** $1 is the clock. */
const deliveries = `SELECT d.id, d.rule_id AS "ruleId", r.name AS "ruleName", r.kind, d.channel_id AS "channelId",
    c.name AS "channelName", d.event_id AS "eventId",
    CASE WHEN d.delivered THEN 'delivered' WHEN d.finished_at IS NOT NULL THEN 'dead'
         WHEN d.held_until > $1 THEN 'held' ELSE 'waiting' END AS status,
    d.attempts, d.created_at AS "createdAt", d.next_at AS "nextAt", d.finished_at AS "finishedAt",
    d.last_error AS "lastError", d.last_status AS "lastStatus"
  FROM alert_delivery d JOIN alert_channel c ON c.id = d.channel_id LEFT JOIN alert_rule r ON r.id = d.rule_id`;

type DeliveryStore = Pick<AlertStore, 'deliveries' | 'delivery' | 'addTest' | 'retry'>;

/** Deliveries in Postgres. */
export function deliveryStore(pool: Pool): DeliveryStore {
  return {
    async deliveries({ ruleId, channelId, status, after, limit, now }) {
      const conditions = [
        ...(ruleId === null ? [] : ['d.rule_id = $5']),
        ...(channelId === null ? [] : ['d.channel_id = $6']),
        ...(status === null ? [] : [whichAre[status]]),
      ];
      const where = conditions.length === 0 ? '' : `AND ${conditions.join(' AND ')}`;
      // Parameters that no condition names have a type all the same.
      const found = await pool.query(
        `${deliveries} WHERE ($2::timestamptz IS NULL OR (d.created_at, d.id) < ($2, $3::uuid))
           AND ($5::uuid IS NULL OR true) AND ($6::uuid IS NULL OR true) ${where}
         ORDER BY d.created_at DESC, d.id DESC LIMIT $4`,
        [now, after?.createdAt ?? null, after?.id ?? null, limit, ruleId, channelId],
      );
      return rowsOf(deliveryRow, found);
    },

    async delivery(id, now) {
      return firstRow(deliveryRow, await pool.query(`${deliveries} WHERE d.id = $2`, [now, id]));
    },

    async addTest({ id, channelId, body, at }) {
      await pool.query(
        `INSERT INTO alert_delivery (id, channel_id, event_id, body, created_at, next_at) VALUES ($1, $2, $1, $3, $4, $4)
         ON CONFLICT (id) DO NOTHING`,
        [id, channelId, JSON.stringify(body), at],
      );
    },

    async retry(id, at) {
      const { rowCount } = await pool.query(
        `UPDATE alert_delivery d SET finished_at = NULL, delivered = NULL, attempts = 0, next_at = $2, held_until = NULL
         FROM alert_channel c
         WHERE d.id = $1 AND d.finished_at IS NOT NULL AND NOT d.delivered AND c.id = d.channel_id AND c.removed_at IS NULL`,
        [id, at],
      );
      return rowCount === 1;
    },
  };
}
