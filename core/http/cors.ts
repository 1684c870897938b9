/**
 * CORS (Fetch standard, 3.2): which pages of other origins may read answers. No cookies: such a page sends a key of its own, so
 * it may do what the key may, and nothing with the session of a visitor.
 */

import { simulatedHeader } from '../contracts/http/envelope.ts';

/** What clients need beside the headers that every page may read (`content-type`, `cache-control` and the like). */
const exposed = [
  'etag',
  'link',
  'location',
  'retry-after',
  'deprecation',
  'warning',
  'ratelimit',
  'ratelimit-policy',
  'content-disposition',
  'x-request-id',
  'x-next-cursor',
  'x-next-changed-since',
  'x-warnings',
  simulatedHeader,
].join(', ');
const methods = 'GET, HEAD, POST, PUT, DELETE';
const requestHeaders = 'x-api-key, authorization, content-type, idempotency-key, if-none-match, x-request-id';
/** How long a browser may go on without asking again, in seconds. Chrome keeps it no longer than two hours. */
const rememberSeconds = 7_200;

/**
 * The answer to a preflight of a page whose origin is listed; `null` for every other request.
 */
export function preflightAnswer(request: Request, origins: ReadonlySet<string>): Response | null {
  const { headers } = request;
  const origin = headers.get('origin');
  if (request.method !== 'OPTIONS' || origin === null || !origins.has(origin)) return null;
  if (!headers.has('access-control-request-method')) return null;
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': methods,
      'access-control-allow-headers': requestHeaders,
      'access-control-max-age': String(rememberSeconds),
      'cache-control': 'no-store',
      vary: 'origin, access-control-request-method, access-control-request-headers',
    },
  });
}

/** Lets the page that has sent a request read the answer, where its origin is listed. A cache keeps the answers apart. */
export function allowOrigin(answer: Headers, origin: string | undefined, origins: ReadonlySet<string>): void {
  answer.append('vary', 'origin');
  if (origin === undefined || !origins.has(origin)) return;
  answer.set('access-control-allow-origin', origin);
  answer.set('access-control-expose-headers', exposed);
}

/**
 * The origins of a setting, separated by commas, and the first part that is none. An origin is what a browser sends: scheme,
 * host and port without a slash at the end, no `*`.
 *
 * @example
 * originsIn('https://a.example, http://localhost:5173') // { origins: ['https://a.example', 'http://localhost:5173'], wrong: null }
 * originsIn('https://a.example/') // { origins: [], wrong: 'https://a.example/' }
 */
export function originsIn(text: string): { readonly origins: readonly string[]; readonly wrong: string | null } {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const origins = parts.filter(isOrigin);
  return { origins, wrong: parts.find((part) => !isOrigin(part)) ?? null };
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    !text.includes('*') &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.origin === text
  );
}
