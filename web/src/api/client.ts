/**
 * The only client of the API: same origin, session cookie, every answer parsed by a zod schema.
 *
 * 1. A read sends the `ETag` of the cached answer; a 304 returns that cached answer, the same object.
 * 2. An answer is parsed by its contract. One that does not fit is an error.
 * 3. Every failure becomes a `RequestError` whose text says what happened and what to do.
 */
import { z } from 'zod';
import { envelope, problemSchema, simulatedHeader, type Warning } from '../../../core/contracts/http/envelope.ts';
import { clock } from './clock.ts';
import { RequestError } from './failure.ts';
import { simulation } from './simulation.ts';

const base = '/api/v1';
const timeoutMs = 30_000;
/** Answers cached for their `ETag`, per route. The oldest are dropped first. */
const keepAtMost = 100;

const cacheClears: (() => void)[] = [];

/** Drops every cached answer: another person may sign in next. */
export function forgetAnswers(): void {
  for (const forget of cacheClears) forget();
}

/** Makes the read function of a route. It gives `{data, meta, warnings}`, parsed by the contract of the data. */
export function reader<T extends z.ZodType>(data: T) {
  const schema = envelope(data);
  const kept = new Map<string, { etag: string; answer: z.infer<typeof schema> }>();
  cacheClears.push(() => kept.clear());

  return async (path: string, signal?: AbortSignal): Promise<z.infer<typeof schema>> => {
    const before = kept.get(path);
    const response = await send(path, {
      headers: before ? { 'if-none-match': before.etag } : {},
      ...(signal ? { signal } : {}),
    });
    if (response.status === 304 && before) return before.answer;
    const answer = await parsed(response, schema);
    kept.delete(path);
    const etag = response.headers.get('etag');
    if (etag) kept.set(path, { etag, answer });
    const oldest = kept.keys().next();
    if (kept.size > keepAtMost && !oldest.done) kept.delete(oldest.value);
    return answer;
  };
}

/** Makes the read function of a route that answers with a document of its own, also where its status is `also`. */
export function documentReader<T extends z.ZodType>(schema: T, accept: string, also: number) {
  return async (path: string, signal?: AbortSignal): Promise<z.infer<T>> => {
    const init = { headers: { accept }, ...(signal ? { signal } : {}) };
    const response = await send(path, init, (answer) => answer.status === also && isOf(answer, accept));
    return fitting(await jsonOf(response), schema, response);
  };
}

/** Reads a route that answers with a text of its own, whatever is in it: to be shown as text, never as a page. */
export async function readText(path: string, signal?: AbortSignal): Promise<string> {
  const response = await send(path, { headers: { accept: 'text/plain' }, ...(signal ? { signal } : {}) });
  return response.text();
}

/** Reads a page of a list as CSV, and the cursor of the next one. */
export async function readCsv(path: string): Promise<{ readonly text: string; readonly next: string | null }> {
  const response = await send(path, { headers: { accept: 'text/csv' } });
  return { text: await response.text(), next: response.headers.get('x-next-cursor') };
}

function isOf(response: Response, type: string): boolean {
  return response.headers.get('content-type')?.startsWith(type) ?? false;
}

/** Sends a POST, PUT or DELETE with a JSON body, or with a text of another media type. Gives the parsed data of the answer and its warnings. */
export async function change<T extends z.ZodType>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  data: T,
  body?: unknown,
  { media = 'application/json', key }: { media?: string; key?: string } = {},
): Promise<{ data: z.infer<T>; warnings: readonly Warning[] }> {
  const response = await send(path, {
    method,
    headers: {
      ...(key === undefined ? {} : { 'x-api-key': key }),
      ...(body === undefined ? {} : { 'content-type': media }),
    },
    ...(body === undefined
      ? {}
      : {
          body: typeof body === 'string' && media !== 'application/json' ? body : JSON.stringify(body),
        }),
  });
  if (response.status === 204) return { data: data.parse(undefined), warnings: [] };
  const answer = await parsed(response, envelope(z.unknown()));
  return { data: fitting(answer.data, data, response), warnings: answer.warnings };
}

/**
 * Asks for the events after one, or from now on: the answer may stay open, and is read as it comes. A stream that a client of
 * this name had before ends.
 */
export function openEvents(client: string | null, last: string | null, signal: AbortSignal): Promise<Response> {
  const headers = { accept: 'text/event-stream', ...(last === null ? {} : { 'last-event-id': last }) };
  const path = client === null ? '/events' : `/events?client=${client}`;
  return send(path, { headers, signal }, () => false, 2 ** 31 - 1);
}

async function send(
  path: string,
  init: RequestInit,
  isFine: (response: Response) => boolean = () => false,
  withinMs: number = timeoutMs,
): Promise<Response> {
  const limit = AbortSignal.timeout(withinMs);
  let response: Response;
  try {
    response = await fetch(base + path, {
      ...init,
      credentials: 'same-origin',
      // This client handles the ETag itself: the browser's cache would turn a 304 into a 200.
      cache: 'no-store',
      headers: { accept: 'application/json', ...init.headers },
      signal: init.signal ? AbortSignal.any([init.signal, limit]) : limit,
    });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw limit.aborted ? tooSlow() : unreachable();
  }
  clock.learn(response.headers.get('date'));
  simulation.learn(response.headers.get(simulatedHeader));
  if (response.ok || response.status === 304 || isFine(response)) return response;
  throw await failureOf(response);
}

async function parsed<T extends z.ZodType>(response: Response, schema: T): Promise<z.infer<T>> {
  return fitting(await jsonOf(response), schema, response);
}

function fitting<T extends z.ZodType>(body: unknown, schema: T, response: Response): z.infer<T> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue ? `At ${issue.path.join('.') || 'the top'}: ${issue.message}. ` : '';
  throw new RequestError({
    title: 'The answer has an unexpected format',
    detail: `${where}The API may be newer than this page: reload the page.`,
    code: 'unknown_answer',
    status: response.status,
    retryable: true,
    requestId: response.headers.get('x-request-id'),
  });
}

async function failureOf(response: Response): Promise<RequestError> {
  const problem = problemSchema.safeParse(await jsonOf(response));
  if (problem.success) return new RequestError(problem.data);
  return new RequestError({
    title: `The API answered ${response.status} without saying why`,
    detail: 'A proxy between this page and the API failed, or the API is being deployed. Try again in a minute.',
    code: `http_${response.status}`,
    status: response.status,
    retryable: response.status >= 500 || response.status === 429,
    requestId: response.headers.get('x-request-id'),
  });
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

function tooSlow(): RequestError {
  return new RequestError({
    title: 'The API did not answer within 30 seconds',
    detail: 'It may be starting up or under load. Try again.',
    code: 'no_answer',
    status: null,
    retryable: true,
    requestId: null,
  });
}

function unreachable(): RequestError {
  return new RequestError({
    title: 'The API cannot be reached',
    detail: 'You may be offline, or the server is not running. Locally, start it with npm start; then try again.',
    code: 'unreachable',
    status: null,
    retryable: true,
    requestId: null,
  });
}
