/** The double's answers: each is checked against its contract before it is sent. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { type Problem, problemSchema, type Warning } from '../../../core/contracts/http/envelope.ts';

/** Of every answer. */
export const requestId = '6f1d1f7a-2f0c-4b9c-9a53-0c1f4f5a7e21';

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** In place of a body: what is sent as it is. */
  readonly text?: string;
  readonly headers?: Record<string, string>;
}

/** A checked answer: a fixture that does not fit its contract fails the test that uses it. */
export function data<T extends z.ZodType>(
  schema: T,
  value: z.infer<T>,
  extra: { nextCursor?: string; total?: number; warnings?: Warning[] } = {},
): Answer {
  const { warnings = [], ...meta } = extra;
  const checked = schema.parse(value);
  return {
    status: 200,
    body: { data: checked, meta: { requestId, ...meta }, warnings },
    headers: { 'content-type': 'application/json' },
  };
}

/** A text of its own, not JSON. */
export function rawText(text: string): Answer {
  return { status: 200, text, headers: { 'content-type': 'text/plain; charset=utf-8' } };
}

export function problem(status: number, code: string, title: string, detail: string): Answer {
  const body: Problem = {
    type: `urn:quotron:problem:${code}`,
    title,
    status,
    detail,
    code,
    retryable: status >= 500,
    requestId,
  };
  return { status, body: problemSchema.parse(body), headers: { 'content-type': 'application/problem+json' } };
}

/** A weak ETag over the data without its age, as the API makes it. */
export function withEtag(answer: Answer, request: IncomingMessage): Answer {
  if (answer.status !== 200 || answer.text !== undefined) return answer;
  const content = JSON.stringify(answer.body).replace(/"ageSeconds":-?[\d.]+/g, '');
  const etag = `W/"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
  if (request.headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
  return { ...answer, headers: { ...answer.headers, etag } };
}

export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  if (request.headers['content-type'] === 'text/csv') return text;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
