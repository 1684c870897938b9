import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeKeys } from '../support/api-fixture.ts';
import { quotesAnswer, useClockedCloud } from '../support/clocked-cloud.ts';
import { fetchAnswers } from '../support/ingest-answers.ts';
import { migrationsDirectory } from '../support/postgres.ts';

const cloud = useClockedCloud('2026-11-24T17:00:00Z');
const day = 86_400_000;

/** An answer on MOVED in a currency, taken in. */
async function answer(price: number, currency: string): Promise<void> {
  // The clock of the database follows with the next statement.
  await cloud.all('SELECT 1');
  const said = quotesAnswer([{ symbol: 'MOVED', price, asOf: cloud.now() - 10_000 }], cloud.now());
  const body = said.response?.body.replace('"USD"', `"${currency}"`) ?? '';
  const exchange = { ...said, response: { status: 200, headers: {}, truncated: false, body } };
  const { message } = await fetchAnswers(
    { source: 'yahoo', kind: 'quotes', exchanges: [exchange] },
    { pool: cloud.world.pool, stages: cloud.stages, stores: cloud.stores, now: cloud.now() },
  );
  await cloud.stores.queue.send('ingest', [message]);
  await cloud.stages.ingest();
}

const waiting = () => cloud.all('SELECT blob_key FROM blob_to_read_again');
/** Takes what waits for ingest; of it what is read again. */
const replays = () => cloud.stores.queue.take('ingest').filter((message) => JSON.stringify(message).includes('replay'));
const open = () => cloud.all('SELECT reason FROM quarantine WHERE resolved_at IS NULL');

it('rows in another currency are read again once, when their listing is opened', async () => {
  await answer(100, 'USD');
  cloud.pass(day);
  await answer(92, 'EUR');
  expect(await open()).toEqual([{ reason: 'source_mismatch' }]);
  await cloud.stages.watch(new Date(cloud.now()));
  expect(replays()).toEqual([]);

  const { operate } = await makeKeys(cloud.world.pool);
  const opened = await cloud.world.api().ask('/instruments/MOVED/change', {
    method: 'POST',
    key: operate,
    json: { change: 'currency', currency: 'EUR', from: '2026-11-25' },
  });
  expect(opened.status).toBe(200);
  expect(await waiting()).toHaveLength(1);
  // A container that remembers what the symbol meant learns it from the answer itself.
  await cloud.stages.watch(new Date(cloud.now()));
  expect(await waiting()).toEqual([]);
  await cloud.stages.ingest();
  expect(await open()).toEqual([]);
  expect(await cloud.all('SELECT price, currency FROM latest_quote ORDER BY listing_id')).toEqual([
    { price: '100', currency: 'USD' },
    { price: '92', currency: 'EUR' },
  ]);
  await cloud.stages.watch(new Date(cloud.now()));
  expect(replays()).toEqual([]);
});

it('rows that a former release held back for what is a finding by now are read again once, and then no more', async () => {
  await answer(-1, 'USD');
  expect(await open()).toEqual([{ reason: 'non_positive' }]);
  // The migration's own statement, on rows of before.
  const migration = readFileSync(join(migrationsDirectory, '0033_blobs-to-read-again.sql'), 'utf8');
  await cloud.all(migration.slice(migration.indexOf('INSERT INTO')));
  expect(await waiting()).toHaveLength(1);
  await cloud.stages.watch(new Date(cloud.now()));
  await cloud.stages.ingest();
  expect(await waiting()).toEqual([]);
  expect(await cloud.all('SELECT count(*)::int AS batches FROM batch WHERE replay IS NOT NULL')).toEqual([
    { batches: 1 },
  ]);
  // What is held back again, rightly, is not read a third time.
  expect(await open()).toEqual([{ reason: 'non_positive' }]);
  await cloud.stages.watch(new Date(cloud.now()));
  expect(replays()).toEqual([]);
});
