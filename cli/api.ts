import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { problemSchema } from '../core/contracts/http/envelope.ts';

/** Something that the person at the keyboard can put right: its message says how. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

export interface Api {
  /** The `data` of an answer, by a schema. Throws `CommandError` with the problem's own words. */
  ask<T>(method: 'GET' | 'PUT' | 'DELETE', path: string, data: z.ZodType<T>, body?: unknown): Promise<T>;
}

const localSchema = z.object({ apiUrl: z.url(), apiKeys: z.object({ admin: z.string() }) });

/**
 * The API that a command talks to: `QUOTRON_API_URL` with the key in `QUOTRON_API_KEY`, or the local cloud of this
 * folder. A key is never an argument: those show in the list of processes and in the shell's history.
 */
export function apiOf(env: NodeJS.ProcessEnv, folder: string): Api {
  const { url, key } = whereIs(env, folder);
  return {
    async ask(method, path, data, body) {
      let answer: Response;
      try {
        answer = await fetch(url + path, {
          method,
          headers: { 'x-api-key': key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(30_000),
        });
      } catch {
        throw new CommandError(
          `${url} does not answer. Is Quotron running there? QUOTRON_API_URL names another place.`,
        );
      }
      const text = await answer.text();
      if (!answer.ok) throw new CommandError(problemOf(text) ?? `${url}${path} answered ${answer.status}.`);
      const parsed = z.object({ data }).safeParse(parseJson(text));
      if (!parsed.success) throw new CommandError(`What ${url}${path} answered is of another version of Quotron.`);
      return parsed.data.data;
    },
  };
}

function whereIs(env: NodeJS.ProcessEnv, folder: string): { url: string; key: string } {
  const url = env['QUOTRON_API_URL']?.replace(/\/+$/, '');
  const key = env['QUOTRON_API_KEY'];
  if (url && key) return { url, key };
  if (url || key)
    throw new CommandError('QUOTRON_API_URL (ends in /api/v1) and QUOTRON_API_KEY are set together, or neither.');
  const file = join(env['QUOTRON_STATE_DIR'] ?? join(folder, '.quotron'), 'local.json');
  const local = existsSync(file) ? localSchema.safeParse(parseJson(readFileSync(file, 'utf8'))) : undefined;
  if (!local?.success)
    throw new CommandError(
      'No Quotron is known here. Set QUOTRON_API_URL (ends in /api/v1) and QUOTRON_API_KEY, or run this where `npm start` runs.',
    );
  return { url: local.data.apiUrl, key: local.data.apiKeys.admin };
}

function problemOf(text: string): string | undefined {
  const problem = problemSchema.safeParse(parseJson(text));
  return problem.success ? `${problem.data.title}. ${problem.data.detail}` : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
