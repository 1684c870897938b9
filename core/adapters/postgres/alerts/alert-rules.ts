import * as z from 'zod';
import { alertConditionSchema, quietHoursSchema } from '../../../contracts/http/alerts.ts';
import { keyUses } from '../../../contracts/words/licence.ts';
import type { AlertRules, Evaluation, WatchedRule } from '../../../ports/alert-rules.ts';
import { texts } from '../database/array-literal.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { firstRow, instant, onlyRow, rowsOf } from '../database/rows.ts';
import { isRunning } from '../database/switches.ts';
import { isWrong } from '../prices/wrong-quotes.ts';
import { stoppedAt } from './rule-store.ts';

const watchedRow = z.object({
  id: z.string(),
  name: z.string(),
  condition: alertConditionSchema,
  quietHours: quietHoursSchema.nullable(),
  use: z.enum(keyUses).catch('redistribute'),
  met: z.boolean().nullable(),
  metOn: z.string().nullable(),
  pendingEvent: z.string().nullable(),
  evaluatedAt: instant.nullable(),
  revision: z.string(),
});

/** Rules that are evaluated at $1. */
const watched = `SELECT r.id, r.name, r.condition, r.quiet_hours AS "quietHours", k.use, r.met, r.met_on AS "metOn",
    r.pending_event AS "pendingEvent", r.evaluated_at AS "evaluatedAt", r.revision::text AS revision
  FROM alert_rule r JOIN api_key k ON k.id = r.key_id
  WHERE r.removed_at IS NULL AND r.enabled AND ${stoppedAt('$1')} IS NULL`;

const wrongRow = z.object({ wrong: z.boolean() });
const countRow = z.object({ count: z.int() });

/** That it was looked at is written so often where nothing has changed. */
const touchMs = 300_000;

/** Rules as they are evaluated, in Postgres. */
export function alertRules(pool: Pool): AlertRules {
  const count = async (text: string, sourceIds: readonly string[] | null) =>
    onlyRow(countRow, await pool.query(text, [sourceIds && texts(sourceIds)])).count;
  return {
    running: () => isRunning(pool, 'alerts'),

    async concerned({ kinds, symbols, sourceId }, now) {
      const found = await pool.query({
        name: 'alert-rules-concerned',
        text: `${watched} AND r.kind = ANY ($2::text[])
                 AND (r.subject_symbol IS NULL OR r.subject_symbol = ANY ($3::text[]))
                 AND (r.subject_source IS NULL OR r.subject_source = $4) ORDER BY r.id`,
        values: [now, texts(kinds), texts(symbols), sourceId],
      });
      return rowsOf(watchedRow, found);
    },

    async due({ now, coverageBefore, limit }) {
      const found = await pool.query({
        name: 'alert-rules-due',
        text: `${watched} AND (r.pending_event IS NOT NULL
                 OR (r.kind = 'coverage_below' AND (r.evaluated_at IS NULL OR r.evaluated_at < $2)))
               ORDER BY r.evaluated_at NULLS FIRST, r.id LIMIT $3`,
        values: [now, coverageBefore, limit],
      });
      return rowsOf(watchedRow, found);
    },

    async again(id, now) {
      return firstRow(watchedRow, await pool.query(`${watched} AND r.id = $2`, [now, id]));
    },

    keep: async (rule, evaluation) =>
      isSame(rule, evaluation) ? 'kept' : inTransaction(pool, (db) => keep(db, rule, evaluation)),

    async isWrong({ listingId, source, asOf, price }) {
      const found = await pool.query({
        name: 'alert-price-is-wrong',
        text: `SELECT ${isWrong('q')} AS wrong
               FROM (SELECT $1::int AS listing_id, $2::text AS source, $3::timestamptz AS as_of, $4::numeric AS price) q`,
        values: [listingId, source, asOf, price],
      });
      return onlyRow(wrongRow, found).wrong;
    },

    openFindings: (sourceIds) =>
      count(
        `SELECT count(*)::int AS count FROM finding WHERE status = 'open' AND ($1::text[] IS NULL OR source = ANY ($1))`,
        sourceIds,
      ),

    quarantined: (sourceIds) =>
      count(
        `SELECT count(*)::int AS count FROM quarantine
         WHERE resolved_at IS NULL AND ($1::text[] IS NULL OR source_id = ANY ($1))`,
        sourceIds,
      ),
  };
}

/** Whether there is nothing to write. */
function isSame(rule: WatchedRule, { met, metOn, pendingEvent, alert, at }: Evaluation): boolean {
  const touched = rule.evaluatedAt !== null && at.getTime() - rule.evaluatedAt.getTime() < touchMs;
  return touched && alert === null && met === rule.met && metOn === rule.metOn && pendingEvent === rule.pendingEvent;
}

async function keep(db: Connection, rule: WatchedRule, of: Evaluation): Promise<'kept' | 'changed'> {
  const { rowCount } = await db.query({
    name: 'alert-rule-keep',
    text: `UPDATE alert_rule SET met = $3, met_on = $4, pending_event = $5, evaluated_at = $6, revision = revision + 1,
             last_alert_at = CASE WHEN $7 THEN $6 ELSE last_alert_at END
           WHERE id = $1 AND revision = $2::bigint AND enabled AND removed_at IS NULL`,
    values: [rule.id, rule.revision, of.met, of.metOn, of.pendingEvent, of.at, of.alert !== null],
  });
  if (rowCount === 0) return 'changed';
  if (of.alert === null) return 'kept';
  await db.query({
    name: 'alert-raise',
    // To a channel that is switched off nothing is sent: the alert is kept all the same.
    text: `INSERT INTO alert_delivery (rule_id, channel_id, event_id, body, created_at, held_until, next_at,
                                       finished_at, delivered, last_error)
           SELECT r.id, c.id, $2, $3, $4, $5,
                  CASE WHEN c.disabled IS NULL THEN coalesce($5::timestamptz, $4::timestamptz) END,
                  CASE WHEN c.disabled IS NOT NULL THEN $4::timestamptz END,
                  CASE WHEN c.disabled IS NOT NULL THEN false END,
                  CASE WHEN c.disabled IS NOT NULL THEN 'channel_disabled' END
           FROM alert_rule r JOIN alert_channel c ON c.id = ANY (r.channel_ids) AND c.removed_at IS NULL
           WHERE r.id = $1
           ON CONFLICT (rule_id, event_id, channel_id) DO NOTHING`,
    values: [rule.id, of.alert.eventId, JSON.stringify(of.alert.body), of.at, of.alert.heldUntil],
  });
  return 'kept';
}
