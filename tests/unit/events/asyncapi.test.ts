/**
 * The AsyncAPI document, held against the official JSON Schema of AsyncAPI 3.0.0, which lies beside this file: of
 * @asyncapi/specs 6.11.1, Apache License 2.0, copyright the AsyncAPI Initiative, without its white space.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { asyncApiDocument } from '../../../core/contracts/events/asyncapi.ts';
import { typePrefix } from '../../../core/contracts/events/cloud-event.ts';
import { eventTypes } from '../../../core/contracts/events/event.ts';
import { eventJsonSchemas } from '../../../core/contracts/events/json-schemas.ts';
import { eventMeanings } from '../../../core/contracts/events/meanings.ts';

const official = z
  .record(z.string(), z.unknown())
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'asyncapi-3.0.0.schema.txt'), 'utf8')));
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: false });
const fits = ajv.compile(official);
const messageSchema = z.object({
  name: z.string(),
  summary: z.string(),
  payload: z.looseObject({ properties: z.looseObject({ type: z.object({ const: z.string() }) }) }),
});
const documentSchema = z.looseObject({
  channels: z.record(z.string(), z.looseObject({ messages: z.record(z.string(), z.object({ $ref: z.string() })) })),
  components: z.object({ messages: z.record(z.string(), messageSchema) }),
});
const text = JSON.stringify(asyncApiDocument('1.2.3'));
const document = documentSchema.parse(JSON.parse(text));
const types = eventTypes().map(({ type }) => type);

describe('the AsyncAPI document', () => {
  it('is one by the official schema', () => {
    expect(fits(JSON.parse(text)), JSON.stringify(fits.errors?.slice(0, 5))).toBe(true);
  });

  it.each([
    ['an action that there is not', text.replace('"action":"send"', '"action":"shout"')],
    ['another version', text.replace('"asyncapi":"3.0.0"', '"asyncapi":"2.6.0"')],
    ['a schema that is none', text.replace('"type":"object"', '"type":"thing"')],
  ])('would not be with %s', (_, changed) => {
    expect(changed).not.toBe(text);
    expect(fits(JSON.parse(changed))).toBe(false);
  });

  it('has each type once, in both channels, with its meaning', () => {
    const { messages } = document.components;
    expect(Object.values(messages).map(({ name }) => name)).toEqual(types.map((type) => typePrefix + type));
    expect(Object.keys(eventJsonSchemas())).toEqual(Object.values(messages).map(({ name }) => name));
    for (const channel of Object.values(document.channels))
      expect(Object.values(channel.messages).map(({ $ref }) => $ref.split('/').at(-1))).toEqual(Object.keys(messages));
  });

  it('has schemas that take an event and refuse another', () => {
    const payload = document.components.messages['incidentOpened']?.payload;
    const takes = ajv.compile(payload ?? false);
    const event = {
      ...{ specversion: '1.0', id: crypto.randomUUID(), source: '/quotron/prod', type: 'quotron.incident.opened' },
      ...{ subject: 'yahoo', time: '2026-11-30T12:00:00.000Z', datacontenttype: 'application/json' },
      ...{ partitionkey: 'yahoo', position: '7', licence: 'redistribute' },
    };
    const data = { incidentId: crypto.randomUUID(), sourceId: 'yahoo', reason: 'down', count: 1, at: event.time };
    expect(takes({ ...event, data })).toBe(true);
    expect(takes({ ...event, data: { ...data, count: 'one' } })).toBe(false);
    expect(takes({ ...event, position: 'x', data })).toBe(false);
  });

  it('says of each type what the page of events says', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/events.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `quotron\.([\w.-]+)` \| (.+) \|$/gm)].map(([, type, meaning]) => [
      type,
      meaning,
    ]);
    expect(Object.fromEntries(rows)).toEqual(eventMeanings);
  });
});
