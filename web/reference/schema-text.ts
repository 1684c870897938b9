import { z } from 'zod';

/** JSON Schema, as far as the OpenAPI document uses it. */
export interface Schema {
  readonly $ref?: string | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly format?: string | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly items?: Schema | undefined;
  readonly additionalProperties?: boolean | Schema | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly oneOf?: readonly Schema[] | undefined;
}

export const schemaSchema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    format: z.string().optional(),
    properties: z.record(z.string(), schemaSchema).optional(),
    required: z.array(z.string()).optional(),
    items: schemaSchema.optional(),
    additionalProperties: z.union([z.boolean(), schemaSchema]).optional(),
    anyOf: z.array(schemaSchema).optional(),
    oneOf: z.array(schemaSchema).optional(),
  }),
);

/** A schema in one word or two, as TypeScript would write it: `string`, `Quote[]`, `'asc' | 'desc'`. */
export function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(' | ');
  if (schema.items !== undefined) {
    const item = typeOf(schema.items);
    return item.includes(' ') ? `(${item})[]` : `${item}[]`;
  }
  if (schema.properties !== undefined) return 'object';
  if (typeof schema.additionalProperties === 'object') return `Record<string, ${typeOf(schema.additionalProperties)}>`;
  if (schema.format !== undefined) return schema.format;
  const { type } = schema;
  return typeof type === 'string' ? type : (type?.join(' | ') ?? 'unknown');
}

/** A schema with its fields, one a line; named schemas are opened once, and named where they come again. */
export function fieldsOf(
  schema: Schema,
  named: Readonly<Record<string, Schema>>,
  seen: readonly string[] = [],
): string {
  if (schema.$ref !== undefined) {
    const name = nameOf(schema.$ref);
    const meant = Object.hasOwn(named, name) ? named[name] : undefined;
    const open = seen.length < deepest && !seen.includes(name) && meant !== undefined && isObject(meant);
    return open ? `${name} ${fieldsOf(meant, named, [...seen, name])}` : name;
  }
  if (schema.items !== undefined) {
    const item = fieldsOf(schema.items, named, seen);
    return item.includes('{') ? `Array of ${item}` : typeOf(schema);
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return [...new Set(choices.map((each) => fieldsOf(each, named, seen)))].join(' | ');
  if (schema.properties === undefined) return typeOf(schema);
  const lines = Object.entries(schema.properties).map(([field, value]) => {
    const optional = schema.required?.includes(field) === true ? '' : '?';
    return `  ${field}${optional}: ${fieldsOf(value, named, seen).replaceAll('\n', '\n  ')}`;
  });
  return `{\n${lines.join('\n')}\n}`;
}

/** How many named schemas are opened inside each other. */
const deepest = 2;

function isObject(schema: Schema): boolean {
  return schema.properties !== undefined || schema.anyOf !== undefined || schema.oneOf !== undefined;
}

function nameOf(reference: string): string {
  return reference.split('/').at(-1) ?? reference;
}
