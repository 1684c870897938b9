import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Exchange } from '../../core/contracts/blob.ts';

const directory = new URL('../../../shared/upstreams/', import.meta.url).pathname;

/** Whether the recorded answers of the real services are at hand. They are no part of the project. */
export const recordingsExist = existsSync(directory);
if (!recordingsExist)
  console.warn('Recorded answers are not beside the project: the tests that read them are skipped.');

const recordingSchema = z.object({
  request: z.object({ url: z.string() }),
  response: z.object({
    status: z.number(),
    headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
    bodyJson: z.unknown().optional(),
    bodyText: z.string().optional(),
  }),
});

/** The names of a source's recorded answers, such as `yahoo/quote-AAPL.json`. */
export function recordingsOf(sourceId: string): string[] {
  const folder = directory + sourceId;
  return existsSync(folder) ? readdirSync(folder).map((name) => `${sourceId}/${name}`) : [];
}

export interface Recording {
  readonly url: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** When it was recorded, from the answer's `date`. */
  readonly fetchedAt: string;
}

/** A recorded answer, such as `yahoo/quote-AAPL.json`. Throws when it is missing. */
export function recording(name: string): Recording {
  const { request, response } = recordingSchema.parse(JSON.parse(readFileSync(directory + name, 'utf8')));
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([key, value]) => [key, [value].flat().join(', ')]),
  );
  return {
    url: request.url,
    status: response.status,
    headers,
    body: response.bodyText ?? JSON.stringify(response.bodyJson),
    fetchedAt: new Date(headers['date'] ?? 0).toISOString(),
  };
}

/** A recorded answer as the exchange that a raw blob holds. */
export function recordedExchange(name: string, symbols: readonly string[]): Exchange {
  const { url, status, headers, body, fetchedAt } = recording(name);
  return {
    request: { method: 'GET', url, headers: {}, symbols: [...symbols] },
    response: { status, headers, body, truncated: false },
    error: null,
    fetchedAt,
    latencyMs: 10,
  };
}

/** A recorded or published answer, whatever is kept of it, as a parser takes it. */
export function wholeRecording(name: string, symbols: readonly string[]) {
  const whole = recordingSchema.safeParse(JSON.parse(publishedBody(name)));
  const { status, headers, body, fetchedAt } = whole.success
    ? recording(name)
    : { status: 200, headers: {}, body: publishedBody(name), fetchedAt: new Date(0).toISOString() };
  const url = whole.success ? whole.data.request.url : '';
  return { request: { url, symbols }, response: { status, headers, body, truncated: false }, error: null, fetchedAt };
}

/** The body of a published or recorded answer that is kept without its request: `alpha-vantage/global-quote-MSFT.json`. */
export function publishedBody(name: string): string {
  return readFileSync(directory + name, 'utf8');
}
