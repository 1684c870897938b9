import { expect, it } from 'vitest';
import { useClockedCloud } from '../support/clocked-cloud.ts';
import { emptyDatabase } from '../support/postgres.ts';

const cloud = useClockedCloud('2026-11-24T17:00:00Z');
const minute = 60_000;

const rows = (prefix: string, price: number) =>
  [0, 1, 2, 3].map((n) => ({ symbol: `${prefix}${n}`, price: price + n, asOf: cloud.now() - 10_000 }));
const prices = () =>
  cloud.all(`SELECT a.symbol, q.price FROM latest_quote q JOIN symbol_alias a USING (listing_id)
             WHERE a.namespace = 'canonical' ORDER BY 1`);
async function read(prefix: string, price: number, stages = cloud.stages): Promise<void> {
  const { message } = await cloud.fetch(rows(prefix, price));
  await cloud.stores.queue.send('ingest', [message]);
  await stages.ingest();
  cloud.pass(minute);
}
/** A container that remembers nothing: its ids are those of the database as it is. */
const cold = () => cloud.world.pipeline({ stores: cloud.stores });

it.each([
  ['emptied, and filled with others', () => emptyDatabase(cloud.world.pool)],
  [
    'emptied by TRUNCATE',
    () => cloud.all('TRUNCATE symbol_alias, listing, instrument, quote, latest_quote, batch RESTART IDENTITY CASCADE'),
  ],
  [
    'restored from its own backup, which is older than what is remembered',
    async () => {
      // As `psql < backup` does it: the table is made again, with its rows of then.
      await cloud.all('DELETE FROM symbol_alias');
      await cloud.all('DELETE FROM latest_quote');
      await cloud.all('CREATE TABLE of_backup (LIKE listing INCLUDING ALL)');
      await cloud.all('DROP TABLE listing CASCADE');
      await cloud.all('ALTER TABLE of_backup RENAME TO listing');
      await cloud.all('DELETE FROM instrument');
    },
  ],
])('a warm container gives no price to other symbols of a database that was %s', async (_how, replace) => {
  const stores = cloud.stores;
  const warm = cloud.world.pipeline({ stores });
  await read('A', 100, warm);
  expect(await prices()).toHaveLength(4);
  const [before] = await cloud.all('SELECT min(id) AS id FROM listing');
  await cloud.world.uncheckedFromNow('the database is replaced');
  await replace();
  await read('B', 500, cold());
  const [after] = await cloud.all('SELECT min(id) AS id FROM listing');
  // The fault fires: the ids that are remembered mean something else now.
  expect(after).toEqual(before);
  await read('A', 100, warm);
  expect(await prices()).toEqual([
    ...rows('A', 100).map(({ symbol, price }) => ({ symbol, price: String(price) })),
    ...rows('B', 500).map(({ symbol, price }) => ({ symbol, price: String(price) })),
  ]);
});
