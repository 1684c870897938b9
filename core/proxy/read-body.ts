import { createHash } from 'node:crypto';
import type { ProxyRoute } from './route.ts';

type BodyRule = Pick<NonNullable<ProxyRoute['body']>, 'names' | 'most'>;

/** The body of a POST: what is sent to Yahoo, and what tells it from others. */
export type BodyRead =
  | { readonly text: string; readonly hash: string }
  | { readonly status: 400 | 413; readonly problem: string };

/** Queries are nested a few levels; a body that is nested deeper is none. */
const deepest = 20;

/**
 * Reads the body of a POST: a JSON object, of which the names that the route knows are sent to Yahoo, and nothing else of
 * the text. Bodies that differ in spaces and in the order of names have one hash.
 *
 * @example
 * readBody('[1, 2]', { names: ['a'], most: 100 }) // { status: 400, problem: 'The body is not a JSON object.' }
 */
export function readBody(given: string, { names, most }: BodyRule): BodyRead {
  if (Buffer.byteLength(given) > most) return { status: 413, problem: `The body is longer than ${most} bytes.` };
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch {
    return { status: 400, problem: 'The body is not JSON.' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { status: 400, problem: 'The body is not a JSON object.' };
  const known = Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)));
  const ordered = inOrder(known, 0);
  if (ordered === undefined) return { status: 400, problem: `The body is nested deeper than ${deepest} levels.` };
  return {
    text: JSON.stringify(known),
    hash: createHash('sha256').update(JSON.stringify(ordered)).digest('base64url'),
  };
}

/** The value with the names of its objects in order; `undefined` where it is nested too deep. */
function inOrder(value: unknown, depth: number): unknown {
  if (depth > deepest) return undefined;
  if (Array.isArray(value)) {
    const all = value.map((each) => inOrder(each, depth + 1));
    return all.includes(undefined) ? undefined : all;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => [name, inOrder(each, depth + 1)] as const);
  return entries.some(([, each]) => each === undefined) ? undefined : Object.fromEntries(entries);
}
