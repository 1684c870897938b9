/**
 * `npm run bench:growth`: what each read route costs at 500 listings, a million quotes and a month of runs, and at ten times
 * as much of everything; and how many bytes a quote takes, here and in the archive.
 *
 *   npm run bench:growth -- [--large] [--only <part of a size's name>] [--page]
 *
 * `--large` adds 50,000 listings and 30 million quotes. `--page` writes what is stored to docs/cost.md. Needs 6 GB of disk, 25
 * with `--large`. Ends with exit code 1 when a route reads more than twice as much at the second size without giving more.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { migrate } from '../../core/adapters/postgres/database/migrate.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { startDatabase } from '../../localstack/database.ts';
import { migrationsDirectory, withDatabase } from '../support/postgres.ts';
import { writeToCostPage } from './growth/cost-page.ts';
import { fill, growthSizes } from './growth/fill.ts';
import { growsWithoutGivingMore, measureRoutes, mostGrowth, type RouteCost } from './growth/measure.ts';
import { storedBytes } from './growth/stored-bytes.ts';

const { values } = parseArgs({
  options: {
    large: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    page: { type: 'boolean', default: false },
  },
});
const sizes = growthSizes.slice(0, values.large ? 3 : 2).filter(({ name }) => name.includes(values.only));

const server = await startDatabase({
  dir: mkdtempSync(join(tmpdir(), 'quotron-growth-')),
  persistent: false,
  fsync: false,
});
const measured: { name: string; costs: RouteCost[] }[] = [];
let stored: readonly string[] | null = null;
try {
  await onDatabase('postgres', (client) => client.query(`ALTER SYSTEM SET max_wal_size = '8GB'`));
  await onDatabase('postgres', (client) => client.query('SELECT pg_reload_conf()'));
  for (const [place, size] of sizes.entries()) {
    console.log(`\n${size.name}, ${size.quotes.toLocaleString('en')} quotes`);
    const name = `growth_${place}`;
    await onDatabase('postgres', (client) => client.query(`CREATE DATABASE ${name}`));
    const pool = createPool({ url: withDatabase(server.url, name) }, 1);
    await migrate(pool, migrationsDirectory, new Date());
    await onDatabase(name, (client) => fill(client, size, console.log));
    stored = await storedBytes(pool);
    measured.push({ name: size.name, costs: await measureRoutes(pool) });
    await pool.end();
    await onDatabase('postgres', (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
  }
} finally {
  await server.stop();
}

console.log(`\n${'route'.padEnd(64)} ${measured.map(({ name }) => name.padStart(42)).join('')}`);
const grown: string[] = [];
for (const [at, first] of measured[0]?.costs.entries() ?? []) {
  const all = measured.flatMap(({ costs }) => costs[at] ?? []);
  const second = all[1];
  const grows = second !== undefined && growsWithoutGivingMore(first, second);
  if (grows) grown.push(first.path);
  const cells = all.map((cost) =>
    `${cost.medianMs.toFixed(1)} ms ${cost.rows} rows ${cost.buffers} buf ${Math.round(cost.bytes / 1024)} kB`.padStart(
      42,
    ),
  );
  const by = second ? ` x${ratio(first.rows, second.rows)} x${ratio(first.buffers, second.buffers)}` : '';
  const bad = all.some(({ status }) => status >= 500) ? ' FAILED' : '';
  console.log(
    `${grows ? '!' : ' '}${first.path.slice(0, 62).padEnd(63)} ${cells.join('')}${by} ${all.map(({ status }) => status).join('/')}${bad}`,
  );
}
if (stored) {
  console.log(`\n${stored.join('\n')}`);
  if (values.page) writeToCostPage('stored', stored);
}
if (grown.length > 0)
  console.log(`\nThese grow by more than ${mostGrowth} times and give no more: ${grown.join(', ')}`);
process.exit(grown.length > 0 ? 1 : 0);

function ratio(first: number, second: number): string {
  return (second / Math.max(1, first)).toFixed(1);
}

async function onDatabase(name: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: withDatabase(server.url, name) });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
