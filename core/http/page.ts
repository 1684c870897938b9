import * as z from 'zod';
import { ProblemError } from './problem.ts';

/** An opaque cursor: where the next page begins, as base64url JSON. Callers must not look inside; its form may change. */
function writeCursor(position: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** A page of a list, and what the envelope says of it. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly meta: { readonly count: number; readonly nextCursor?: string };
}

/**
 * Cuts a page from rows that were read with one more than `limit`: the extra row shows that there is a next page.
 * `cursorOf` gives where a row stands in the list's order, in the form that the list's `readCursor` expects.
 *
 * @example
 * const found = await runs.list({ after, limit: query.limit + 1 });
 * const { rows, meta } = page(found, query.limit, (run) => [run.dueAt, run.id]);
 */
export function page<Row>(found: readonly Row[], limit: number, cursorOf: (row: Row) => readonly unknown[]): Page<Row> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const count = rows.length;
  if (found.length === count || last === undefined) return { rows, meta: { count } };
  return { rows, meta: { count, nextCursor: writeCursor(cursorOf(last)) } };
}

/** The position in a cursor, checked against what this list writes. Throws `invalid_cursor`. */
export function readCursor<T extends z.ZodType>(text: string | undefined, position: T): z.output<T> | null {
  if (text === undefined) return null;
  const parsed = position.safeParse(decode(text));
  if (parsed.success) return parsed.data;
  throw new ProblemError(
    'invalid_cursor',
    'Send meta.nextCursor of the previous page unchanged, or omit the cursor to start again.',
  );
}

/** The position in a list that is in order of when its rows were made: the time, and the id among those of one time. */
export const creationCursor = z
  .tuple([z.iso.datetime(), z.uuid()])
  .transform(([createdAt, id]) => ({ createdAt: new Date(createdAt), id }));

/** Where a row stands in such a list, as `creationCursor` reads it. */
export function byCreation({ createdAt, id }: { readonly createdAt: Date; readonly id: string }): [string, string] {
  return [createdAt.toISOString(), id];
}

function decode(text: string): unknown {
  if (text.length > 1000) return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
