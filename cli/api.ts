import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import {
  metaSchema,
  problemSchema,
  simulatedHeader,
  simulatedSourcesOf,
  type Warning,
  warningSchema,
} from '../core/contracts/http/envelope.ts';
import { parseJson } from '../core/contracts/parse-json.ts';
import { CommandError, exitCodes } from './problems.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

type Query = Readonly<Record<string, string | undefined>>;

/** A part of a long answer. */
export interface Page<T> {
  readonly data: T;
  /** There are further pages. */
  readonly more: boolean;
}

export interface Api {
  /** Where the API is, with its base path. */
  readonly url: string;
  /** Sends a request and gives the `data` of the answer, parsed by `data`. Throws `CommandError` with the API's problem text. */
  request<T>(method: Method, path: string, data: z.ZodType<T>, body?: unknown): Promise<T>;
  /** The pages of an answer that has a cursor, one after the other. `size` is asked before each for its limit. */
  pages<T>(path: string, query: Query, data: z.ZodType<T>, size: () => number): AsyncIterable<Page<T>>;
  /** Follows the cursors of a list, up to `limit` rows. */
  list<T>(
    path: string,
    query: Query,
    row: z.ZodType<T>,
    limit: number,
    /** Rows on a page, where the list has fewer than others. */
    pageSize?: number,
  ): Promise<T[]>;
  /** An answer without an envelope, as text. Statuses in `alsoGood` are not treated as errors. */
  text(path: string, accept: string, alsoGood?: readonly number[]): Promise<string>;
  /** Ids of the simulated sources, as the answers so far have named them. */
  simulated(): readonly string[];
}

const localSchema = z.object({
  dashboardUrl: z.url().optional(),
  apiUrl: z.url(),
  apiKeys: z.object({ admin: z.string() }),
  databaseUrl: z.string().optional(),
  databaseGiven: z.boolean().optional(),
  emulatorUrl: z.url().optional(),
  emulatorAccessKeyId: z.string().optional(),
});
export type LocalCloud = z.infer<typeof localSchema>;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const basePath = '/api/v1';
const usualPageSize = 200;
/** Problem codes that mean a wrong name or value on the command line. */
const usageCodes =
  /^(unknown_(source|service|job|symbol|queue)|invalid_(request|symbol)|not_(backfillable|collectable))$/;

/**
 * The API that a command talks to: `QUOTRON_URL` with the key in `QUOTRON_API_KEY`, or the local cloud of this folder or
 * checkout. The key is never an argument, because arguments show in the process list and in the shell's history.
 */
export function apiOf(env: NodeJS.ProcessEnv, folder: string, onWarning: (warning: Warning) => void): Api {
  const { url, key } = endpointOf(env, folder);
  const ownKeyOf = (code: string | null) => (code === 'forbidden' && ofThisMachine(env, folder, url) ? ownKey : '');
  let simulated: readonly string[] = [];

  async function send(method: Method, path: string, accept: string, body?: unknown): Promise<Response> {
    try {
      const answer = await fetch(url + path, {
        method,
        headers: {
          'x-api-key': key,
          accept,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(60_000),
      });
      simulated = simulatedSourcesOf(answer.headers.get(simulatedHeader));
      return answer;
    } catch {
      throw new CommandError(
        `${url} does not answer. Is Quotron running there (npm start)? Set QUOTRON_URL to use another one.`,
      );
    }
  }

  async function enveloped<T>(method: Method, path: string, data: z.ZodType<T>, body?: unknown) {
    const answer = await send(method, path, 'application/json', body);
    const text = await answer.text();
    if (!answer.ok) throw problemOf(text, `${url}${path}`, answer.status, ownKeyOf);
    const envelope = z.object({ data, meta: metaSchema, warnings: z.array(warningSchema) });
    const parsed = envelope.safeParse(parseJson(text));
    if (!parsed.success)
      throw new CommandError(
        `The answer of ${url}${path} does not fit this version of the command. Use the \`quotron\` of the version that runs there.`,
      );
    for (const warning of parsed.data.warnings) onWarning(warning);
    return parsed.data;
  }

  async function* pages<T>(path: string, filters: Query, data: z.ZodType<T>, size: () => number) {
    let cursor: string | undefined;
    do {
      const query = new URLSearchParams({ limit: String(size()) });
      for (const [name, value] of Object.entries(filters)) if (value !== undefined) query.set(name, value);
      if (cursor !== undefined) query.set('cursor', cursor);
      const answer = await enveloped('GET', `${path}?${query}`, data);
      cursor = answer.meta.nextCursor;
      yield { data: answer.data, more: cursor !== undefined };
    } while (cursor !== undefined);
  }

  return {
    url,
    request: async (method, path, data, body) => (await enveloped(method, path, data, body)).data,
    pages,
    async list(path, filters, row, limit, pageSize = usualPageSize) {
      const rows: z.output<typeof row>[] = [];
      // A page of a list that is filtered after it was read may be empty, and others follow.
      for await (const { data } of pages(path, filters, z.array(row), () => Math.min(pageSize, limit - rows.length))) {
        rows.push(...data);
        if (rows.length >= limit) break;
      }
      return rows;
    },
    async text(path, accept, alsoGood = []) {
      const answer = await send('GET', path, accept);
      const text = await answer.text();
      if (answer.ok || alsoGood.includes(answer.status)) return text;
      throw problemOf(text, `${url}${path}`, answer.status, ownKeyOf);
    },
    simulated: () => simulated,
  };
}

function endpointOf(env: NodeJS.ProcessEnv, folder: string): { url: string; key: string } {
  const given = env['QUOTRON_URL']?.replace(/\/+$/, '');
  const key = env['QUOTRON_API_KEY'];
  if (given && key) {
    if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
      throw new CommandError(
        `QUOTRON_URL is ${JSON.stringify(given)}, which is not an http or https URL.`,
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
      'No Quotron is known here. Run `npm start` in the checkout, or point QUOTRON_URL and QUOTRON_API_KEY at one that runs elsewhere.',
    );
  return { url: local.apiUrl, key: local.apiKeys.admin };
}

/**
 * What `npm start` wrote about the local cloud: looked for in the state folder, the current folder and the checkout. With
 * `--live`, and for another database than the first, it writes into folders of these; the one that was started last is meant.
 */
export function localCloud(env: NodeJS.ProcessEnv, folder: string): LocalCloud | undefined {
  const chosen = env['QUOTRON_STATE_DIR'];
  const folders = chosen ? [chosen] : [join(folder, '.quotron'), join(root, '.quotron')];
  for (const each of folders) {
    const files = [each, join(each, 'live')]
      .flatMap((own) => [own, ...foldersIn(join(own, 'databases'))])
      .map((own) => join(own, 'local.json'))
      .filter((file) => existsSync(file));
    for (const file of files.toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)) {
      const local = localSchema.safeParse(parseJson(readFileSync(file, 'utf8')));
      if (local.success) return local.data;
    }
  }
  return undefined;
}

function foldersIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

/** Said of a key in a variable where the command has one of its own that may do more: the quick start sets one that reads. */
const ownKey =
  ' That key is in QUOTRON_API_KEY: in a terminal without it and QUOTRON_URL, the command takes its own of this local cloud.';

/** Whether variables name the local cloud that the command would find without them. */
function ofThisMachine(env: NodeJS.ProcessEnv, folder: string, url: string): boolean {
  const local = env['QUOTRON_API_KEY'] ? localCloud(env, folder) : undefined;
  const origin = new URL(url).origin;
  return [local?.apiUrl, local?.dashboardUrl].some((each) => each !== undefined && new URL(each).origin === origin);
}

function problemOf(text: string, where: string, status: number, more: (code: string | null) => string): CommandError {
  const problem = problemSchema.safeParse(parseJson(text));
  if (!problem.success)
    return new CommandError(`${where} answered ${status}, and not in Quotron's format. Is the URL right?`);
  const { title, detail, code } = problem.data;
  return new CommandError(
    `${title}. ${detail}${more(code)}`,
    usageCodes.test(code) ? exitCodes.usage : exitCodes.failed,
    code,
  );
}
