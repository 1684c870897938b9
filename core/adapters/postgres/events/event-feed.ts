import * as z from 'zod';
import { eventOf } from '../../../events/outbox-row.ts';
import type { EventFeed } from '../../../ports/event-feed.ts';
import type { Pool } from '../database/pool.ts';
import { instant, onlyRow, rowsOf } from '../database/rows.ts';
import { relayLag } from './relay-store.ts';

const boundsRow = z.object({ removedTo: z.string(), newest: z.string() });
const eventRow = z.object({ id: z.string(), position: z.string(), at: instant, type: z.string(), data: z.unknown() });

/** The feed of events in the outbox. One statement each; both by the index of positions. */
export function eventFeed(pool: Pool): EventFeed {
  return {
    async bounds() {
      const found = await pool.query({
        name: 'event-bounds',
        text: `
          SELECT coalesce(f.removed_to, 0)::text AS "removedTo",
                 greatest(coalesce(o.newest, 0), coalesce(f.removed_to, 0))::text AS newest
          FROM (SELECT max(position) AS newest FROM outbox WHERE position IS NOT NULL) o LEFT JOIN event_feed f ON true`,
      });
      return onlyRow(boundsRow, found);
    },
    lag: () => relayLag(pool),
    async after(position, limit) {
      const found = await pool.query({
        name: 'events-after',
        text: `
          SELECT o.event_id AS id, o.position::text AS position, o.created_at AS at, o.type, o.data
          FROM outbox o WHERE o.position > $1 ORDER BY o.position LIMIT $2`,
        values: [position, limit + 1],
      });
      const rows = rowsOf(eventRow, found);
      const shown = rows.slice(0, limit);
      return {
        events: shown.flatMap(({ type, data, ...row }) => {
          const event = eventOf(type, data);
          return event ? [{ ...row, event }] : [];
        }),
        to: shown.at(-1)?.position ?? position,
        more: rows.length > limit,
      };
    },
  };
}
