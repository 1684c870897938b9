/**
 * A watch list of 500 on this machine, in real time: `node tests/bench/watch-of-500.ts [minutes]`, ten unless given, beside
 * `QUOTRON_SIM_LISTINGS=6000 npm start`. Every ten seconds it reads all their prices. Prints figures; ends with 1 when a price
 * was called stale or never came, a task failed, a message was given up, or a minute had more requests than the quota.
 * `tests/contract/watch-of-500.test.ts` plays the same with a clock of its own.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { quoteSchema } from '../../core/contracts/http/market.ts';
import { servicesSchema } from '../../core/contracts/http/operations.ts';
import { knownSource } from '../../core/sources/catalogue.ts';
import { localFileSchema } from '../../localstack/cloud.ts';
import { readState, stateFolder } from '../../localstack/state-folder.ts';
import { inventedSymbol } from '../../localstack/upstreams/yahoo/listings.ts';

const minutes = Number(process.argv[2] ?? 10);
const cloud = readState(join(stateFolder(), 'local.json'), localFileSchema);
if (!cloud || !(minutes > 0)) {
  console.error(cloud ? 'Usage: node tests/bench/watch-of-500.ts [minutes]' : 'No local cloud runs here: npm start.');
  process.exit(2);
}
const { apiUrl, apiKeys, databaseUrl } = cloud;
const { perMinute } = knownSource('yahoo').quota;
const symbols = Array.from({ length: 500 }, (_, at) => inventedSymbol(at + 1));
const pool = createPool({ url: databaseUrl }, 2);
let failures = 0;

const answer = z.object({ data: z.array(quoteSchema) });
const read = async (path: string) =>
  (await fetch(`${apiUrl}${path}`, { headers: { 'x-api-key': apiKeys.read } })).json();
const quotes = async () => answer.parse(await read('/quotes?limit=1000')).data.filter(ofOurs);
const ofOurs = ({ instrument }: z.infer<typeof quoteSchema>) => wanted.has(instrument.symbol);
const wanted = new Set(symbols);

const first = await pool.query<{ at: Date }>('SELECT now() AS at');
const since = first.rows[0]?.at ?? new Date();
await pool.query(
  `INSERT INTO watch (symbol, source_id, source_symbol, added_at) SELECT s, 'yahoo', s, now() FROM unnest($1::text[]) s
   ON CONFLICT DO NOTHING`,
  [symbols],
);
try {
  const started = performance.now();
  let all = 0;
  let allAfter: number | null = null;
  let oldest = 0;
  const stale = new Set<string>();
  while (performance.now() - started < minutes * 60_000) {
    await sleep(10_000);
    const found = await quotes();
    all = found.length;
    if (allAfter === null && all === symbols.length) allAfter = Math.round((performance.now() - started) / 1000);
    if (allAfter !== null) oldest = Math.max(oldest, ...found.map(({ ageSeconds }) => ageSeconds));
    for (const quote of found) if (quote.stale) stale.add(quote.instrument.symbol);
  }
  console.log(`all prices after ${allAfter ?? '–'} s; the oldest was ${Math.round(oldest)} s old`);
  expect('prices', all, symbols.length);
  expect('called stale', stale.size, 0);
  const one = async (text: string) => z.object({ n: z.int() }).parse((await pool.query(text, [since])).rows[0]).n;
  const ended = `FROM task t JOIN run r ON r.id = t.run_id WHERE r.source_id = 'yahoo' AND r.created_at >= $1`;
  console.log(
    `rounds of prices: ${await one(`SELECT count(*)::int AS n FROM run r WHERE r.source_id = 'yahoo' AND r.job = 'quotes' AND r.created_at >= $1`)}`,
  );
  expect('failed tasks', await one(`SELECT count(*)::int AS n ${ended} AND t.status = 'failed'`), 0);
  const most = await one(
    `SELECT coalesce(max(n), 0)::int AS n FROM (SELECT count(*) OVER (ORDER BY used_at RANGE BETWEEN CURRENT ROW AND interval '60 seconds' FOLLOWING) AS n
     FROM permit WHERE source_id = 'yahoo' AND used_at >= $1) m`,
  );
  expect(`a minute has at most ${perMinute} requests (${most})`, most <= perMinute, true);
  const { queues } = z.object({ data: servicesSchema }).parse(await read('/services')).data;
  expect(
    'messages given up',
    queues.reduce((sum, { dead }) => sum + dead, 0),
    0,
  );
} finally {
  await pool.query('DELETE FROM watch WHERE symbol = ANY ($1::text[])', [symbols]);
  await pool.end();
}
process.exit(failures > 0 ? 1 : 0);

function expect(what: string, is: unknown, should: unknown): void {
  if (is === should) console.log(`${what}: ${String(is)}`);
  else {
    failures++;
    console.error(`${what}: ${String(is)}, and should be ${String(should)}`);
  }
}
