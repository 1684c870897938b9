import * as z from 'zod';
import { channelKinds, channelStops, type DeliveryError, deliveryErrors } from '../../../contracts/words/alerts.ts';
import type { AlertChannel, AlertStore } from '../../../ports/alert-store.ts';
import { publish } from '../database/outbox.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { firstRow, instant, onlyRow, rowsOf } from '../database/rows.ts';

/** Channels that there may be. */
export const mostChannels = 200;

const channelRow = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(channelKinds),
  target: z.string(),
  failingSince: instant.nullable(),
  disabled: z.enum(channelStops).nullable().catch('person'),
  disabledAt: instant.nullable(),
  lastDeliveredAt: instant.nullable(),
  lastError: z.enum(deliveryErrors).nullable().catch('connection'),
  createdAt: instant,
});

const channels = `SELECT c.id, c.name, c.kind, c.target, c.failing_since AS "failingSince", c.disabled,
    c.disabled_at AS "disabledAt", c.last_delivered_at AS "lastDeliveredAt", c.last_error AS "lastError",
    c.created_at AS "createdAt"
  FROM alert_channel c WHERE c.removed_at IS NULL`;

/** As an event names it. */
const activeRow = z.object({ channelId: z.string(), name: z.string(), kind: z.enum(channelKinds) });
const countRow = z.object({ count: z.int() });
const nameRow = z.object({ name: z.string() });
const keyRow = z.object({ publicKey: z.string() });

type ChannelStore = Pick<
  AlertStore,
  'channels' | 'channel' | 'addChannel' | 'removeChannel' | 'enableChannel' | 'sealingKey'
>;

/** Channels in Postgres. */
export function channelStore(pool: Pool): ChannelStore {
  return {
    async channels({ after, limit }) {
      const found = await pool.query({
        name: 'alert-channels',
        text: `${channels} AND ($1::timestamptz IS NULL OR (c.created_at, c.id) < ($1, $2::uuid))
               ORDER BY c.created_at DESC, c.id DESC LIMIT $3`,
        values: [after?.createdAt ?? null, after?.id ?? null, limit],
      });
      return rowsOf(channelRow, found).map(channelOf);
    },

    async channel(id) {
      const found = firstRow(channelRow, await pool.query(`${channels} AND c.id = $1`, [id]));
      return found && channelOf(found);
    },

    addChannel: (channel) =>
      inTransaction(pool, async (db) => {
        await db.query(`SELECT pg_advisory_xact_lock(hashtext('alert channels'))`);
        const known = await db.query('SELECT count(*)::int AS count FROM alert_channel WHERE id = $1', [channel.id]);
        if (onlyRow(countRow, known).count > 0) return 'existing';
        const all = await db.query('SELECT count(*)::int AS count FROM alert_channel WHERE removed_at IS NULL');
        if (onlyRow(countRow, all).count >= mostChannels) return 'full';
        const { id, name, kind, target, sealed, keyId, at } = channel;
        await db.query(
          'INSERT INTO alert_channel (id, name, kind, target, sealed, key_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)',
          [id, name, kind, target, sealed, keyId, at],
        );
        return 'added';
      }),

    removeChannel: (id, at) =>
      inTransaction(pool, async (db) => {
        const { rowCount } = await db.query(
          'UPDATE alert_channel SET removed_at = $2, sealed = NULL WHERE id = $1 AND removed_at IS NULL',
          [id, at],
        );
        if (rowCount === 0) return null;
        await giveUp(db, id, at, 'channel_removed');
        const alone = await db.query(
          'SELECT name FROM alert_rule WHERE channel_ids = ARRAY[$1::uuid] AND removed_at IS NULL ORDER BY name LIMIT 20',
          [id],
        );
        await db.query(
          'UPDATE alert_rule SET channel_ids = array_remove(channel_ids, $1::uuid) WHERE $1 = ANY (channel_ids)',
          [id],
        );
        return { rulesLeft: rowsOf(nameRow, alone).map(({ name }) => name) };
      }),

    enableChannel: (id, enabled, at) =>
      inTransaction(pool, async (db) => {
        const found = await db.query(
          `SELECT id AS "channelId", name, kind FROM alert_channel
           WHERE id = $1 AND disabled IS NULL AND removed_at IS NULL FOR UPDATE`,
          [id],
        );
        const active = firstRow(activeRow, found);
        const { rowCount } = await db.query(
          `UPDATE alert_channel SET disabled = CASE WHEN $2 THEN NULL ELSE 'person' END,
                disabled_at = CASE WHEN $2 THEN NULL ELSE $3::timestamptz END, failing_since = NULL
         WHERE id = $1 AND removed_at IS NULL`,
          [id, enabled, at],
        );
        if (!enabled) await giveUp(db, id, at, 'channel_disabled');
        if (!enabled && active !== null)
          publish(db, [{ type: 'channel.disabled', data: { ...active, because: 'person', at: at.toISOString() } }]);
        return rowCount === 1;
      }),

    async sealingKey() {
      const found = await pool.query('SELECT public_key AS "publicKey" FROM alert_sealing_key');
      return firstRow(keyRow, found)?.publicKey ?? null;
    },
  };
}

/** Gives up what waits for a channel. It is kept. */
export async function giveUp(db: Connection, channelId: string, at: Date, why: DeliveryError): Promise<void> {
  await db.query(
    `UPDATE alert_delivery SET finished_at = $2, delivered = false, last_error = $3, next_at = NULL
     WHERE channel_id = $1 AND finished_at IS NULL`,
    [channelId, at, why],
  );
}

function channelOf(row: z.output<typeof channelRow>): AlertChannel {
  const state = row.disabled !== null ? 'disabled' : row.failingSince !== null ? 'failing' : 'active';
  return { ...row, state };
}
