import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { root } from '../../localstack/state-folder.ts';
import { installPython, installYahooFinance2 } from '../clients/yahoo-clients.ts';
import { commandsOf, type DocExample, docExamples, pages, reasonAgainst } from '../support/doc-examples.ts';
import { eventually, sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
/** A checkout whose local cloud is the one of these tests: what the examples say of `.quotron` holds there. */
const checkout = mkdtempSync(join(tmpdir(), 'quotron-checkout-'));
let python = '';

beforeAll(async () => {
  for (const name of readdirSync(root))
    if (!['.quotron', '.git', 'diagnostics_report.md'].includes(name))
      symlinkSync(join(root, name), join(checkout, name));
  symlinkSync(cloud.folder, join(checkout, '.quotron'));
  python = await installPython();
  await cloud.noFaults();
  await eventually('the proxy to answer', async () => {
    const answer = await fetch(`${cloud.dashboardUrl}/yahoo/quote/AAPL`, {
      headers: { 'x-api-key': cloud.apiKeys.read },
    });
    return answer.ok ? true : undefined;
  });
}, 180_000);
afterAll(async () => {
  rmSync(checkout, { recursive: true, force: true });
  // What the examples have stopped.
  for (const path of ['/sources/yahoo/start', '/services/ingest/start'])
    await cloud.ask(path, { method: 'POST', as: 'operate' });
});

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: checkout, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 150_000 });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      said.stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said.stderr += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...said }));
  });
}

const marker = '\n--- the environment ---\n';

/** Runs a line of a shell; what it exports is there for the next ones of the page. */
async function inShell(line: string, env: Map<string, string>): Promise<Ran> {
  const script = `${line}\ncode=$?\nprintf '${marker.replaceAll('\n', '\\n')}'\nenv -0\nexit $code`;
  const ran = await run('bash', ['-c', script], Object.fromEntries(env));
  const [stdout = '', after = ''] = ran.stdout.split(marker);
  for (const pair of after.split('\0')) {
    const at = pair.indexOf('=');
    if (at > 0) env.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return { ...ran, stdout };
}

async function script(name: string, code: string, command: string, env: ReadonlyMap<string, string>): Promise<Ran> {
  const folder = join(checkout, 'examples');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), code);
  return run(command, [join(folder, name)], Object.fromEntries(env));
}

const problem = z.object({ code: z.string(), detail: z.string() });

/** Runs an example as it is printed. Gives what it printed; throws where it failed. */
async function carryOut({ at, language, code }: DocExample, env: Map<string, string>): Promise<string> {
  const outputs: string[] = [];
  const good = (ran: Ran, allowed: readonly number[] = [0]) => {
    if (!allowed.includes(ran.code ?? -1)) throw new Error(`${at} ended with ${ran.code}: ${ran.stderr.slice(-1_500)}`);
    outputs.push(ran.stdout);
  };
  if (language === 'sh') {
    // A command that finds something wrong ends with 1, and has worked.
    for (const line of commandsOf(code.replaceAll(/^\$ (.*)\n(?:(?!\$ ).*(?:\n|$))*/gm, '$1\n')))
      good(await inShell(line, env), /^(npx )?quotron /.test(line) ? [0, 1] : [0]);
  } else if (language === 'python') good(await script('example.py', code, python, env));
  else if (language === 'http') outputs.push(...(await overHttp(code)));
  else good(await script(`example.m${language}`, code, process.execPath, env));
  const text = outputs.join('\n');
  // curl ends with 0 for a problem, too.
  for (const line of text.split('\n')) {
    const parsed = problem.safeParse(line.startsWith('{') ? jsonOf(line) : undefined);
    if (parsed.success) throw new Error(`${at} answered ${parsed.data.code}: ${parsed.data.detail}`);
  }
  return text;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Lines such as `POST /findings/accept {"ids": ["1"]}`. */
async function overHttp(code: string): Promise<string[]> {
  const answers: string[] = [];
  for (const line of code.split('\n')) {
    const [, method = '', path = '', body] = /^([A-Z]+) +(\S+)(?: +(.*))?$/.exec(line) ?? [];
    const answer = await cloud.ask(path.replace(/^\/api\/v1/, ''), {
      method,
      as: 'admin',
      ...(body === undefined ? {} : { body: JSON.parse(body) }),
    });
    answers.push(await answer.text());
  }
  return answers;
}

const environment = () =>
  new Map(
    ['HOME', 'LANG'].flatMap((name): [string, string][] => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  ).set('PATH', `${join(root, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`);

describe('the examples of README and docs, as they stand there', () => {
  const byPage = Map.groupBy(docExamples(), ({ file }) => file);

  it.each(pages().filter((file) => byPage.get(file)?.some((example) => !reasonAgainst(example))))(
    '%s',
    { timeout: 600_000 },
    async (file) => {
      const env = environment();
      // What the reader has set before: the quick start says how.
      env.set('YFINANCE_PROXY_URL', `${cloud.dashboardUrl}/yahoo/k/${cloud.apiKeys.read}`);
      if (file === 'docs/proxy.md') {
        const module = await installYahooFinance2();
        mkdirSync(join(checkout, 'examples'), { recursive: true });
        symlinkSync(module.modules, join(checkout, 'examples', 'node_modules'));
      }
      for (const example of byPage.get(file) ?? []) {
        if (reasonAgainst(example) !== undefined) continue;
        await cloud.rows(`DELETE FROM permit WHERE source_id = 'yahoo'`);
        const printed = await carryOut(example, env);
        if (file === 'docs/quickstart.md') expectPrices(example, printed);
      }
      if (file === 'docs/quickstart.md') await cloud.ask('/watch/NFLX', { method: 'DELETE', as: 'operate' });
    },
  );

  /** The quick start is worth nothing without prices. */
  function expectPrices({ language, code, at }: DocExample, printed: string): void {
    const lines = code.split('\n').length;
    const library = /yfinance/.test(code) ? 'yfinance' : language;
    const most: Readonly<Record<string, number>> = { python: 5, yfinance: 3, ts: 5 };
    expect(lines, at).toBeLessThanOrEqual(new Map(Object.entries(most)).get(library) ?? 4);
    expect(printed, at).toMatch(
      { sh: /"price":\d|^NFLX +yahoo +collected/m, ts: /^\d+(\.\d+)? USD simulated/m, python: /\d+\.\d+ .*\d+\.\d+/ }[
        language === 'js' || language === 'http' ? 'sh' : language
      ],
    );
  }

  it('are found wrong when they are', async () => {
    const wrong = (language: DocExample['language'], code: string) =>
      carryOut({ file: 'x.md', at: 'x.md:1', language, code }, environment());
    await expect(wrong('sh', 'false')).rejects.toThrow('ended with 1');
    await expect(wrong('sh', `curl -s ${cloud.apiUrl}/quotes/AAPL`)).rejects.toThrow('unauthenticated');
    await expect(wrong('sh', 'npx quotron no-such-command')).rejects.toThrow('ended with 2');
    await expect(wrong('python', 'raise SystemExit(3)')).rejects.toThrow('ended with 3');
    await expect(wrong('ts', 'const a: number = 1; process.exit(4);')).rejects.toThrow('ended with 4');
    await expect(wrong('http', 'GET /nothing')).rejects.toThrow('not_found');
  });
});

const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        security: z.array(z.unknown()),
        'x-codeSamples': z.array(z.object({ lang: z.enum(['Shell', 'Python', 'TypeScript']), source: z.string() })),
      }),
    ),
  ),
});

/** Answers that say that a request was not understood, in place of that what it names is not there. */
const misunderstood =
  /"code":"(invalid_\w+|method_not_allowed|unauthenticated|forbidden|unsupported_media_type)","retryable"/;

describe('the examples of reading operations on the page of the API', () => {
  it('work in curl, Python and TypeScript as they are printed', { timeout: 600_000 }, async () => {
    const { paths } = documentSchema.parse(await (await cloud.ask('/openapi.json', { as: null })).json());
    const env = environment().set('QUOTRON_URL', cloud.dashboardUrl).set('QUOTRON_API_KEY', cloud.apiKeys.admin);
    const reads = Object.entries(paths).flatMap(([path, { get }]) => (get === undefined ? [] : [{ path, get }]));
    expect(reads.length).toBeGreaterThan(30);
    const working: { path: string; python: string; typescript: string }[] = [];
    for (const { path, get } of reads) {
      const sourceOf = (lang: string) => get['x-codeSamples'].find((sample) => sample.lang === lang)?.source ?? '';
      const { code, stdout, stderr } = await inShell(sourceOf('Shell'), env);
      expect([path, code, stdout.match(misunderstood)?.[1] ?? null], stderr).toEqual([path, 0, null]);
      // An id that stands for one of the reader's is not there.
      if (!/"code":"\w+","retryable"/.test(stdout))
        working.push({ path, python: sourceOf('Python'), typescript: sourceOf('TypeScript') });
    }
    expect(working.length).toBeGreaterThan(20);
    // Each in turn, in one process.
    const all = working.map(
      ({ path, python: source }) => `print(${JSON.stringify(path)})\nexec(${JSON.stringify(source)}, {})`,
    );
    expect(await script('all.py', all.join('\n'), python, env)).toMatchObject({ code: 0 });
    const scripts = working.map(({ typescript }) => `await (async () => {\n${typescript}\n})();`);
    expect(await script('all.mts', scripts.join('\n'), process.execPath, env)).toMatchObject({ code: 0 });
  });
});
