import type * as z from 'zod';
import { ProblemError } from './problem.ts';

/** An opaque cursor: where the next page begins, as base64url JSON. Callers must not look inside; it may change. */
export function writeCursor(position: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
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

function decode(text: string): unknown {
  if (text.length > 1000) return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
