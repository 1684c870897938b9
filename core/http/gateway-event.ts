import type { LambdaEvent } from 'hono/aws-lambda';
import * as z from 'zod';

/**
 * A request of API Gateway whose path is a path of a URL. Some gateways hand it on decoded: then a question mark of a
 * symbol would begin the query, and a NUL be lost. What a path cannot hold is encoded again; a path as it was sent stays as
 * it is, with its encoded slashes.
 */
export function withRawPath<Event extends LambdaEvent>(event: Event): Event {
  if (!('path' in event)) return event;
  const texts = Object.entries(event).flatMap(([name, value]) => {
    const parsed = texted.has(name) ? textsSchema.safeParse(value) : undefined;
    return parsed?.success ? [[name, wellFormed(parsed.data)]] : [];
  });
  return plainUnlessAccepted({ ...event, ...Object.fromEntries(texts), path: rawPath(event.path) });
}

/**
 * API Gateway makes bytes of the base64 of an answer only where the request says in `Accept` what it takes. Any other client
 * gets an answer without a content coding.
 */
function plainUnlessAccepted<Event extends { headers?: unknown; multiValueHeaders?: unknown }>(event: Event): Event {
  const headers = textsSchema.safeParse(event.multiValueHeaders ?? event.headers ?? {});
  const accept = Object.entries(headers.data ?? {}).find(([name]) => name.toLowerCase() === 'accept')?.[1];
  if (/^\s*[^\s;,]/.test([accept].flat()[0] ?? '')) return event;
  const { headers: single, multiValueHeaders: multiple } = event;
  return { ...event, headers: withoutCoding(single), multiValueHeaders: withoutCoding(multiple) };
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
const textsSchema = z.record(z.string(), z.union([z.string(), z.array(z.string())]).nullish());

function wellFormed(texts: z.infer<typeof textsSchema>): z.infer<typeof textsSchema> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, value]) => {
      const whole = name.toLowerCase() === 'idempotency-key' ? asciiOnly : (text: string) => text.toWellFormed();
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

/** `/quotes/BRK%2FB` stays, `/quotes/A?x` is `/quotes/A%3Fx`. */
function rawPath(path: string): string {
  // What does not begin with a slash would become part of the host's name.
  return `${path.startsWith('/') ? '' : '/'}${path.toWellFormed()}`.replaceAll(
    /[^\w\-.~!$&'()*+,;=:@/%]+|%(?![0-9A-Fa-f]{2})/g,
    (part) => encodeURIComponent(part),
  );
}
