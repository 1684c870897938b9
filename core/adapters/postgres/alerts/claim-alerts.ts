import * as z from 'zod';
import { type AfterAttempt, afterAttempt } from '../../../alerts/after-attempt.ts';
import type { DeliveryOutcome } from '../../../contracts/alert-deliveries.ts';
import type { StateRequest, StateResponses } from '../../../contracts/state.ts';
import { channelKinds } from '../../../contracts/words/alerts.ts';
import { publish } from '../database/outbox.ts';
import type { Connection } from '../database/pool.ts';
import { firstRow, instant, rowsOf } from '../database/rows.ts';
import { isRunning } from '../database/switches.ts';
import { giveUp } from './channel-store.ts';

/** A sender that dies is replaced after this time. It gives up on a receiver long before. */
const claimSeconds = 120;
/** Deliveries to one channel in one claim, so that a receiver that hangs does not keep the others waiting. */
const mostOfChannel = 5;

const claimedRow = z.object({
  id: z.string(),
  token: z.coerce.number(),
  channelId: z.string(),
  sealed: z.string(),
  body: z.unknown(),
});

/** Deliveries that are due, the longest waiting first; and notes the key to which channels are sealed. */
export async function claimAlerts(
  db: Connection,
  { publicKey, limit }: Extract<StateRequest, { op: 'claimAlerts' }>,
): Promise<StateResponses['claimAlerts']> {
  await db.query({
    name: 'alert-sealing-key',
    text: `INSERT INTO alert_sealing_key (public_key, set_at) VALUES ($1, clock_timestamp())
           ON CONFLICT (id) DO UPDATE SET public_key = $1, set_at = clock_timestamp()
           WHERE alert_sealing_key.public_key <> $1`,
    values: [publicKey],
  });
  if (!(await isRunning(db, 'alerts'))) return { go: false, why: 'stopped' };
  const found = await db.query({
    name: 'alert-claim',
    text: `
      WITH due AS (
        SELECT d.id, row_number() OVER (PARTITION BY d.channel_id ORDER BY d.next_at, d.id) AS place
        FROM alert_delivery d JOIN alert_channel c ON c.id = d.channel_id AND c.disabled IS NULL AND c.sealed IS NOT NULL
        WHERE d.finished_at IS NULL AND d.next_at <= clock_timestamp()
          AND (d.claimed_until IS NULL OR d.claimed_until <= clock_timestamp())
      ), mine AS (
        SELECT d.id FROM alert_delivery d
        WHERE d.id IN (SELECT id FROM due WHERE place <= ${mostOfChannel})
          -- Another sender may have claimed it meanwhile.
          AND (d.claimed_until IS NULL OR d.claimed_until <= clock_timestamp())
        ORDER BY d.next_at, d.id LIMIT $1 FOR UPDATE SKIP LOCKED
      )
      UPDATE alert_delivery d
      SET claimed_until = clock_timestamp() + make_interval(secs => ${claimSeconds}), claim_token = d.claim_token + 1,
          attempts = d.attempts + 1
      FROM mine, alert_channel c WHERE d.id = mine.id AND c.id = d.channel_id
      RETURNING d.id, d.claim_token AS token, c.id AS "channelId", c.sealed, d.body`,
    values: [limit],
  });
  const deliveries = rowsOf(claimedRow, found).map(({ id, token, channelId, sealed, body }) => ({
    ...{ id, token, body },
    channel: { id: channelId, sealed },
  }));
  return { go: true, deliveries };
}

const heldRow = z.object({
  attempts: z.int(),
  channelId: z.string(),
  channelName: z.string(),
  channelKind: z.enum(channelKinds),
  failingSince: instant.nullable(),
  disabled: z.string().nullable(),
  now: instant,
});

/** Writes what became of claimed deliveries, and of their channels. */
export async function settleAlerts(
  db: Connection,
  { outcomes }: Extract<StateRequest, { op: 'settleAlerts' }>,
): Promise<StateResponses['settleAlerts']> {
  const disabled: string[] = [];
  let nextAt: number | null = null;
  let now = 0;
  // In one order, so that two senders do not wait for each other.
  for (const outcome of outcomes.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const held = await hold(db, outcome);
    if (held === null) continue;
    now = held.now.getTime();
    const { attempts, failingSince } = held;
    const judged = afterAttempt({ outcome, attempts, failingSince, now: held.now, random: Math.random() });
    // It was switched off while this was under way.
    const after = held.disabled === null ? judged : { ...judged, nextAt: null };
    await settle(db, outcome, after);
    await noteChannel(db, held, outcome, after);
    if (after.disable !== null && held.disabled === null) disabled.push(held.channelName);
    if (after.nextAt !== null) nextAt = Math.min(nextAt ?? Number.POSITIVE_INFINITY, after.nextAt.getTime());
  }
  return { nextInSeconds: nextAt === null ? null : Math.max(0, (nextAt - now) / 1000), disabled };
}

/** The delivery of an outcome and its channel, locked; `null` where another sender has claimed it since. */
async function hold(db: Connection, { id, token }: DeliveryOutcome) {
  const found = await db.query({
    name: 'alert-hold',
    text: `SELECT d.attempts, c.id AS "channelId", c.name AS "channelName", c.kind AS "channelKind", c.failing_since AS "failingSince", c.disabled,
                  clock_timestamp() AS now
           FROM alert_delivery d JOIN alert_channel c ON c.id = d.channel_id
           WHERE d.id = $1 AND d.claim_token = $2 AND d.finished_at IS NULL FOR UPDATE`,
    values: [id, token],
  });
  return firstRow(heldRow, found);
}

async function settle(db: Connection, { id, delivered, status }: DeliveryOutcome, after: AfterAttempt): Promise<void> {
  await db.query({
    name: 'alert-settle',
    text: `UPDATE alert_delivery
           SET claimed_until = NULL, next_at = $2, last_error = $3, last_status = $4,
               finished_at = CASE WHEN $2::timestamptz IS NULL THEN clock_timestamp() END,
               delivered = CASE WHEN $2::timestamptz IS NULL THEN $5::boolean END
           WHERE id = $1`,
    values: [id, after.nextAt, after.error, status, delivered],
  });
}

async function noteChannel(
  db: Connection,
  { channelId, channelName, channelKind, disabled, now }: z.output<typeof heldRow>,
  { delivered }: DeliveryOutcome,
  { failingSince, error, disable }: AfterAttempt,
): Promise<void> {
  await db.query({
    name: 'alert-channel-note',
    text: `UPDATE alert_channel
           SET failing_since = $2, last_error = $3,
               last_delivered_at = CASE WHEN $4::boolean THEN clock_timestamp() ELSE last_delivered_at END,
               disabled = coalesce(disabled, $5::text),
               disabled_at = coalesce(disabled_at, CASE WHEN $5::text IS NOT NULL THEN clock_timestamp() END)
           WHERE id = $1`,
    values: [channelId, failingSince, error, delivered, disable],
  });
  if (disable === null || disabled !== null) return;
  const at = now.toISOString();
  const channel = { channelId, name: channelName, kind: channelKind };
  publish(db, [{ type: 'channel.disabled', data: { ...channel, because: disable, at } }]);
  // Kept as dead letters: a person who switches the channel on again can have them sent.
  await giveUp(db, channelId, now, 'channel_disabled');
}
