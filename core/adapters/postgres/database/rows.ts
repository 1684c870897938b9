/*
 * Rows are parsed once, here, by the zod schema of their reader.
 *
 * Nearly every row is as its schema wants it, so that is checked first, in place. zod makes an object for each field of
 * each row: with it alone, `GET /quotes` of 500 symbols took a fifth more of the processor. Of a row with a column that
 * only zod can check, such as JSON, zod gets that column. A row that fails the check, because a word needs its fallback or
 * because it is wrong, is zod's.
 */
import * as z from 'zod';
import { type Check, checkOf, isRefined } from '../../../contracts/in-place.ts';

/** What a statement gave, as the driver hands it over: nothing is known of its rows yet. */
interface Result {
  readonly rows: readonly unknown[];
}

/** The rows of a result, each parsed by `row`. Throws a ZodError when the database gives anything else. */
export function rowsOf<Row extends z.ZodType>(row: Row, { rows }: Result): z.output<Row>[] {
  const [first] = rows;
  const columns = columnsOf(row);
  // zod drops columns that the schema does not name.
  const fits = typeof first === 'object' && first !== null && Object.keys(first).length === columns?.count;
  return rows.map(
    (each) => (fits && accept(each as Record<string, unknown>, columns) ? each : row.parse(each)) as z.output<Row>,
  );
}

/** The first row of a result, parsed by `row`; `null` when there is none. */
export function firstRow<Row extends z.ZodType>(row: Row, result: Result): z.output<Row> | null {
  return result.rows.length === 0 ? null : row.parse(result.rows[0]);
}

/** The only row of a result, parsed by `row`: for statements that always give one, such as a count. */
export function onlyRow<Row extends z.ZodType>(row: Row, result: Result): z.output<Row> {
  return row.parse(result.rows[0]);
}

/** A `numeric` or `int8`, which the driver gives as text with all digits. */
export const decimalText = z.string();

/** A `timestamptz`, which the driver gives as a Date of whole milliseconds. */
export const instant = z.date();

/** A `timestamptz` in milliseconds since the epoch. */
export const milliseconds = z.date().transform((date) => date.getTime());

type Change = (value: unknown) => unknown;

/** A column of a schema, and whether its value is right. */
interface Column<Name extends string = string> {
  readonly name: Name;
  readonly check: Check;
}

interface Columns<Name extends string = string> {
  readonly checked: readonly Column<Name>[];
  /** Those of them of which the schema makes something else. */
  readonly changed: readonly { readonly name: Name; readonly change: Change }[];
  /** Those that only zod can check. */
  readonly parsed: readonly { readonly name: Name; readonly schema: z.core.$ZodType }[];
  readonly count: number;
}

/** Checks a row, and makes of it what its schema does. Leaves one that does not pass as it is. */
function accept<Name extends string>(row: Record<Name, unknown>, { checked, changed, parsed }: Columns<Name>): boolean {
  for (const { name, check } of checked) if (!check(row[name])) return false;
  if (parsed.length > 0) {
    const values: unknown[] = [];
    for (const { name, schema } of parsed) {
      const result = Object.hasOwn(row, name) ? z.safeParse(schema, row[name]) : null;
      if (!result?.success) return false;
      values.push(result.data);
    }
    for (const [at, { name }] of parsed.entries()) row[name] = values[at];
  }
  for (const { name, change } of changed) row[name] = change(row[name]);
  return true;
}

const known = new WeakMap<z.core.$ZodType, Columns | null>();

/** The columns of a schema, of a union's first option; `null` where the whole row has conditions. */
function columnsOf(schema: z.core.$ZodType): Columns | null {
  const before = known.get(schema);
  if (before !== undefined) return before;
  const usual = schema instanceof z.ZodUnion ? schema.options[0] : schema;
  const plain = usual instanceof z.ZodObject && !isRefined(usual) && !isRefined(schema);
  const shape = plain ? Object.entries<z.core.$ZodType>(usual.shape) : [];
  const checked = shape.flatMap(([name, of]) => checkedColumn(name, of) ?? []);
  const columns = plain && {
    checked,
    changed: checked.flatMap(({ name, change }) => (change ? [{ name, change }] : [])),
    parsed: shape.flatMap(([name, of]) => (checkedColumn(name, of) ? [] : [{ name, schema: of }])),
    count: shape.length,
  };
  known.set(schema, columns || null);
  return columns || null;
}

/** With what the schema makes of its value, where that is not the value itself. */
function checkedColumn(name: string, schema: z.core.$ZodType): (Column & { readonly change: Change | null }) | null {
  const piped = schema instanceof z.ZodPipe;
  if (isRefined(schema) || (piped && !isOneWay(schema))) return null;
  const [input, change] = piped ? [schema.in, changeOf(schema.out)] : [schema, null];
  const check = checkOf(input);
  return check && { name, check, change };
}

/** Whether a pipe goes one way and reports nothing: no codec, and no transformation that is given zod's context. */
function isOneWay(pipe: z.ZodPipe): boolean {
  return !(pipe instanceof z.ZodCodec) && !(pipe.out instanceof z.ZodTransform && pipe.out.def.transform.length > 1);
}

function changeOf(schema: z.core.$ZodType): Change {
  if (!(schema instanceof z.ZodTransform)) return (value) => z.parse(schema, value);
  return (value) => schema.def.transform(value, { value, issues: [] });
}
