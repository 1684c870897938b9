import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { metaSchema, problemSchema, type Warning, warningSchema } from '../core/contracts/http/envelope.ts';
import { CommandError, exitCodes } from './problems.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Api {
  /** The `data` of an answer, by a schema. Throws `CommandError` with the problem's own words. */
  ask<T>(method: Method, path: string, data: z.ZodType<T>, body?: unknown): Promise<T>;
  /** Of a list, page after page, up to `limit` rows. */
  list<T>(
    path: string,
    query: Readonly<Record<string, string | undefined>>,
    row: z.ZodType<T>,
    limit: number,
  ): Promise<T[]>;
  /** An answer without an envelope, as text. `alsoGood` are statuses that are no errors here. */
  text(path: string, accept: string, alsoGood?: readonly number[]): Promise<string>;
}

const localSchema = z.object({
  apiUrl: z.url(),
  apiKeys: z.object({ admin: z.string() }),
  databaseUrl: z.string().optional(),
});
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const basePath = '/api/v1';
const pageSize = 200;
/** Problems that tell of a name or value which the person gave. */
const usageCodes = /^(unknown_(source|service|job|symbol|queue)|invalid_(request|symbol)|not_backfillable)$/;

/**
 * The API that a command talks to: `QUOTRON_URL` with the key in `QUOTRON_API_KEY`, or the local cloud of this folder or
 * checkout. A key is never an argument: those show in the list of processes and in the shell's history.
 */
export function apiOf(env: NodeJS.ProcessEnv, folder: string, onWarning: (warning: Warning) => void): Api {
  const { url, key } = whereIs(env, folder);

  async function request(method: Method, path: string, accept: string, body?: unknown): Promise<Response> {
    try {
      return await fetch(url + path, {
        method,
        headers: {
          'x-api-key': key,
          accept,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(60_000),
      });
    } catch {
      throw new CommandError(
        `${url} does not answer. Is Quotron running there (npm start)? QUOTRON_URL names another place.`,
      );
    }
  }

  async function enveloped<T>(method: Method, path: string, data: z.ZodType<T>, body?: unknown) {
    const answer = await request(method, path, 'application/json', body);
    const text = await answer.text();
    if (!answer.ok) throw problemOf(text, `${url}${path}`, answer.status);
    const envelope = z.object({ data, meta: metaSchema, warnings: z.array(warningSchema) });
    const parsed = envelope.safeParse(parseJson(text));
    if (!parsed.success)
      throw new CommandError(
        `What ${url}${path} answered is of another version of Quotron. Use the command of that version.`,
      );
    for (const warning of parsed.data.warnings) onWarning(warning);
    return parsed.data;
  }

  return {
    ask: async (method, path, data, body) => (await enveloped(method, path, data, body)).data,
    async list(path, asked, row, limit) {
      const rows: z.output<typeof row>[] = [];
      let cursor: string | undefined;
      do {
        const query = new URLSearchParams({ limit: String(Math.min(pageSize, limit - rows.length)) });
        for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.set(name, value);
        if (cursor !== undefined) query.set('cursor', cursor);
        const { data, meta } = await enveloped('GET', `${path}?${query}`, z.array(row));
        rows.push(...data);
        cursor = data.length > 0 ? meta.nextCursor : undefined;
      } while (cursor !== undefined && rows.length < limit);
      return rows;
    },
    async text(path, accept, alsoGood = []) {
      const answer = await request('GET', path, accept);
      const text = await answer.text();
      if (answer.ok || alsoGood.includes(answer.status)) return text;
      throw problemOf(text, `${url}${path}`, answer.status);
    },
  };
}

function whereIs(env: NodeJS.ProcessEnv, folder: string): { url: string; key: string } {
  const given = env['QUOTRON_URL']?.replace(/\/+$/, '');
  const key = env['QUOTRON_API_KEY'];
  if (given && key) {
    if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
      throw new CommandError(
        `QUOTRON_URL is ${JSON.stringify(given)}, which is no http or https URL.`,
        exitCodes.usage,
      );
    return { url: given.endsWith(basePath) ? given : given + basePath, key };
  }
  if (given || key)
    throw new CommandError(
      `${given ? 'QUOTRON_URL is set and QUOTRON_API_KEY is not' : 'QUOTRON_API_KEY is set and QUOTRON_URL is not'}: set both, or neither to use the local cloud.`,
    );
  const local = localCloud(env, folder);
  if (!local)
    throw new CommandError(
      'No Quotron is known here. Run `npm start` in the checkout, or set QUOTRON_URL and QUOTRON_API_KEY to one that runs elsewhere.',
    );
  return { url: local.apiUrl, key: local.apiKeys.admin };
}

/** What `npm start` wrote of the local cloud: of the state folder, the current folder, or the checkout. */
export function localCloud(env: NodeJS.ProcessEnv, folder: string): z.infer<typeof localSchema> | undefined {
  const chosen = env['QUOTRON_STATE_DIR'];
  const folders = chosen ? [chosen] : [join(folder, '.quotron'), join(root, '.quotron')];
  for (const each of folders) {
    const file = join(each, 'local.json');
    const local = existsSync(file) ? localSchema.safeParse(parseJson(readFileSync(file, 'utf8'))) : undefined;
    if (local?.success) return local.data;
  }
  return undefined;
}

function problemOf(text: string, where: string, status: number): CommandError {
  const problem = problemSchema.safeParse(parseJson(text));
  if (!problem.success)
    return new CommandError(`${where} answered ${status}, and not as Quotron does. Is the URL right?`);
  const { title, detail, code } = problem.data;
  return new CommandError(`${title}. ${detail}`, usageCodes.test(code) ? exitCodes.usage : exitCodes.failed, code);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
