import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

/*
 * Adds a source to a copy of the project, by the steps of docs/adding-a-source.md and by nothing else: what a step needs
 * besides what it says fails here.
 */

const root = new URL('../../', import.meta.url).pathname;
const id = 'toy-prices';
const list = 'core/sources/list.ts';
/** All of the project that a source has to do with. */
const folders = ['bin', 'lib', 'core', 'functions', 'localstack', 'tests', 'docs'];
const files = ['package.json', 'cdk.json', 'tsconfig.json'];
const isCopied = (path: string) => !/\/node_modules|\/tests\/browser|\/\.quotron/.test(path);
let copy: string;
let database: TestDatabase;

beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), 'quotron-source-'));
  for (const folder of folders) cpSync(join(root, folder), join(copy, folder), { recursive: true, filter: isCopied });
  for (const file of files) cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  database = await startTestDatabase();
}, 60_000);
afterAll(async () => {
  await database?.stop();
  rmSync(copy, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(copy, path)), { recursive: true });
  writeFileSync(join(copy, path), text);
}
const steps: Readonly<Record<number, () => void>> = {
  1: () =>
    write(
      `core/sources/${id}/source.ts`,
      `import type { SourceDefinition } from '../definition.ts';
export const toyPrices: SourceDefinition = {
  id: '${id}', title: 'Toy prices', kind: 'api', origins: ['https://toy.example'],
  quota: { perMinute: 10, perDay: 2_000 }, session: null,
  jobs: [{ id: 'quotes', kind: 'quotes', everySeconds: 60, symbols: ['AAPL', 'MSFT'], symbolsPerTask: 50, symbolsPerRequest: 50 }],
  canarySymbol: 'AAPL', fallbacks: ['yahoo'], rank: { equity: 1 },
  toSource: (canonical) => (/^[A-Z]+$/.test(canonical) ? canonical : null),
  toCanonical: (symbol) => symbol,
  parser: async () => (await import('./parse.ts')).toyPricesParser,
  terms: { url: 'https://toy.example/terms', licence: 'unknown', reviewed: '2026-11-22' },
};
`,
    ),
  2: () =>
    write(
      'recordings/toy-prices/prices.json',
      JSON.stringify([{ ticker: 'AAPL', last: 244.6, unit: 'USD', at: 1739566800 }]),
    ),
  3: () =>
    write(
      `core/sources/${id}/schema.ts`,
      `import * as z from 'zod';
export const answerSchema = z.array(z.unknown());
export const rowSchema = z.object({ ticker: z.string().min(1).max(32), last: z.number(), unit: z.string().max(8), at: z.number() });
`,
    ),
  4: () =>
    write(
      `core/sources/${id}/parse.ts`,
      `import type { Failure } from '../../contracts/failure.ts';
import { decimalFromNumber, divide } from '../../market/decimal.ts';
import { currencyUnit } from '../../market/money.ts';
import type { ParsedQuote, Rejection, SourceAnswer, SourceParser } from '../parser.ts';
import { driftOf, failed, fieldsOf, invalidFields, readBody } from '../reading/json.ts';
import { answerSchema, rowSchema } from './schema.ts';
export const toyPricesParser: SourceParser = {
  version: '${id}-1',
  requests: ({ symbols }) => [{ path: '/prices', query: { of: symbols.join(' ') }, symbols }],
  parse(_kind, answer) {
    const opened = open(answer);
    if ('failure' in opened) return failed(opened.failure);
    const quotes: ParsedQuote[] = [];
    const rejections: Rejection[] = [];
    for (const [index, raw] of opened.rows.entries()) {
      const row = rowSchema.safeParse(raw);
      const price = row.success ? decimalFromNumber(row.data.last) : null;
      const unit = row.success ? currencyUnit(row.data.unit) : null;
      if (!row.success || price === null || unit === null) {
        const fields = row.error ? fieldsOf(row.error) : ['last', 'unit'];
        rejections.push({ symbol: null, reason: 'schema', finding: invalidFields(fields), detail: 'No price.', path: \`[\${index}]\` });
        continue;
      }
      const { currency, minorFactor } = unit;
      quotes.push({
        subject: { symbol: row.data.ticker, name: null, assetClass: 'equity', listing: { mic: 'XNAS', currency, minorFactor, zone: 'America/New_York' } },
        quote: {
          price: divide(price, minorFactor), previousClose: null, bid: null, ask: null, volume: null, currency, minorFactor,
          session: null, delaySeconds: null, asOf: row.data.at * 1000, asOfBasis: 'exchange',
        },
      });
    }
    return { quotes, bars: [], rejections, failure: null, missing: [] };
  },
  failureIn(_kind, answer) {
    const opened = open(answer);
    return 'failure' in opened ? opened.failure : null;
  },
};
function open(answer: SourceAnswer): { rows: readonly unknown[] } | { failure: Failure } {
  const read = readBody(answer);
  if ('failure' in read) return read;
  const parsed = answerSchema.safeParse(read.json);
  return parsed.success ? { rows: parsed.data } : { failure: driftOf(parsed.error) };
}
`,
    ),
  5: () => {
    const text = readFileSync(join(copy, list), 'utf8');
    writeFileSync(join(copy, list), `${text}export { toyPrices } from './${id}/source.ts';\n`);
  },
  6: () =>
    write(
      `localstack/upstreams/${id}/${id}.ts`,
      `import { json } from '../answer.ts';
import type { Simulator } from '../simulator.ts';
export const simulator: Simulator = {
  faults: {},
  start: ({ now }) => ({
    kindOf: () => 'quote',
    answer: (request) =>
      json(200, (request.query.get('of') ?? '').split(' ').map((ticker) => ({ ticker, last: 244.6, unit: 'USD', at: Math.floor(now() / 1000) - 60 }))),
  }),
};
`,
    ),
  7: () => {
    write(
      `tests/unit/sources/${id}/recorded.test.ts`,
      `import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { toyPricesParser } from '../../../../core/sources/${id}/parse.ts';
it('AAPL 244.60 USD', () => {
  const body = readFileSync(new URL('../../../../recordings/toy-prices/prices.json', import.meta.url), 'utf8');
  const parsed = toyPricesParser.parse('quotes', {
    request: { symbols: ['AAPL'] },
    response: { status: 200, headers: {}, body, truncated: false }, error: null, fetchedAt: '2025-02-17T10:00:00.000Z',
  });
  expect(parsed.quotes[0]?.quote).toMatchObject({ price: '244.6', currency: 'USD' });
});
`,
    );
    write(
      `tests/unit/sources/${id}/good-answers.ts`,
      `import { fetchedAt, type GoodAnswer, listedShare } from '../../../support/good-answer.ts';
const body = (price: unknown) => [{ ticker: 'AAPL', last: price, unit: 'USD', at: fetchedAt / 1000 - 60 }];
export const goodAnswers: readonly GoodAnswer[] = [
  { kind: 'quotes', body, price: 244.6, symbol: 'AAPL', url: 'https://toy.example/prices', listing: listedShare, rows: 1 },
];
`,
    );
  },
};

/** The files in a folder of the project that were copied. */
function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && isCopied(join(entry.parentPath, entry.name)))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** What a step of the list names as the place of its work, with our id. */
function placesOf(step: string): string[] {
  return [...step.matchAll(/`((?:core|localstack|tests)\/[^`\s]+)`/g)].map(([, path = '']) =>
    path.replaceAll('<id>', id),
  );
}

function run(entry: string, args: string[] = []) {
  return spawnSync(process.execPath, [join(copy, entry), ...args], { cwd: copy, encoding: 'utf8', timeout: 60_000 });
}

describe('docs/adding-a-source.md', () => {
  const text = readFileSync(join(root, 'docs/adding-a-source.md'), 'utf8');
  const items = [...text.matchAll(/^(\d+)\. ([\s\S]*?)(?=^\d+\. |(?![\s\S]))/gm)].map(([, number, item = '']) => ({
    number: Number(number),
    item,
  }));

  it('is a numbered list, and following it adds a source', () => {
    expect(items.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    for (const { number } of items) steps[number]?.();
    // The files that the steps make or add to are those that they name.
    for (const { number, item } of items.filter(({ number }) => number !== 2 && number !== 8))
      for (const place of placesOf(item)) expect(existsSync(join(copy, place)), `step ${number}: ${place}`).toBe(true);
  });

  it('changes one file that was there, by one line', () => {
    const before = [...folders.flatMap(filesIn), ...files];
    const textOf = (at: string, file: string) => readFileSync(join(at, file), 'utf8');
    expect(before.filter((file) => textOf(copy, file) !== textOf(root, file))).toEqual([list]);
    const lines = (at: string) => textOf(at, list).split('\n');
    const added = [`export { toyPrices } from './${id}/source.ts';`];
    expect(lines(copy).filter((line) => added.includes(line))).toEqual(added);
    expect(lines(copy).filter((line) => !added.includes(line))).toEqual(lines(root));
  });

  it('the tests that hold for every source hold for it, found by its id', () => {
    const tests = [
      'sources/catalogue.test.ts',
      'sources/recorded-failures.test.ts',
      `sources/${id}`,
      'reasons-table.test.ts',
    ];
    write('vitest.toy.config.ts', `export default { test: { include: ['tests/unit/**/*.test.ts'] } };`);
    const done = run('node_modules/vitest/vitest.mjs', ['run', '--config', 'vitest.toy.config.ts', ...tests]);
    expect(done.status, done.stdout + done.stderr).toBe(0);
    expect(done.stdout).toContain(id);
  });

  it('the compiler takes it, with the project’s own strictness', () => {
    write(
      'tsconfig.toy.json',
      JSON.stringify({
        extends: './tsconfig.json',
        compilerOptions: { incremental: false, tsBuildInfoFile: null },
        include: ['core/sources/**/*.ts', 'localstack/upstreams/**/*.ts', `tests/unit/sources/${id}/*.ts`],
      }),
    );
    const checked = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.toy.json'], {
      cwd: copy,
      encoding: 'utf8',
    });
    expect(checked.stdout).toBe('');
    expect(checked.status).toBe(0);
  });

  it('its prices go all the way: simulator, queue, blob, row', () => {
    write(
      'run-toy.ts',
      `import { createPool } from './core/adapters/postgres/database/pool.ts';
import { startWatchList } from './core/adapters/postgres/work/watch-list.ts';
import { firstList } from './core/planning/watch-list.ts';
import { catalogue } from './core/sources/catalogue.ts';
import { startUpstreams } from './localstack/upstreams/server.ts';
import { pipeline } from './tests/support/pipeline.ts';
const pool = createPool({ url: process.argv[2] ?? '' }, 2);
// As the deployment does that brings the source.
await startWatchList(pool, firstList(catalogue, null), new Date());
const upstreams = await startUpstreams({ port: 0 });
const { cycle } = pipeline(pool, { sourceUrls: { '${id}': upstreams.urlOf('${id}') } });
await cycle({ time: new Date().toISOString(), run: { sourceId: '${id}', trigger: 'manual', requestId: 'toy' } });
const { rows } = await pool.query("SELECT a.symbol, q.price, q.currency, q.source FROM latest_quote q JOIN symbol_alias a USING (listing_id) WHERE a.namespace = 'canonical' ORDER BY 1");
const health = await pool.query('SELECT source_id, status FROM source_health');
console.log(JSON.stringify({ rows, health: health.rows }));
await upstreams.stop();
await pool.end();
`,
    );
    const done = run('run-toy.ts', [database.url]);
    expect(done.stderr).toBe('');
    expect(
      z.object({ rows: z.array(z.unknown()), health: z.array(z.unknown()) }).parse(JSON.parse(done.stdout)),
    ).toEqual({
      rows: ['AAPL', 'MSFT'].map((symbol) => ({ symbol, price: '244.6', currency: 'USD', source: id })),
      health: [{ source_id: id, status: 'healthy' }],
    });
  });

  it('its queue, dead-letter queue and permissions follow from the catalogue', () => {
    write(
      'synth-toy.ts',
      `import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { stageSettings } from './bin/stages.ts';
import { addQuotron } from './lib/add-quotron.ts';
// Of what CDK finds in the templates it only warns, and it takes longer for that than for all else.
process.env.CDK_VALIDATION = 'false';
const app = new App({ analyticsReporting: false, context: { 'aws:cdk:bundling-stacks': [] } });
const { pipeline } = addQuotron(app, stageSettings('local', { QUOTRON_DATABASE_URL: 'postgres://a@127.0.0.1/a' }));
const queues = Object.values(Template.fromStack(pipeline).findResources('AWS::SQS::Queue')).map((queue) => String(queue.Properties.QueueName));
console.log(JSON.stringify(queues.filter((name) => name.includes('${id}')).sort()));
`,
    );
    const done = run('synth-toy.ts');
    expect(JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '[]'), done.stderr).toEqual([
      `quotron-local-scrape-${id}`,
      `quotron-local-scrape-${id}-dead`,
    ]);
  }, 60_000);
});
