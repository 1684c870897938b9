import * as z from 'zod';
import { toJson, typePrefix } from '../../../core/contracts/events/cloud-event.ts';
import { type EventType, eventSchema } from '../../../core/contracts/events/event.ts';
import { eventJsonSchemas } from '../../../core/contracts/events/json-schemas.ts';
import { inEnvelope } from '../../../core/events/envelope.ts';
import { selected, type Wanted } from '../../../core/events/selection.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { sourceIdParameter, symbolOf } from '../../../core/http/read-request.ts';
import { type Reply, type Route, route } from '../../../core/http/route.ts';
import type { EventFeed } from '../../../core/ports/event-feed.ts';
import { splitSymbols } from '../symbols.ts';

interface RouteDependencies {
  readonly feed: EventFeed;
  readonly stage: string;
}

const tag = 'Events';
/** When a browser asks again, in milliseconds. */
const retryMs = 15_000;
/** Events that one answer looks at, and about how long it gets: the rest comes with the next one at once. */
const eventsAtOnce = 200;
const mostEvents = 2_000;
const mostCharacters = 2_000_000;

const types: ReadonlyMap<string, EventType> = new Map(
  eventSchema.options.flatMap(({ shape }) => [...shape.type.values].map((type) => [typePrefix + type, type] as const)),
);
const position = z.string().regex(/^\d{1,18}$/, 'must be the id of an event: a whole number');

export function eventRoutes({ feed, stage }: RouteDependencies): Route[] {
  const follow = route(
    {
      method: 'get',
      path: '/events',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'What happened since an event, to be followed',
      description: `Server-sent events: everything after \`Last-Event-ID\` (or \`after\`), in order, then the answer ends; a browser asks again after \`retry\`, ${retryMs / 1000} s. Each \`data\` is a CloudEvent as in docs/events.md, each \`id\` its position. Without an id it begins now: the answer has the newest position and no event. An id that is older than what is kept, or of another database, is answered by an event \`reset\` with the oldest position, and then by all that is kept. Ends with the position up to which it has looked, whatever was left out.`,
      query: z.object({
        after: position.optional().describe('In place of the header `Last-Event-ID`'),
        types: z.string().max(1_000).optional().describe('Types, separated by commas: quotron.quotes.stored'),
        symbols: z.string().max(2_500).optional().describe('Only what is about these, up to 200, separated by commas'),
        source: sourceIdParameter.optional(),
      }),
      media: { 'text/event-stream': z.string() },
      problems: ['invalid_symbol'],
    },
    async ({ query, call }): Promise<Reply> => {
      const since = query.after ?? given(call.header('last-event-id'));
      const wanted: Wanted = {
        types: query.types === undefined ? null : typesOf(query.types),
        sources: query.source === undefined ? null : new Set([query.source]),
        symbols: query.symbols === undefined ? null : new Set(splitSymbols(query.symbols, 200).map(symbolOf)),
      };
      const blocks = [`retry: ${retryMs}\n`];
      const { removedTo, newest } = await feed.bounds();
      let at = since ?? newest;
      if (BigInt(at) < BigInt(removedTo) || BigInt(at) > BigInt(newest)) {
        at = removedTo;
        blocks.push(`id: ${at}\nevent: reset\ndata: ${JSON.stringify({ oldest: at })}\n`);
      }
      let length = 0;
      let more = since !== undefined;
      for (let looked = 0; more && looked < mostEvents && length < mostCharacters; looked += eventsAtOnce) {
        const found = await feed.after(at, eventsAtOnce);
        for (const row of found.events) {
          const event = selected(row.event, wanted, call.visible);
          if (event === null) continue;
          const block = `id: ${row.position}\nevent: ${typePrefix}${event.type}\ndata: ${toJson(inEnvelope({ ...row, event }, stage))}\n`;
          length += block.length;
          blocks.push(block);
        }
        at = found.to;
        more = found.more;
      }
      // A block without data is no event: it only moves the position from which a browser asks again.
      blocks.push(`id: ${at}\n`);
      return {
        kind: 'text',
        body: `${blocks.join('\n')}\n`,
        contentType: 'text/event-stream; charset=utf-8',
        maxAge: null,
      };
    },
  );

  const schemas = route(
    {
      method: 'get',
      path: '/events/schemas',
      access: 'read',
      shows: 'nothing',
      tag,
      summary: 'The JSON Schema of the data of each type of event',
      data: z.record(z.string(), z.unknown()),
    },
    () => ({ kind: 'data', data: eventJsonSchemas() }),
  );
  return [follow, schemas];
}

function given(header: string | undefined): string | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const read = position.safeParse(header.trim());
  if (read.success) return read.data;
  throw new ProblemError('invalid_request', 'Last-Event-ID must be the id of an event: a whole number.');
}

function typesOf(text: string): ReadonlySet<EventType> {
  return new Set(
    text.split(',').map((each) => {
      const type = types.get(each.trim());
      if (type === undefined)
        throw new ProblemError('invalid_request', `types: there is ${[...types.keys()].join(', ')}.`);
      return type;
    }),
  );
}
