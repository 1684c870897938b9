import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { ingestQueueName } from '../../core/contracts/queues.ts';
import { type Bench, Broken } from './bench.ts';
import { now, type Scenario, scrapedWell } from './steps.ts';

/** Of months of prices that go to the archive, and are read from it. */
export const archiveScenarios: readonly Scenario[] = [
  {
    fn: 'maintain',
    // It reads what it wrote.
    needs: ['s3:PutObject on history/*', 's3:GetObject on history/*'],
    run: async (bench) => {
      await archived(bench);
    },
  },
  {
    fn: 'maintain',
    needs: ['s3:DeleteObject on history/*'],
    async run(bench) {
      const { month } = await archived(bench);
      const key = `history/quotes/${randomUUID()}.parquet`;
      await bench.put(key, Buffer.from('replaced'));
      await bench.pool.query('UPDATE quote_archive SET superseded = $2::jsonb WHERE month = $1::date', [
        month,
        JSON.stringify([{ key, since: new Date(Date.now() - 8 * 86_400_000).toISOString() }]),
      ]);
      await bench.invoke('maintain', { time: now() });
      if ((await bench.keys(key)).length > 0) throw new Broken('a file that was replaced is still there');
    },
  },
  {
    fn: 'api',
    needs: ['s3:GetObject on history/*'],
    async run(bench) {
      const { symbol, month, end } = await archived(bench);
      const { text } = await bench.ask(`/quotes/${symbol}/history?source=yahoo&from=${month}&to=${end}`);
      if (rowsSchema.parse(JSON.parse(text)).data.length !== 1) throw new Broken(`the month ${month} has no price`);
    },
  },
  {
    fn: 'state',
    needs: ['s3:GetObject on history/*'],
    async run(bench) {
      const { symbol, end } = await archived(bench);
      const { headers, text } = await bench.ask(`/yahoo/at/${end}T00:00:00Z/v7/finance/quote?symbols=${symbol}`);
      if (headers.get('x-quotron-source') !== 'rebuilt' || !text.includes(symbol))
        throw new Broken(`nothing of the time before ${end} was rebuilt: ${text.slice(0, 200)}`);
    },
  },
];

const rowsSchema = z.object({ data: z.array(z.unknown()) });
const monthSchema = z.object({ month: z.string(), end: z.string() });
const ownerSchema = z.object({ owner: z.string().regex(/^[a-z_]+$/) });
const archivedSchema = z.object({ archived: z.object({ months: z.array(z.string()) }) });

/** A month with one price, which is in the archive and nowhere else: each time another one, which no function has read. */
export async function archived(bench: Bench): Promise<{ symbol: string; month: string; end: string }> {
  const stored = () => bench.pool.query("SELECT FROM quote WHERE source = 'yahoo' LIMIT 1");
  if ((await stored()).rowCount === 0) {
    const { blob } = await scrapedWell(bench, 'yahoo');
    await bench.handOver('ingest', ingestQueueName('api'), [blob]);
  }
  const next = await bench.pool.query(
    `SELECT to_char(month, 'YYYY-MM-DD') AS month, to_char(month + interval '1 month', 'YYYY-MM-DD') AS end
     FROM (SELECT coalesce(max(to_date(right(relname, 7), 'YYYY_MM')) + interval '1 month', '2001-01-01') AS month
           FROM pg_class WHERE relname ~ '^quote_20[01][0-9]_[0-9]{2}$') m`,
  );
  const { month, end } = monthSchema.parse(next.rows[0]);
  // Made by the owner of the tables, as `maintain` has it made.
  const { owner } = ownerSchema.parse(
    (await bench.pool.query("SELECT tableowner AS owner FROM pg_tables WHERE tablename = 'quote'")).rows[0],
  );
  await bench.pool.query('SELECT ensure_quote_partition($1::date)', [month]);
  await bench.pool.query(`ALTER TABLE quote_${month.slice(0, 7).replace('-', '_')} OWNER TO ${owner}`);
  const copied = await bench.pool.query(
    `INSERT INTO quote (listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session,
                        delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id)
     SELECT q.listing_id, q.source, at, price, previous_close, bid, ask, volume, q.currency, q.minor_factor, session,
            delay_seconds, as_of_basis, at, at, batch_id
     FROM quote q JOIN symbol_alias s ON s.listing_id = q.listing_id AND s.namespace = 'canonical',
          (SELECT $1::timestamptz + interval '10 days' AS at) t
     WHERE q.source = 'yahoo' AND s.symbol = 'AAPL' ORDER BY as_of DESC LIMIT 1`,
    [month],
  );
  if (copied.rowCount !== 1) throw new Broken('there is no price to copy');
  const { months } = archivedSchema.parse(await bench.invoke('maintain', { time: now() })).archived;
  if (!months.includes(month.slice(0, 7))) throw new Broken(`${month} did not go to the archive, but ${months}`);
  return { symbol: 'AAPL', month, end };
}
