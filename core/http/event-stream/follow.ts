/** Following the feed as an event stream: what is written is a run of blocks, each of which ends with an empty line. */
import { type CloudEvent, toJson, typePrefix } from '../../contracts/events/cloud-event.ts';
import { shortFormRetryMs } from '../../contracts/events/following.ts';
import type { Installation } from '../../contracts/installation.ts';
import { inEnvelope } from '../../events/envelope.ts';
import { selected, type Visible, type Wanted } from '../../events/selection.ts';
import type { EventFeed } from '../../ports/event-feed.ts';

/** Events that one look takes from the feed. */
const eventsAtOnce = 200;

export interface Follower {
  readonly feed: EventFeed;
  readonly installation: Installation;
  readonly wanted: Wanted;
  readonly visible: Visible;
  /** The position after which it begins; `undefined` for now. */
  readonly since: string | undefined;
}

/** What one look found: the events that the follower gets, and whether there are more after it. */
interface Look {
  readonly events: readonly CloudEvent[];
  readonly more: boolean;
}

export interface Following {
  /** Begins. Where the position is not kept, it begins with the oldest, and gives that one's; `null` otherwise. */
  begin(): Promise<string | null>;
  /** Looks at the next events. Holds no connection of the database afterwards. */
  look(): Promise<Look>;
  /** The position up to which it has looked. */
  position(): string;
}

/** Follows the feed from a position on. */
export function following({ feed, installation, wanted, visible, since }: Follower): Following {
  let at = since ?? '0';
  return {
    async begin() {
      const { removedTo, newest } = await feed.bounds();
      at = since ?? newest;
      if (BigInt(at) >= BigInt(removedTo) && BigInt(at) <= BigInt(newest)) return null;
      at = removedTo;
      return at;
    },
    async look() {
      const found = await feed.after(at, eventsAtOnce);
      at = found.to;
      const events = found.events.flatMap((row) => {
        const event = selected(row.event, wanted, visible);
        return event === null ? [] : [inEnvelope({ ...row, event }, installation)];
      });
      return { events, more: found.more };
    },
    position: () => at,
  };
}

/** The block that begins an answer. A follower whose position is not kept is told so. */
export function beginning(retryMs: number, oldest: string | null): string {
  const reset = oldest === null ? '' : `id: ${oldest}\nevent: reset\ndata: ${JSON.stringify({ oldest })}\n\n`;
  return `retry: ${retryMs}\n\n${reset}`;
}

/** The blocks of events. */
export function blocksOf(events: readonly CloudEvent[]): string {
  return events
    .map((event) => `id: ${event.position}\nevent: ${typePrefix}${event.event.type}\ndata: ${toJson(event)}\n\n`)
    .join('');
}

/** A block without data, which is no event: it moves the position from which a browser asks again. */
export function here(position: string): string {
  return `id: ${position}\n\n`;
}

/** Events that an answer looks at, and about how long it gets: the rest comes with the next one at once. */
const mostLooks = 10;
const mostCharacters = 2_000_000;

/** The block that ends a stream before its time: its client asks again as seldom as after the short form. */
export const askLater = `retry: ${shortFormRetryMs}\n\n`;

/** All that there is since a position. */
export interface Since {
  /** The oldest position that is kept, where what was named is not. */
  readonly oldest: string | null;
  readonly events: readonly CloudEvent[];
  /** The same as blocks. */
  readonly blocks: string;
  /** The position up to which this has looked. */
  readonly position: string;
  readonly more: boolean;
}

/** What there is since the position of a follower, as much as an answer holds. */
export async function sinceThen(follower: Follower): Promise<Since> {
  const followed = following(follower);
  const oldest = await followed.begin();
  const events: CloudEvent[] = [];
  let blocks = '';
  // Without a position it begins now, where there is nothing yet.
  let more = follower.since !== undefined;
  for (let looks = 0; more && looks < mostLooks && blocks.length < mostCharacters; looks += 1) {
    const look = await followed.look();
    events.push(...look.events);
    blocks += blocksOf(look.events);
    more = look.more;
  }
  return { oldest, events, blocks, position: followed.position(), more };
}

/** The short form of a stream: all of that, then the end. */
export function shortForm({ oldest, blocks, position }: Since): string {
  return beginning(shortFormRetryMs, oldest) + blocks + here(position);
}
