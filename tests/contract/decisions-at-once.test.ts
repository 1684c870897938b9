/** Batches of sources that have their listings to themselves are stored at once; of two that share one, one after the other. */
import { beforeEach, expect, it } from 'vitest';
import { type Connection, inTransaction } from '../../core/adapters/postgres/database/pool.ts';
import { storeConsolidation } from '../../core/adapters/postgres/prices/consolidation-store.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import { quoteRow } from '../support/price-rows.ts';
import { at, column, registered, stored } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(at(0)), connections: 5 });
const rank = () => 50;
let own: KnownListing;
let other: KnownListing;

beforeEach(async () => {
  const store = postgresIngestStore(world.pool, rank);
  own = await registered(world.pool, 'one', 'OWN');
  other = await registered(world.pool, 'two', 'OTHER');
  await stored(store, 'one', { quotes: [quoteRow({ listing: own })] });
  await stored(store, 'two', { quotes: [quoteRow({ listing: other })] });
});

/** A transaction that stays open after its work, until it is let go. */
function openAfter(work: (db: Connection) => Promise<unknown>) {
  const done = Promise.withResolvers<void>();
  const letGo = Promise.withResolvers<void>();
  const ended = inTransaction(world.pool, async (db) => {
    await work(db);
    done.resolve();
    await letGo.promise;
  });
  ended.catch(done.reject);
  return {
    done: done.promise,
    end: () => {
      letGo.resolve();
      return ended;
    },
  };
}

/** The first row of source `two` for the listing that source `one` has had to itself. */
async function comes(db: Connection): Promise<void> {
  await db.query(
    `INSERT INTO latest_quote (listing_id, source, as_of, price, currency, minor_factor, as_of_basis, fetched_at, batch_id, confirmed_at)
     SELECT listing_id, 'two', as_of, 140, currency, minor_factor, as_of_basis, fetched_at, batch_id, confirmed_at
     FROM latest_quote WHERE listing_id = $1 AND source = 'one'`,
    [own.id],
  );
  await storeConsolidation(db, 'two', [own.id], rank);
}

const waiting = async () =>
  (
    await column(
      world.pool,
      `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    )
  )[0];
const decision = () =>
  column(world.pool, `SELECT concat_ws(' ', confidence, candidates) FROM consolidated_quote WHERE listing_id = $1`, [
    own.id,
  ]);

it('a source with settled listings waits for no other, though they are in the same block', async () => {
  const first = openAfter((db) => storeConsolidation(db, 'one', [own.id], rank));
  await first.done;
  await inTransaction(world.pool, async (db) => {
    await db.query(`SET LOCAL lock_timeout = '1s'`);
    await storeConsolidation(db, 'two', [other.id], rank);
  });
  await first.end();
});

it('a source that comes to a listing waits for a batch of it that is being stored', async () => {
  const first = openAfter((db) => storeConsolidation(db, 'one', [own.id], rank));
  await first.done;
  const second = openAfter(comes);
  await expect.poll(waiting).toBe('1');
  await first.end();
  await second.done;
  await second.end();
  expect(await decision()).toEqual(['disputed 2']);
});

it('a batch that is stored while another source comes decides again, with that one in sight', async () => {
  const newcomer = openAfter(comes);
  await newcomer.done;
  const batch = inTransaction(world.pool, async (db) => {
    // What it stores, the newcomer has not seen.
    await db.query(`UPDATE latest_quote SET price = 140 WHERE listing_id = $1 AND source = 'one'`, [own.id]);
    await storeConsolidation(db, 'one', [own.id], rank);
  });
  await expect.poll(waiting).toBe('1');
  await newcomer.end();
  await batch;
  expect(await decision()).toEqual(['agreed 2']);
});
