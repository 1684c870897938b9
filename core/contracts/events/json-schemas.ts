import * as z from 'zod';
import { typePrefix } from './cloud-event.ts';
import { eventSchema } from './event.ts';

/** The JSON Schema of the data of each type, by its full name. */
export function eventJsonSchemas(): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    eventSchema.options.flatMap(({ shape }) =>
      [...shape.type.values].map((type) => [`${typePrefix}${type}`, z.toJSONSchema(shape.data, { io: 'output' })]),
    ),
  );
}
