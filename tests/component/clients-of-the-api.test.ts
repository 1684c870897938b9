import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { newApiKeySchema } from '../../core/contracts/http/api-keys.ts';
import { root } from '../../localstack/state-folder.ts';
import { iso, makeBatch, makeListing, makeQuote } from '../support/api-fixture.ts';
import { sectionsOf } from '../support/doc-examples.ts';
import { useApi } from '../support/use-api.ts';

/* Programs that take the address of a file: what they send by the recipes of docs/clients, as these are printed there. */

const { world, api, keys } = useApi();
const read = z.object({ data: newApiKeySchema });
const sections = sectionsOf(readFileSync(join(root, 'docs', 'clients', 'README.md'), 'utf8'));
const days = ['2026-11-18', '2026-11-19'];
let token = '';

beforeAll(async () => {
  const batch = await makeBatch(world.pool);
  const listing = await makeListing(world.pool, 'AAPL');
  await makeQuote(world.pool, listing, batch);
  for (const [at, day] of days.entries())
    await world.pool.query(
      `INSERT INTO bar (listing_id, source, interval, starts_at, date, open, high, low, close, volume, currency, basis, basis_at, stale, fetched_at, ingested_at, batch_id)
       VALUES ($1, 'yahoo', '1d', $2, $3, 240, 242, 239, $4, 100, 'USD', 'splits', $5, false, $5, $5, $6)`,
      [listing, `${day}T14:30:00Z`, day, 240.5 + at, iso(-60), batch],
    );
  const feed = { routes: ['quotes', 'bars'], symbols: ['AAPL'] };
  const made = await api.ask('/keys', { method: 'POST', key: keys.admin, json: { name: 'sheet', feed } });
  token = read.parse(await made.json()).data.key;
}, 60_000);

/** The blocks of a client's recipe. */
function recipe(client: string): readonly string[] {
  const blocks = sections.find(({ title }) => title === client)?.blocks ?? [];
  expect(blocks.length, client).toBeGreaterThan(0);
  return blocks.map(({ code }) => code);
}

/** The addresses of a recipe, below `/api/v1`, with the token that the reader puts in. */
function addressesIn(text: string): string[] {
  return [...text.matchAll(/https:\/\/<your address>\/api\/v1(\/[^\s"]+)/g)].map(([, path = '']) =>
    path.replace('<token>', token),
  );
}

/** As such a program sends it: no header but what every client has. */
const send = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  api.ask(path, { headers: { accept: '*/*', ...headers } });

/** Cells of CSV without quotes in it. */
const cellsOf = (csv: string) =>
  csv
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));

/** What the paths that Portfolio Performance takes select: names and `[*]`. */
function selected(value: unknown, path: string): unknown[] {
  const steps = [...path.matchAll(/\.(\w+)|\[(\*)\]/g)].map(([, name, all]) => name ?? all ?? '');
  expect(path).toBe(`$${steps.map((step) => (step === '*' ? '[*]' : `.${step}`)).join('')}`);
  return steps.reduce<unknown[]>(
    (found, step) =>
      found.flatMap((each) => {
        if (step === '*') return Array.isArray(each) ? each : [];
        const fields = z.record(z.string(), z.unknown()).safeParse(each).data ?? {};
        return Object.hasOwn(fields, step) ? [fields[step]] : [];
      }),
    [value],
  );
}

const parameterSchema = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  schema: z.looseObject({ default: z.unknown().optional() }),
});
const documentSchema = z.object({
  openapi: z.string().startsWith('3.'),
  paths: z.record(
    z.string(),
    z.looseObject({ get: z.looseObject({ parameters: z.array(parameterSchema).default([]) }).optional() }),
  ),
});

/** One line of a recipe of the command `openbb`: its server's path, header, command and options. */
function openbbLine(line: string) {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
  const [program, server, address, flag, header = '', command, ...rest] = words;
  expect([program, server, address, flag]).toEqual(['openbb', '--server', '$QUOTRON_URL/api/v1', '-H']);
  const options = new Map<string, string>();
  for (let at = 0; at < rest.length; at += 2) options.set((rest[at] ?? '').replace(/^--/, ''), rest[at + 1] ?? '');
  return { header: header.split('=')[0] ?? '', command, options };
}

describe('a client of any OpenAPI document', () => {
  it('such as openbb-cli finds its commands in ours, and what it sends by them is answered', async () => {
    const lines = recipe('OpenBB CLI').join('\n').trim().split('\n').map(openbbLine);
    expect(lines.map(({ command }) => command)).toEqual(['--describe', 'bars', 'quotes']);
    const headers = { [lines[0]?.header ?? '']: keys.read };
    const { paths } = documentSchema.parse(await (await send('/openapi.json', headers)).json());
    const answers = new Map<string, unknown>();
    for (const { command = '', options } of lines.slice(1)) {
      // A command is a path without its placeholders; of several it is the one that takes the options.
      const [found] = Object.entries(paths).flatMap(([path, { get }]) => {
        const name = path
          .split('/')
          .filter((part) => part !== '' && !part.startsWith('{'))
          .join('.');
        const names = new Set(get?.parameters.map((each) => each.name));
        return get && name === command && [...options.keys()].every((each) => names.has(each)) ? [{ path, get }] : [];
      });
      if (!found) throw new Error(`no operation is the command ${command}`);
      // It sends what is given, and each parameter that has a default.
      const query = new URLSearchParams();
      let path = found.path;
      for (const { name, in: place, schema } of found.get.parameters) {
        const value = options.get(name) ?? schema.default;
        if (value === undefined || place === 'header') continue;
        if (place === 'path') path = path.replace(`{${name}}`, encodeURIComponent(String(value)));
        else query.append(name, String(value));
      }
      const answer = await send(`${path}?${query}`, headers);
      expect([answer.status, path], command).toEqual([200, command === 'bars' ? '/bars/AAPL' : '/quotes']);
      answers.set(command, await answer.json());
    }
    expect(selected(answers.get('bars'), '$.data.bars[*].close')).toEqual([240.5, 241.5]);
    expect(selected(answers.get('quotes'), '$.data[*].quote.instrument.symbol')).toEqual(['AAPL']);
  });
});

describe('a client that takes the address of a file', () => {
  it('such as Google Sheets gets a table of one price and one of bars', async () => {
    const [price, bars, ...others] = addressesIn(recipe('Google Sheets').join('\n'));
    expect(others).toEqual([]);
    const one = await send(price ?? '');
    expect(one.headers.get('content-type')).toMatch(/^text\/csv/);
    const cells = cellsOf(await one.text());
    expect(cells).toHaveLength(2);
    expect(cells[0]).toEqual(['price']);
    expect(Number(cells[1]?.[0])).toBeGreaterThan(0);
    expect(cellsOf(await (await send(bars ?? '')).text())).toEqual([
      ['date', 'close'],
      ...days.map((day, at) => [day, String(240.5 + at)]),
    ]);
  });

  it('such as a cell of Excel gets a price in its second line, within the limits of WEBSERVICE', async () => {
    const [formula = ''] = recipe('Excel');
    const [address = '', ...others] = addressesIn(formula);
    expect(others).toEqual([]);
    expect(`https://d111111abcdef8.cloudfront.net/api/v1${address}`.length).toBeLessThan(2_048);
    const answer = await send(address);
    const text = await answer.text();
    expect(answer.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(text.length).toBeLessThan(32_767);
    expect(formula).toContain('CHAR(13) & CHAR(10)');
    expect(Number(text.split('\r\n')[1])).toBeGreaterThan(0);
  });

  it('such as Power Query sends the key in a header, and gets the columns that it names the types of', async () => {
    const [, query = ''] = recipe('Excel');
    const [path = ''] = addressesIn(query);
    const [, asked = ''] = /Query = \[([^\]]+)\]/.exec(query) ?? [];
    const parameters = new URLSearchParams();
    for (const [, name = '', value = ''] of asked.matchAll(/(\w+) = "([^"]*)"/g)) parameters.append(name, value);
    const [, header = ''] = /#"([^"]+)" = "<token>"/.exec(query) ?? [];
    const answer = await send(`${path}?${parameters}`, { [header]: token });
    const [names, ...rows] = cellsOf(await answer.text());
    expect(names).toEqual([...query.matchAll(/\{"(\w+)", type/g)].map(([, name]) => name));
    expect(rows.map(([day]) => day)).toEqual(days);
  });

  it('such as Portfolio Performance finds date and prices of each bar by its paths', async () => {
    const lines = recipe('Portfolio Performance').join('\n').split('\n');
    const fields = new Map(lines.map((line) => [line.slice(0, 14).trim(), line.slice(14).trim()]));
    const [address = ''] = addressesIn(fields.get('Feed URL') ?? '');
    const answer: unknown = await (await send(address.replace('{TICKER}', 'AAPL'))).json();
    const of = (field: string) => selected(answer, fields.get(field) ?? '');
    expect(of('Path to Date')).toEqual(days);
    expect(of('Path to Close')).toEqual([240.5, 241.5]);
    expect(of('Path to High')).toEqual([242, 242]);
    expect(of('Path to Low')).toEqual([239, 239]);
    expect(of('Path to Volume')).toEqual([100, 100]);
  });

  it('gets nothing of a symbol or a route that its token is not for', async () => {
    const text = ['Google Sheets', 'Excel', 'Portfolio Performance'].flatMap(recipe).join('\n');
    const inPath = addressesIn(text).filter((address) => address.startsWith('/k/'));
    expect(inPath).toHaveLength(4);
    for (const address of inPath) {
      const other = address.replace(/AAPL|\{TICKER\}/, 'MSFT');
      expect((await send(other)).status, address).toBe(403);
    }
    expect((await send(`/k/${token}/sources`)).status).toBe(403);
  });
});
