import * as z from 'zod';
import { asyncApiDocument } from '../../contracts/events/asyncapi.ts';
import { onTheWire, typePrefix, wireEventSchema } from '../../contracts/events/cloud-event.ts';
import { type EventType, eventTypes } from '../../contracts/events/event.ts';
import { shortFormRetryMs } from '../../contracts/events/following.ts';
import { eventJsonSchemas } from '../../contracts/events/json-schemas.ts';
import type { Warning } from '../../contracts/http/envelope.ts';
import type { Installation } from '../../contracts/installation.ts';
import { version } from '../../contracts/version.ts';
import type { Wanted } from '../../events/selection.ts';
import type { EventFeed } from '../../ports/event-feed.ts';
import { wantsJson } from '../accept.ts';
import { ProblemError } from '../problem.ts';
import { sourceIdParameter, splitSymbols, symbolOf } from '../read-request.ts';
import { type Reply, type Route, route } from '../route.ts';
import { shortForm, sinceThen } from './follow.ts';
import { openStream, type Streaming } from './stream.ts';

interface RouteDependencies {
  readonly feed: EventFeed;
  readonly installation: Installation;
  /** Of a process that streams; without it every answer is the short form. */
  readonly streaming?: Streaming;
}

const tag = 'Events';
const eventStream = 'text/event-stream';
const contentType = `${eventStream}; charset=utf-8`;
const position = z.string().regex(/^\d{1,18}$/, 'must be the id of an event: a whole number');
const clientName = z.string().regex(/^[\w.-]{1,64}$/, 'must be up to 64 letters, digits, dots, hyphens or underscores');
/** One event of the stream, as OpenAPI describes such answers: what stands in its lines. */
const streamedEvent = z.object({
  id: position.optional(),
  event: z.string().optional(),
  data: z.string().optional().describe('A CloudEvent as JSON'),
  retry: z.int().optional().describe('Milliseconds'),
});
const types: ReadonlyMap<string, EventType> = new Map(eventTypes().map(({ type }) => [typePrefix + type, type]));

export function eventRoutes({ feed, installation, streaming }: RouteDependencies): Route[] {
  const follow = route(
    {
      method: 'get',
      path: '/events',
      access: 'read',
      shows: 'visible',
      feed: 'events',
      tag,
      summary: 'What happened since an event, to be followed',
      description: `Server-sent events: everything after \`Last-Event-ID\` (or \`after\`), in order, then the answer ends; a browser asks again after \`retry\`, ${shortFormRetryMs / 1000} s. Each \`data\` is a CloudEvent as in docs/events.md, each \`id\` its position. Without an id it begins now: the answer has the newest position and no event. An id that is older than what is kept, or of another database, is answered by an event \`reset\` with the oldest position, and then by all that is kept. Ends with the position up to which it has looked, whatever was left out. An installation that streams keeps the answer open for up to five minutes where \`Accept\` names \`text/event-stream\` and a stream is free, and sends events as they come, with comments between. With \`Accept: application/json\` the events are \`data\`, and \`meta.nextPosition\` is the next \`after\`; \`meta.more\` says that there are more already, and the warning \`events_not_kept\` stands for \`reset\`.`,
      query: z.object({
        after: position.optional().describe('In place of the header `Last-Event-ID`'),
        types: z.string().max(1_000).optional().describe('Types, separated by commas: quotron.quotes.stored'),
        symbols: z.string().max(2_500).optional().describe('Only what is about these, up to 200, separated by commas'),
        source: sourceIdParameter.optional(),
        client: clientName
          .optional()
          .describe(
            'A name for this client that stays: its next stream replaces the one that it had, even where it has left it',
          ),
      }),
      data: z.array(wireEventSchema),
      media: { [eventStream]: streamedEvent },
      problems: ['invalid_symbol'],
    },
    async ({ query, call }): Promise<Reply> => {
      const since = query.after ?? given(call.header('last-event-id'));
      const wanted: Wanted = {
        types: query.types === undefined ? null : typesOf(query.types),
        sources: query.source === undefined ? null : new Set([query.source]),
        symbols: query.symbols === undefined ? null : new Set(splitSymbols(query.symbols, 200).map(symbolOf)),
      };
      const follower = { feed, installation, wanted, visible: call.visible, since };
      const asked = call.header('accept')?.includes(eventStream) === true;
      const { requestId, stillAdmitted } = call;
      // By key: a name is no secret.
      const name = query.client === undefined ? null : `${call.principal?.keyId}/${query.client}`;
      const stream =
        streaming && asked ? await openStream(follower, streaming, { name, requestId, stillAdmitted }) : null;
      if (stream !== null) return { kind: 'stream', body: stream, contentType };
      const found = await sinceThen(follower);
      if (!wantsJson(call.header('accept'), eventStream))
        return { kind: 'text', body: shortForm(found), contentType, maxAge: null };
      const { oldest, position: nextPosition, more } = found;
      return {
        ...{ kind: 'data', data: found.events.map(onTheWire), meta: { nextPosition, more }, maxAge: null },
        ...(oldest !== null && { warnings: [notKept(oldest)] }),
      };
    },
  );

  let text: string | undefined;
  const schemas = route(
    {
      method: 'get',
      path: '/events/schemas',
      access: 'read',
      shows: 'nothing',
      feed: 'events',
      tag,
      summary: 'The JSON Schema of the data of each type of event',
      data: z.record(z.string(), z.unknown()),
    },
    () => ({ kind: 'data', data: eventJsonSchemas(), maxAge: 3_600 }),
  );
  const asyncApi = route(
    {
      method: 'get',
      path: '/events/asyncapi.json',
      access: 'public',
      shows: 'nothing',
      tag,
      summary: 'The AsyncAPI 3 document of the events',
      media: { 'application/json': z.record(z.string(), z.unknown()) },
    },
    () => {
      text ??= JSON.stringify(asyncApiDocument(version));
      return { kind: 'text', body: text, contentType: 'application/json', maxAge: 300 };
    },
  );
  return [follow, schemas, asyncApi];
}

function notKept(oldest: string): Warning {
  return {
    code: 'events_not_kept',
    message: `Events after the position that was named are not kept any more, or it is of another database: this begins at ${oldest}. Read again what you follow.`,
  };
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
