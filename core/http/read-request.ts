import type { Context } from 'hono';
import * as z from 'zod';
import { canonicalSymbol, symbolPattern } from '../market/symbol.ts';
import { fieldsParameter } from './fields.ts';
import { invalidRequest, ProblemError } from './problem.ts';
import { asNumber, asText, type DecimalWriter } from './wire-number.ts';

/** The maximum size of a body in bytes. The largest legitimate one, 500 symbols, has 16 KB. */
const bodyLimit = 64 * 1024;

/** Parameters that every route takes. */
export const everywhere = z.object({
  decimals: z
    .enum(['number', 'string'], 'must be number or string')
    .optional()
    .describe('How decimals are written: JSON numbers with all digits, or text'),
});

/** What every read takes beside those. */
export const ofReads = z.object({ fields: fieldsParameter });

/**
 * The query, by name. A parameter given several times counts as a list joined by commas. Names that the route does not
 * know are returned separately, so that a mistyped one becomes a warning instead of a silently different answer.
 */
export function parametersOf(
  context: Context,
  query: z.ZodObject | undefined,
  reads: boolean,
): { values: Record<string, string>; unknown: string[] } {
  const values: [string, string][] = [];
  const unknown: string[] = [];
  for (const [name, given] of Object.entries(context.req.queries())) {
    if (query && Object.hasOwn(query.shape, name)) values.push([name, given.join(',')]);
    else if (!Object.hasOwn(everywhere.shape, name) && !(reads && Object.hasOwn(ofReads.shape, name)))
      unknown.push(name.slice(0, 64));
  }
  return { values: Object.fromEntries(values), unknown };
}

/** What an answer says of parameters that its route does not know. */
export function unknownParameters(names: readonly string[]): { readonly code: string; readonly message: string }[] {
  return names.map((name) => ({
    code: 'unknown_parameter',
    message: `The parameter ${JSON.stringify(name)} is not known here and was ignored.`,
  }));
}

/** How the request's decimals are written. Throws `invalid_request`. */
export function decimalsOf(context: Context): DecimalWriter {
  return checked(everywhere, 'query', { decimals: context.req.query('decimals') }).decimals === 'string'
    ? asText
    : asNumber;
}

/** The fields that a read asks for; `null` for all. Throws `invalid_request`. */
export function fieldsOf(context: Context): readonly string[] | null {
  const given = context.req.queries('fields');
  return checked(ofReads, 'query', given === undefined ? {} : { fields: given.join(',') }).fields ?? null;
}

/** A value by its schema. Throws `invalid_request` with the paths of what is wrong. */
export function checked<T extends z.ZodType>(schema: T | undefined, where: string, value: unknown): z.output<T> {
  // Without a schema the value is never used: the route's types say `never`.
  const parsed = (schema ?? nothing).safeParse(value);
  if (parsed.success) return parsed.data as z.output<T>;
  const errors = complaintsOf(parsed.error.issues, [where]).slice(0, 20);
  const first = errors[0];
  throw new ProblemError('invalid_request', first ? `${first.path}: ${first.message}` : 'The request is not valid.', {
    errors,
  });
}

const nothing = z.unknown();

const unknownField = 'is not known here';

interface Complaint {
  readonly path: string;
  readonly message: string;
}

/** What is wrong, field by field: an unknown field by its own name, and of a choice of forms that one that nearly fits. */
function complaintsOf(issues: readonly z.core.$ZodIssue[], at: readonly string[]): Complaint[] {
  return issues.flatMap((issue) => {
    const path = [...at, ...issue.path.map(String)];
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ path: written([...path, key.slice(0, 64)]), message: unknownField }));
    const itself = { path: written(path), message: issue.message };
    if (issue.code !== 'invalid_union') return [itself];
    const [nearest = [], ...others] = issue.errors
      .map((form) => complaintsOf(form, path))
      .toSorted((a, b) => a.length - b.length);
    if (nearest.length > 0 && others.every((other) => other.length > nearest.length)) return nearest;
    // It may have been meant as any of them: what none of them knows can be named.
    const inAll = nearest.filter((each) => others.every((other) => other.some(({ path: its }) => its === each.path)));
    return [...inAll.filter((each) => each.message === unknownField), itself];
  });
}

function written(path: readonly string[]): string {
  return path.join('.').slice(0, 200);
}

/** The body of a route that takes none: absent, or an object without fields. */
export const noBody = z.strictObject({}).optional();

export const idempotencyKeyPattern = /^[\x21-\x7e]{1,128}$/;

/** Headers of routes that take an `Idempotency-Key`. */
export const idempotencyHeaders = z.object({
  'idempotency-key': z.string().regex(idempotencyKeyPattern, 'must have 1 to 128 visible ASCII characters').optional(),
});

/** The JSON body; `undefined` when there is none. Throws 413, 415 or 400. */
export async function bodyOf(context: Context): Promise<unknown> {
  return (await eitherBodyOf(context, undefined)).json;
}

/** The body as JSON, or as text where it is of the other media type that the route takes. Throws 413, 415 or 400. */
export async function eitherBodyOf(
  context: Context,
  other: string | undefined,
): Promise<{ readonly json: unknown; readonly text: string | null }> {
  if (Number(context.req.header('content-length') ?? 0) > bodyLimit) throw tooLarge();
  const bytes = await context.req.arrayBuffer();
  if (bytes.byteLength > bodyLimit) throw tooLarge();
  if (bytes.byteLength === 0) return { json: undefined, text: null };
  const type = (context.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const isOther = other !== undefined && type === other;
  if (!isOther && !/^application\/([\w.-]+\+)?json$/.test(type))
    throw new ProblemError(
      'unsupported_media_type',
      `Send the body as JSON with content-type: application/json${other === undefined ? '' : `, or as ${other}`}.`,
    );
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return isOther ? { json: undefined, text } : { json: JSON.parse(text), text: null };
  } catch {
    const form = isOther ? 'text in UTF-8' : 'JSON';
    throw new ProblemError('invalid_request', `The body is not ${isOther ? form : 'JSON in UTF-8'}.`, {
      errors: [{ path: 'body', message: `is not ${form}` }],
    });
  }
}

function tooLarge(): ProblemError {
  return new ProblemError('payload_too_large', `A body may have ${bodyLimit / 1024} KB. Split the request.`);
}

/** `1`, `true`, `0`, `false`. */
export const flag = z
  .enum(['0', '1', 'false', 'true'])
  .optional()
  .transform((text) => text === '1' || text === 'true');

/** An instant: ISO 8601 with a zone, or a date, which is its first moment in UTC. Gives ISO text in UTC, digits kept. */
export const instantParameter = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be ISO 8601, such as 2026-11-22T19:40:00Z or 2026-11-22',
  })
  .meta({ pattern: '^(1[89]|[2-9][0-9])[0-9]{2}-' })
  .refine((text) => text >= '1800' && !Number.isNaN(Date.parse(text)), 'is outside of the years 1800 to 9999')
  .transform((text) => (text.endsWith('Z') ? text : new Date(text).toISOString()));

/** A symbol in a path. What is none is an `invalid_symbol` by `symbolOf`, so the pattern is only documented here. */
export const symbolParameter = z
  .string()
  .min(1)
  .max(64)
  .meta({
    pattern: symbolPattern.source,
    description: 'Canonical, or as people write it; a slash as %2F',
    examples: ['AAPL'],
  });

/** The canonical form of a symbol in a path. Throws `invalid_symbol`. */
export function symbolOf(text: string): string {
  const symbol = canonicalSymbol(text);
  if (symbol) return symbol;
  throw new ProblemError('invalid_symbol', symbolHelp);
}

export const symbolHelp =
  'A symbol has up to 32 letters, digits and . - ^ = & _, as Yahoo writes them: AAPL, BRK-B, ^GSPC, BTC-USD, EURUSD=X, VOD.L.';

/** Rows on a page. */
export function limitParameter(most: number, usual: number) {
  return z
    .string()
    .regex(/^[1-9]\d{0,5}$/, `must be a whole number from 1 to ${most}`)
    .meta({ type: 'integer', minimum: 1, maximum: most })
    .transform(Number)
    .refine((limit) => limit <= most, `must be at most ${most}`)
    .optional()
    .transform((limit) => limit ?? usual)
    .meta({ description: `Rows on a page: 1 to ${most}, default ${usual}` });
}

/** Rows before a page, for lists in which people jump to a place. */
export const offsetParameter = z
  .string()
  .regex(/^\d{1,6}$/, 'must be a whole number from 0 to 999999')
  .meta({ type: 'integer', minimum: 0, maximum: 999_999 })
  .transform(Number)
  .optional()
  .transform((offset) => offset ?? 0)
  .meta({
    description: 'Rows before this page, in place of a cursor; some may come twice or be missed as prices move',
  });

/** A list reads its cursors by `readCursor`. */
export const cursorParameter = z
  .string()
  .max(1000)
  .meta({ pattern: '^[A-Za-z0-9_-]+$' })
  .optional()
  .describe('meta.nextCursor of the previous page');
export const sourceIdParameter = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,31}$/, 'is no source id: small letters, digits, hyphens');

/** The symbols of a list in an address. Throws `invalid_request` for none, or more than `most`. */
export function splitSymbols(text: string, most: number): string[] {
  const symbols = text.split(',').filter((each) => each.trim() !== '');
  if (symbols.length > 0 && symbols.length <= most) return symbols;
  const message = `names ${symbols.length} symbols; it takes 1 to ${most}, separated by commas`;
  throw invalidRequest('query.symbols', message);
}
