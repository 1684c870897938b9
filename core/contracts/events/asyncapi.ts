import * as z from 'zod';
import { usualPrefix } from '../installation.ts';
import { licenceClasses } from '../words/licence.ts';
import { typePrefix } from './cloud-event.ts';
import { type EventType, eventTypes } from './event.ts';
import { eventMeanings } from './meanings.ts';

/** Attributes of the envelope that are the same for every type. */
const envelope = {
  specversion: { const: '1.0' },
  id: { type: 'string', format: 'uuid', description: 'The same for each delivery of an event' },
  source: { type: 'string', description: 'The installation: /<prefix>/<stage>, such as /quotron/prod' },
  subject: { type: 'string', description: 'The key in whose order events come' },
  time: { type: 'string', format: 'date-time' },
  datacontenttype: { const: 'application/json' },
  partitionkey: { type: 'string', description: 'The same as the subject' },
  position: {
    type: 'string',
    pattern: '^\\d+$',
    description: 'Its place among all events; none gets a smaller one later',
  },
  licence: { enum: [...licenceClasses], description: 'The licence class of the source that the data are of' },
} as const;

/** `quotes.stored` → `quotesStored`: keys of components have no dot. */
function messageName(type: EventType): string {
  return type.replace(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * The AsyncAPI 3 document of the events: where each is sent, and the shape of its message. Made of the schemas by which
 * events are written.
 */
export function asyncApiDocument(version: string): Readonly<Record<string, unknown>> {
  const types = eventTypes();
  const messages = Object.fromEntries(
    types.map(({ type }) => [messageName(type), { $ref: `#/components/messages/${messageName(type)}` }]),
  );
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Quotron events',
      version,
      description:
        'What happened, in envelopes of CloudEvents 1.0: at least once, and in order of each key. docs/events.md says how to follow them.',
    },
    defaultContentType: 'application/cloudevents+json',
    channels: {
      feed: {
        address: '/api/v1/events',
        title: 'Server-sent events over HTTP',
        description: 'Everything after `Last-Event-ID`, in order of position. Needs a key of scope read, or a session.',
        messages,
      },
      topic: {
        address: '{prefix}-{stage}-events.fifo',
        title: 'The SNS FIFO topic',
        description: 'The message group is the partition key, the deduplication id the id of the event.',
        parameters: {
          prefix: { description: 'What the names of the installation begin with', default: usualPrefix },
          stage: { description: 'The stage of the installation', examples: ['prod'] },
        },
        messages,
      },
    },
    operations: {
      tellFollowers: { action: 'send', channel: { $ref: '#/channels/feed' } },
      publish: { action: 'send', channel: { $ref: '#/channels/topic' } },
    },
    components: {
      messages: Object.fromEntries(
        types.map(({ type, data }) => [
          messageName(type),
          {
            name: typePrefix + type,
            title: typePrefix + type,
            summary: eventMeanings[type],
            payload: {
              type: 'object',
              required: [...Object.keys(envelope), 'type', 'data'],
              properties: { ...envelope, type: { const: typePrefix + type }, data: dataSchema(data) },
            },
          },
        ]),
      ),
    },
  };
}

/** In the draft of JSON Schema that AsyncAPI has. */
function dataSchema(data: z.ZodType): object {
  const { $schema: _, ...schema } = z.toJSONSchema(data, { io: 'output', target: 'draft-7' });
  return schema;
}
