import * as z from 'zod';
import { typePrefix } from './cloud-event.ts';
import { eventTypes } from './event.ts';

let made: Readonly<Record<string, unknown>> | undefined;

/** The JSON Schema of the data of each type, by its full name. Made once, when they are first asked for. */
export function eventJsonSchemas(): Readonly<Record<string, unknown>> {
  made ??= makeSchemas();
  return made;
}

function makeSchemas(): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    eventTypes().map(({ type, data }) => [`${typePrefix}${type}`, z.toJSONSchema(data, { io: 'output' })]),
  );
}
