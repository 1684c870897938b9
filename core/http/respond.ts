import { type Meta, simulatedHeader } from '../contracts/http/envelope.ts';
import { encodeBody } from './content-coding.ts';
import { matchesEtag, weakEtag } from './etag.ts';
import { type ProblemError, problemBody, problems } from './problem.ts';
import type { Call, Reply } from './route.ts';

/**
 * The maximum size of an answer that is sent directly, in bytes. Lambda refuses more than 6 MB, and escaping makes
 * bodies longer.
 */
const answerLimit = 4 * 1024 * 1024;

/**
 * Headers of every answer. The API serves programs and one page; no browser may frame, sniff or execute its answers.
 */
export const baseHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** How a request without a valid key can send one. */
export const challenge = 'ApiKey realm="quotron", header="x-api-key", Bearer realm="quotron"';

/** An answer over the limit: the caller stores it and redirects the client. */
export interface LongAnswer {
  readonly body: string;
  readonly contentType: string;
}

/**
 * The HTTP answer of a reply: envelope, weak ETag, caching, coding. An answer over the limit is returned as a body to store; a
 * HEAD, which sends no body, has no limit.
 *
 * The ETag is of the content: the data without `ageSeconds`, which changes each second, without the request's id, and without
 * `nextChangedSince` and `nextCursor`, of which the earlier ones lead on as well.
 * So a price that did not change answers 304, however much later it was confirmed. Keys that see fewer sources have ETags
 * of their own. The ETag is weak, so it is the same in every coding (RFC 9110, 8.8.3.3).
 */
export function respond(reply: Reply, call: Call, method: string): Response | LongAnswer {
  const headers = headersOf(call);
  if (reply.kind === 'stream') {
    headers.set('content-type', reply.contentType);
    headers.set('cache-control', 'no-store, no-transform');
    if (method !== 'HEAD') return new Response(reply.body, { headers });
    void reply.body.cancel();
    return new Response(null, { headers });
  }
  for (const [name, value] of Object.entries(reply.headers ?? {})) headers.set(name, value);
  if (reply.kind === 'empty') {
    headers.set('cache-control', 'no-store');
    return new Response(null, { status: 204, headers });
  }
  if (reply.kind === 'redirect') {
    headers.set('cache-control', 'no-store');
    headers.set('location', reply.location);
    return new Response(null, { status: 303, headers });
  }
  const { use, all } = call.visible;
  const { body, content, contentType } = reply.kind === 'data' ? enveloped(reply, call) : plain(reply);
  if (method !== 'HEAD' && Buffer.byteLength(body) > answerLimit) return { body, contentType };
  const isRead = method === 'GET' || method === 'HEAD';
  headers.set('content-type', contentType);
  headers.set('cache-control', cacheControl(isRead ? reply.maxAge : null));
  const status = reply.status ?? 200;
  if (isRead && status === 200 && reply.maxAge !== null) {
    const etag = weakEtag(all || use === null ? content : `${use} ${content}`);
    headers.set('etag', etag);
    headers.set('vary', 'x-api-key, authorization, cookie, accept, accept-encoding');
    if (matchesEtag(call.header('if-none-match'), etag)) {
      headers.delete('content-type');
      return new Response(null, { status: 304, headers });
    }
  }
  const coded = method === 'HEAD' ? null : encodeBody(body, call.header('accept-encoding'));
  if (coded === null) return new Response(body, { status, headers });
  headers.set('content-encoding', coded.coding);
  if (!headers.has('vary')) headers.set('vary', 'accept-encoding');
  return new Response(coded.body, { status, headers });
}

/** The HTTP answer of a problem. */
export function respondProblem(problem: ProblemError, request: AnsweredRequest & { readonly path: string }): Response {
  const headers = headersOf(request);
  for (const [name, value] of Object.entries(problem.headers)) headers.set(name, value);
  headers.set('content-type', 'application/problem+json');
  headers.set('cache-control', 'no-store');
  const { status } = problems[problem.code];
  if (status === 401) headers.set('www-authenticate', challenge);
  return new Response(JSON.stringify(problemBody(problem, request.requestId, request.path)), { status, headers });
}

/** What every answer says of its request. */
type AnsweredRequest = Pick<Call, 'requestId' | 'https' | 'simulated'>;

function headersOf({ requestId, https, simulated }: AnsweredRequest): Headers {
  const headers = new Headers(baseHeaders);
  headers.set('x-request-id', requestId);
  if (simulated.length > 0) headers.set(simulatedHeader, simulated.join(','));
  if (https) headers.set('strict-transport-security', 'max-age=31536000');
  return headers;
}

/**
 * What an answer says of simulated sources: of its own source where it names one, of all otherwise.
 *
 * @example
 * simulationOf(['yahoo', 'coingecko'], 'yahoo') // { simulated: true, simulatedSources: ['yahoo'] }
 * simulationOf(['yahoo'], 'coingecko') // { simulated: false }
 */
export function simulationOf(
  simulated: readonly string[],
  source: string | undefined,
): Pick<Meta, 'simulated' | 'simulatedSources'> {
  const own = source === undefined ? [...simulated] : simulated.filter((id) => id === source);
  return own.length === 0 ? { simulated: false } : { simulated: true, simulatedSources: own };
}

function enveloped(reply: Extract<Reply, { kind: 'data' }>, { requestId, simulated }: Call) {
  const data = JSON.stringify(reply.data);
  const warnings = JSON.stringify(reply.warnings ?? []);
  const { ageSeconds, nextChangedSince, nextCursor, ...stable } = reply.meta ?? {};
  const rest = { ...simulationOf(simulated, stable.source), ...stable };
  const meta = JSON.stringify({ requestId, ...rest, nextCursor, nextChangedSince, ageSeconds });
  return {
    body: `{"data":${data},"meta":${meta},"warnings":${warnings}}`,
    // Inside JSON text quotes are escaped, so this can only match the field itself.
    content:
      data.replace(/"ageSeconds":-?[\d.]+/g, '') +
      JSON.stringify({ ...rest, more: nextCursor !== undefined }) +
      warnings,
    contentType: 'application/json',
  };
}

function plain(reply: Extract<Reply, { kind: 'text' }>) {
  return { body: reply.body, content: reply.body, contentType: reply.contentType };
}

function cacheControl(maxAge: number | null | undefined): string {
  if (maxAge === null) return 'no-store';
  return maxAge ? `private, max-age=${maxAge}` : 'private, max-age=0, must-revalidate';
}
