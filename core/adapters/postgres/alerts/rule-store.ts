import * as z from 'zod';
import { alertConditionSchema, quietHoursSchema } from '../../../contracts/http/alerts.ts';
import { ruleStops } from '../../../contracts/words/alerts.ts';
import { keyUses } from '../../../contracts/words/licence.ts';
import type { AlertRule, AlertStore } from '../../../ports/alert-store.ts';
import { texts } from '../database/array-literal.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { firstRow, instant, onlyRow, rowsOf } from '../database/rows.ts';

/** Rules that there may be. Each event is compared with those of its symbol or source. */
export const mostRules = 1_000;

/** SQL: why rule `r` of key `k` is not evaluated at an instant; NULL for one that is. */
export const stoppedAt = (at: string): string => `CASE
  WHEN k.id IS NULL THEN 'key_missing' WHEN k.revoked_at IS NOT NULL THEN 'key_revoked'
  WHEN k.expires_at <= ${at} THEN 'key_expired' WHEN NOT r.enabled THEN 'person' END`;

const ruleRow = z.object({
  id: z.string(),
  name: z.string(),
  condition: alertConditionSchema,
  channelIds: z.array(z.string()),
  quietHours: quietHoursSchema.nullable(),
  keyId: z.string().nullable(),
  keyName: z.string().nullable(),
  use: z.enum(keyUses).catch('redistribute'),
  enabled: z.boolean(),
  stopped: z.enum(ruleStops).nullable(),
  met: z.boolean().nullable(),
  evaluatedAt: instant.nullable(),
  lastAlertAt: instant.nullable(),
  createdAt: instant,
});

/** $1 is the clock. */
const rules = `SELECT r.id, r.name, r.condition, r.channel_ids AS "channelIds", r.quiet_hours AS "quietHours",
    k.id AS "keyId", k.name AS "keyName", k.use, r.enabled, ${stoppedAt('$1')} AS stopped, r.met,
    r.evaluated_at AS "evaluatedAt", r.last_alert_at AS "lastAlertAt", r.created_at AS "createdAt"
  FROM alert_rule r LEFT JOIN api_key k ON k.id = r.key_id WHERE r.removed_at IS NULL`;

const countRow = z.object({ count: z.int() });

type RuleStore = Pick<AlertStore, 'rules' | 'rule' | 'addRule' | 'removeRule' | 'enableRule'>;

/** Rules in Postgres. */
export function ruleStore(pool: Pool): RuleStore {
  return {
    async rules({ after, limit, now }) {
      const found = await pool.query({
        name: 'alert-rules',
        text: `${rules} AND ($2::timestamptz IS NULL OR (r.created_at, r.id) < ($2, $3::uuid))
               ORDER BY r.created_at DESC, r.id DESC LIMIT $4`,
        values: [now, after?.createdAt ?? null, after?.id ?? null, limit],
      });
      return rowsOf(ruleRow, found).map(ruleOf);
    },

    async rule(id, now) {
      const found = firstRow(ruleRow, await pool.query(`${rules} AND r.id = $2`, [now, id]));
      return found && ruleOf(found);
    },

    addRule: (rule) =>
      inTransaction(pool, async (db) => {
        await db.query(`SELECT pg_advisory_xact_lock(hashtext('alert rules'))`);
        const known = await db.query('SELECT count(*)::int AS count FROM alert_rule WHERE id = $1', [rule.id]);
        if (onlyRow(countRow, known).count > 0) return 'added';
        const all = await db.query('SELECT count(*)::int AS count FROM alert_rule WHERE removed_at IS NULL');
        if (onlyRow(countRow, all).count >= mostRules) return 'full';
        const channelIds = [...new Set(rule.channelIds)];
        // Locked, so that none of them is removed meanwhile.
        const there = await db.query(
          'SELECT id FROM alert_channel WHERE id = ANY ($1::uuid[]) AND removed_at IS NULL ORDER BY id FOR SHARE',
          [texts(channelIds)],
        );
        if (there.rows.length < channelIds.length) return 'no_channel';
        const { condition } = rule;
        await db.query(
          `INSERT INTO alert_rule (id, name, kind, condition, subject_symbol, subject_source, channel_ids, quiet_hours, key_id, met, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
          [
            ...[rule.id, rule.name, condition.kind, JSON.stringify(condition)],
            ...['symbol' in condition ? condition.symbol : null, 'sourceId' in condition ? condition.sourceId : null],
            ...[texts(channelIds), rule.quietHours && JSON.stringify(rule.quietHours), rule.keyId, rule.met, rule.at],
          ],
        );
        return 'added';
      }),

    async removeRule(id, at) {
      const { rowCount } = await pool.query(
        'UPDATE alert_rule SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL',
        [id, at],
      );
      return rowCount === 1;
    },

    async enableRule(id, enabled, met) {
      const { rowCount } = await pool.query(
        `UPDATE alert_rule SET enabled = $2, met = $3, met_on = NULL, revision = revision + 1
         WHERE id = $1 AND removed_at IS NULL`,
        [id, enabled, met],
      );
      return rowCount === 1;
    },
  };
}

function ruleOf({ keyId, keyName, use, ...row }: z.output<typeof ruleRow>): AlertRule {
  return { ...row, owner: keyId === null ? null : { keyId, name: keyName ?? '', use } };
}
