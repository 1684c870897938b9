/** Following the feed as an event stream: what is written is a run of blocks, each of which ends with an empty line. */
import { toJson, typePrefix } from '../../contracts/events/cloud-event.ts';
import { inEnvelope } from '../../events/envelope.ts';
import { selected, type Visible, type Wanted } from '../../events/selection.ts';
import type { EventFeed } from '../../ports/event-feed.ts';

/** When a browser asks again after the short form, in milliseconds. */
export const retryMs = 15_000;
/** Events that one look takes from the feed. */
const eventsAtOnce = 200;

export interface Follower {
  readonly feed: EventFeed;
  readonly stage: string;
  readonly wanted: Wanted;
  readonly visible: Visible;
  /** The position after which it begins; `undefined` for now. */
  readonly since: string | undefined;
}

/** What one look found: the blocks of the events that the follower gets, and whether there are more after it. */
interface Look {
  readonly text: string;
  readonly more: boolean;
}

export interface Following {
  /** The block that begins the answer. Where the position is not kept, the follower is told so, and begins with the oldest. */
  begin(retryMs: number): Promise<string>;
  /** Looks at the next events. Holds no connection of the database afterwards. */
  look(): Promise<Look>;
  /** The position up to which it has looked. */
  position(): string;
  /** A block without data, which is no event: it moves the position from which a browser asks again. */
  here(): string;
}

/** Follows the feed from a position on. */
export function following({ feed, stage, wanted, visible, since }: Follower): Following {
  let at = since ?? '0';
  return {
    async begin(retryMs) {
      const { removedTo, newest } = await feed.bounds();
      at = since ?? newest;
      if (BigInt(at) >= BigInt(removedTo) && BigInt(at) <= BigInt(newest)) return `retry: ${retryMs}\n\n`;
      at = removedTo;
      return `retry: ${retryMs}\n\nid: ${at}\nevent: reset\ndata: ${JSON.stringify({ oldest: at })}\n\n`;
    },
    async look() {
      const found = await feed.after(at, eventsAtOnce);
      const blocks = found.events.flatMap((row) => {
        const event = selected(row.event, wanted, visible);
        if (event === null) return [];
        const data = toJson(inEnvelope({ ...row, event }, stage));
        return [`id: ${row.position}\nevent: ${typePrefix}${event.type}\ndata: ${data}\n\n`];
      });
      at = found.to;
      return { text: blocks.join(''), more: found.more };
    },
    position: () => at,
    here: () => `id: ${at}\n\n`,
  };
}

/** Events that the short form looks at, and about how long it gets: the rest comes with the next one at once. */
const mostLooks = 10;
const mostCharacters = 2_000_000;

/** The short form: all that there is since the position, then the end. */
export async function sinceThen(follower: Follower): Promise<string> {
  const followed = following(follower);
  let text = await followed.begin(retryMs);
  // Without a position it begins now, where there is nothing yet.
  let more = follower.since !== undefined;
  for (let looks = 0; more && looks < mostLooks && text.length < mostCharacters; looks += 1) {
    const look = await followed.look();
    text += look.text;
    more = look.more;
  }
  return text + followed.here();
}
