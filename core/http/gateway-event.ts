import type { LambdaEvent } from 'hono/aws-lambda';
import * as z from 'zod';

/**
 * A request of API Gateway whose path is a path of a URL. Some gateways hand it on decoded: then a question mark of a
 * symbol would begin the query, and a NUL be lost. What a path cannot hold is encoded again; a path as it was sent stays as
 * it is, with its encoded slashes.
 */
export function withRawPath<Event extends LambdaEvent>(event: Event): Event {
  if (!('path' in event)) return event;
  if (isWhole(event.path, event)) return plainUnlessAccepted(event);
  const texts = Object.entries(event).flatMap(([name, value]) => {
    const parsed = texted.has(name) ? textsSchema.safeParse(value) : undefined;
    return parsed?.success ? [[name, wellFormed(parsed.data)]] : [];
  });
  return plainUnlessAccepted({ ...event, ...Object.fromEntries(texts), path: rawPath(event.path) });
}

/** Whether nothing of a request is to be made well. That is so of nearly all, and is looked at in place. */
function isWhole(path: string, event: object): boolean {
  return isRawPath(path) && Object.entries(event).every(([name, value]) => !texted.has(name) || areWhole(value));
}

function areWhole(texts: unknown): boolean {
  if (texts === null || texts === undefined) return true;
  if (typeof texts !== 'object') return false;
  for (const [name, value] of Object.entries(texts)) {
    const isKey = name.length === idempotencyKey.length && name.toLowerCase() === idempotencyKey;
    if (isKey || !name.isWellFormed()) return false;
    if (Array.isArray(value) ? !value.every(isWholeText) : value !== null && value !== undefined && !isWholeText(value))
      return false;
  }
  return true;
}

function isWholeText(value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed();
}

/**
 * API Gateway makes bytes of the base64 of an answer only where the request says in `Accept` what it takes. Any other client
 * gets an answer without a content coding.
 */
function plainUnlessAccepted<Event extends { headers?: unknown; multiValueHeaders?: unknown }>(event: Event): Event {
  if (/^\s*[^\s;,]/.test(acceptOf(event.multiValueHeaders ?? event.headers))) return event;
  const { headers: single, multiValueHeaders: multiple } = event;
  return { ...event, headers: withoutCoding(single), multiValueHeaders: withoutCoding(multiple) };
}

/** The first `Accept` of some headers; none of headers that are not texts. */
function acceptOf(headers: unknown): string {
  if (typeof headers !== 'object' || headers === null) return '';
  for (const [name, value] of Object.entries(headers))
    if (name.length === 'accept'.length && name.toLowerCase() === 'accept') {
      const first: unknown = Array.isArray(value) ? value[0] : value;
      return typeof first === 'string' ? first : '';
    }
  return '';
}

function withoutCoding(headers: unknown): unknown {
  const parsed = textsSchema.safeParse(headers);
  if (!parsed.success) return headers;
  return Object.fromEntries(Object.entries(parsed.data).filter(([name]) => name.toLowerCase() !== 'accept-encoding'));
}

/** What becomes the query and the headers of a request, neither of which holds half a character. */
const texted: ReadonlySet<string> = new Set([
  'headers',
  'multiValueHeaders',
  'queryStringParameters',
  'multiValueQueryStringParameters',
]);
const idempotencyKey = 'idempotency-key';
const textsSchema = z.record(z.string(), z.union([z.string(), z.array(z.string())]).nullish());

function wellFormed(texts: z.infer<typeof textsSchema>): z.infer<typeof textsSchema> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, value]) => {
      const whole = name.toLowerCase() === idempotencyKey ? asciiOnly : (text: string) => text.toWellFormed();
      return [
        name.toWellFormed(),
        Array.isArray(value) ? value.map(whole) : typeof value === 'string' ? whole(value) : value,
      ];
    }),
  );
}

/** Hono would write other characters as `%C3%A9`, and a malformed key would be a good one. */
function asciiOnly(key: string): string {
  return key.toWellFormed().replaceAll(/[^\x20-\x7e]/g, '\x7f');
}

/** What a path cannot hold. */
const noPath = /[^\w\-.~!$&'()*+,;=:@/%]+|%(?![0-9A-Fa-f]{2})/g;

/** `/quotes/BRK%2FB` stays, `/quotes/A?x` is `/quotes/A%3Fx`. */
function rawPath(path: string): string {
  // What does not begin with a slash would become part of the host's name.
  return `${path.startsWith('/') ? '' : '/'}${path.toWellFormed()}`.replaceAll(noPath, (part) =>
    encodeURIComponent(part),
  );
}

/** Whether a path is as `rawPath` would give it. */
function isRawPath(path: string): boolean {
  return path.startsWith('/') && path.search(noPath) === -1;
}
