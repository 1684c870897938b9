import * as z from 'zod';
import type { Column } from './csv.ts';
import { ProblemError } from './problem.ts';

/** The longest list of fields: some 40 names. */
const longest = 1_000;

/** `fields`: names of fields of `data`, dotted where they lie within another. */
export const fieldsParameter = z
  .string()
  .min(1)
  .max(longest)
  .regex(/^[A-Za-z]\w*(\.[A-Za-z]\w*)*(,[A-Za-z]\w*(\.[A-Za-z]\w*)*)*$/, 'must be names of fields, separated by commas')
  .transform((text): readonly string[] => [...new Set(text.split(','))])
  .optional()
  .describe(
    'Only these fields of `data`, or of each of its rows: `instrument.symbol,price`. Of CSV, only these columns, in this order',
  );

/**
 * What a client asked for of `data`, whose schema says which fields there are. Rows keep their order, fields theirs; a list
 * within a row is cut row by row. Throws `invalid_request` with the name of a field that there is not. Of
 * `[{ a: 1, b: { c: 2, d: 3 } }]` the field `b.c` is `[{ b: { c: 2 } }]`.
 */
export function pickFields(data: unknown, fields: readonly string[], schema: z.ZodType): unknown {
  for (const field of fields) if (!hasField(schema, field.split('.'))) throw unknownField(field);
  return cut(data, treeOf(fields));
}

/** The columns of a table that a client asked for, in its order: by their name, or by the name that JSON has for the field. */
export function pickColumns<Row>(
  columns: readonly Column<Row>[],
  fields: readonly string[] | null,
): readonly Column<Row>[] {
  if (fields === null) return columns;
  return fields.map((field) => {
    const found = columns.find(({ name, field: inJson = name }) => field === name || field === inJson);
    if (found) return found;
    throw unknownField(field);
  });
}

function unknownField(field: string): ProblemError {
  const path = 'query.fields';
  const message = `names ${field}, which is no field of this answer`;
  return new ProblemError('invalid_request', `${path}: ${message}.`, { errors: [{ path, message }] });
}

/** Whether a schema has a field, in one of its forms. */
function hasField(schema: unknown, path: readonly string[]): boolean {
  if (schema instanceof z.ZodArray) return hasField(schema.element, path);
  if (schema instanceof z.ZodUnion) return schema.options.some((option) => hasField(option, path));
  if (schema instanceof z.ZodPipe) return hasField(schema.in, path) || hasField(schema.out, path);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodCatch ||
    schema instanceof z.ZodReadonly
  )
    return hasField(schema.unwrap(), path);
  const [name, ...rest] = path;
  if (name === undefined) return true;
  if (schema instanceof z.ZodRecord) return hasField(schema.valueType, rest);
  if (!(schema instanceof z.ZodObject)) return false;
  const fields = new Map<string, unknown>(Object.entries(schema.shape));
  return fields.has(name) && hasField(fields.get(name), rest);
}

/** By name what is wanted of a field: all of it, or some of what lies within. */
type Tree = Map<string, Tree | 'all'>;

function treeOf(fields: readonly string[]): Tree {
  const tree: Tree = new Map();
  for (const field of fields) {
    const path = field.split('.');
    let at = tree;
    for (const [index, name] of path.entries()) {
      const there = at.get(name);
      if (there === 'all') break;
      if (index === path.length - 1) at.set(name, 'all');
      else {
        const next: Tree = there ?? new Map();
        at.set(name, next);
        at = next;
      }
    }
  }
  return tree;
}

function cut(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value)) return value.map((each) => cut(each, tree));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).flatMap(([name, within]): [string, unknown][] => {
    const wanted = tree.get(name);
    if (wanted === undefined) return [];
    return [[name, wanted === 'all' ? within : cut(within, wanted)]];
  });
  return Object.fromEntries(kept);
}
