/**
 * Checks of what nearly always is as its schema wants it, in place: zod makes an object for each field of each row. What
 * does not pass, because a field needs its fallback or because it is wrong, is for zod.
 */
import * as z from 'zod';

export type Check = (value: unknown) => boolean;

/**
 * `safeParse` of an object's schema, whose rows are given as they came where every field fits: also with fields that the
 * schema does not name.
 *
 * @example
 * const readRow = readerOf(z.object({ price: z.number() }));
 * readRow({ price: 1, more: 2 }).data // the row itself
 */
export function readerOf<S extends z.ZodObject>(schema: S): (value: unknown) => z.ZodSafeParseResult<z.output<S>> {
  const fields = Object.entries<z.core.$ZodType>(schema.shape).map(([name, of]) => ({ name, check: checkOf(of) }));
  const checks = fields.flatMap(({ name, check }) => (check ? [{ name, check }] : []));
  const checksAll = !isRefined(schema) && checks.length === fields.length;
  const fits = (value: unknown) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    passes(value as Record<string, unknown>, checks);
  return (value) =>
    checksAll && fits(value) ? { success: true, data: value as z.output<S> } : schema.safeParse(value);
}

interface Field<Name extends string> {
  readonly name: Name;
  readonly check: Check;
}

function passes<Name extends string>(row: Readonly<Record<Name, unknown>>, fields: readonly Field<Name>[]): boolean {
  for (const { name, check } of fields) if (!check(row[name])) return false;
  return true;
}

/** The check of a schema that gives its values back as they are; `null` for one that is not known to. */
export function checkOf(schema: z.core.$ZodType): Check | null {
  if (schema instanceof z.ZodString) {
    const pattern = patternOf(schema);
    return pattern ? (value) => typeof value === 'string' && pattern.test(value) : isRefined(schema) ? null : isText;
  }
  if (isRefined(schema)) return null;
  if (schema instanceof z.ZodNullable) {
    const inner = checkOf(schema.def.innerType);
    return inner && ((value) => value === null || inner(value));
  }
  if (schema instanceof z.ZodOptional) {
    const inner = checkOf(schema.def.innerType);
    return inner && ((value) => value === undefined || inner(value));
  }
  // A value that needs the fallback fails this check, and zod gives it.
  if (schema instanceof z.ZodCatch) return checkOf(schema.def.innerType);
  if (schema instanceof z.ZodEnum) {
    const words = new Set<unknown>(schema.options);
    return (value) => words.has(value);
  }
  if (schema instanceof z.ZodNumberFormat) return schema.format === 'safeint' ? Number.isSafeInteger : null;
  if (schema instanceof z.ZodNumber) return Number.isFinite;
  if (schema instanceof z.ZodBoolean) return isBoolean;
  if (schema instanceof z.ZodDate) return isDate;
  return null;
}

/** Whether a schema has conditions of its own, such as `.min(1)` or `.refine(…)`: only zod knows them. */
export function isRefined({ _zod: { def } }: z.core.$ZodType): boolean {
  return def.checks !== undefined && def.checks.length > 0;
}

/**
 * The pattern of a text whose only condition it is. One that keeps its place between texts is left to zod. The check is told
 * by its definition: who names `z.core` where the code runs bundles zod whole, with the messages of fifty languages.
 */
function patternOf(schema: z.ZodString): RegExp | null {
  const [only, ...others] = schema.def.checks ?? [];
  const def = only?._zod.def;
  if (others.length > 0 || def === undefined || !('format' in def && def.format === 'regex' && 'pattern' in def))
    return null;
  const { pattern } = def;
  return pattern instanceof RegExp && !pattern.global && !pattern.sticky ? pattern : null;
}

const isText: Check = (value) => typeof value === 'string';
const isBoolean: Check = (value) => typeof value === 'boolean';
const isDate: Check = (value) => value instanceof Date && !Number.isNaN(value.getTime());
