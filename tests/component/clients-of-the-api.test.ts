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
