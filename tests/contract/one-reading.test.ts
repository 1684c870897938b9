/** A blob is read once, whichever version of the parser gets its message: a deployment reads nothing again. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import type { BatchHeader } from '../../core/ports/ingest-store.ts';
import type { Decision } from '../../core/prices/decision.ts';
import { quoteRow } from '../support/price-rows.ts';
import { at, column, header, registered } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(at(0)) });
const container = () => postgresIngestStore(world.pool);

/** One good row and one that is held back. */
function reading(listing: KnownListing, price: string): Decision {
  return {
    quotes: [quoteRow({ listing, price })],
    bars: [],
    rejected: [
      {
        symbol: 'ODD',
        reason: 'non_positive',
        finding: { code: 'non_positive_price', price: '0' },
        detail: 'x',
        path: 'x',
        row: null,
        currency: null,
      },
    ],
    statistics: [],
    verdict: { status: 'succeeded', reason: null, detail: null, message: null },
  };
}

const read = (of: BatchHeader, listing: KnownListing, price = '100') =>
  container().store(of, [listing.id], async () => reading(listing, price));

/** How much there is of everything that a reading writes. */
const counts = () =>
  Promise.all(
    ['batch', 'quote', 'quote_revision', 'quarantine', 'outbox'].map((table) =>
      column(world.pool, `SELECT count(*) FROM ${table}`).then(([count]) => `${count} ${table}`),
    ),
  );
const once = ['1 batch', '1 quote', '0 quote_revision', '1 quarantine', '2 outbox'];

it('a message that comes again after a deployment with a newer version of the parser changes nothing', async () => {
  const listing = await registered(world.pool, 'test', 'AGAIN');
  const first = header('test', { parserVersion: 'test-1' });
  const stored = await read(first, listing);
  const again = await read({ ...first, parserVersion: 'test-2' }, listing, '101');
  expect(again).toEqual({ ...stored, repeated: true, urgent: false, written: 0 });
  expect(await counts()).toEqual(once);
});

it('so does one whose batch a former release made', async () => {
  const listing = await registered(world.pool, 'test', 'FORMER');
  const first = header('test', { parserVersion: 'test-1' });
  const stored = await read(first, listing);
  await world.pool.query('UPDATE batch SET first_reading = NULL');
  expect(await read({ ...first, parserVersion: 'test-2' }, listing, '101')).toMatchObject({
    batchId: stored.batchId,
    repeated: true,
  });
  expect(await counts()).toEqual(once);
});

it('a replay reads it by the new version, once', async () => {
  const listing = await registered(world.pool, 'test', 'REPLAYED');
  const first = header('test', { parserVersion: 'test-1' });
  const { batchId } = await read(first, listing);
  const replay = randomUUID();
  await world.pool.query('INSERT INTO replay (id, requested_at, blobs) VALUES ($1, now(), 1)', [replay]);
  const replayed = { ...first, parserVersion: 'test-2', replay };
  expect(await read(replayed, listing, '101')).toMatchObject({ repeated: false, rejected: 1 });
  expect(await read(replayed, listing, '101')).toMatchObject({ repeated: true });
  expect(await read({ ...replayed, parserVersion: 'test-3' }, listing, '102')).toMatchObject({ repeated: true });
  expect(await column(world.pool, 'SELECT parser_version FROM batch ORDER BY id')).toEqual(['test-1', 'test-2']);
  // The message of before is that of the first reading still.
  expect(await read({ ...first, parserVersion: 'test-2' }, listing)).toMatchObject({ batchId, repeated: true });
});

/** Two versions begin to read a blob at the same time, each with its own listings: the second while the first is at work. */
async function bothAtOnce(end: 'stores' | 'fails', replays: { one?: string; other?: string } = {}) {
  const [one, other] = [await registered(world.pool, 'test', 'ONE'), await registered(world.pool, 'test', 'OTHER')];
  const first = header('test', { parserVersion: 'test-1' });
  const begun = Promise.withResolvers<void>();
  const isWaiting = Promise.withResolvers<void>();
  const former = container().store({ ...first, replay: replays.one }, [one.id], async () => {
    begun.resolve();
    await isWaiting.promise;
    if (end === 'fails') throw new Error('The container is ended.');
    return reading(one, '100');
  });
  const formerEnd = former.catch(() => null);
  await begun.promise;
  const present = read({ ...first, parserVersion: 'test-2', replay: replays.other }, other, '101');
  await expect
    .poll(() =>
      column(
        world.pool,
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      ),
    )
    .toEqual(['1']);
  isWaiting.resolve();
  return [await formerEnd, await present] as const;
}

it('of two versions at the same time, one reads it', async () => {
  const [former, present] = await bothAtOnce('stores');
  expect(former).toMatchObject({ repeated: false, written: 1 });
  expect(present).toEqual({ ...former, repeated: true, urgent: false, written: 0 });
  expect(await counts()).toEqual(once);
});

it('the second reads it where the first fails', async () => {
  const [former, present] = await bothAtOnce('fails');
  expect(former).toBe(null);
  expect(present).toMatchObject({ repeated: false, written: 1 });
  expect(await counts()).toEqual(once);
  expect(await column(world.pool, 'SELECT parser_version FROM batch')).toEqual(['test-2']);
});

async function newReplay(): Promise<string> {
  const id = randomUUID();
  await world.pool.query('INSERT INTO replay (id, requested_at, blobs) VALUES ($1, now(), 1)', [id]);
  return id;
}

it('of two versions that get the message of one replay at the same time, one reads it', async () => {
  const replay = await newReplay();
  const [former, present] = await bothAtOnce('stores', { one: replay, other: replay });
  expect(former).toMatchObject({ repeated: false, written: 1 });
  expect(present).toEqual({ ...former, repeated: true, urgent: false, written: 0 });
  expect(await counts()).toEqual(once);
});

it('two replays at the same time leave each held row once', async () => {
  const [former, present] = await bothAtOnce('stores', { one: await newReplay(), other: await newReplay() });
  expect([former?.repeated, present.repeated]).toEqual([false, false]);
  expect(await column(world.pool, 'SELECT count(*) FROM quarantine WHERE resolved_at IS NULL')).toEqual(['1']);
});
