import { beforeAll, describe, expect, it } from 'vitest';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { blockOf } from '../../core/events/block.ts';
import type { IngestStore } from '../../core/ports/ingest-store.ts';
import { quoteRow } from '../support/price-rows.ts';
import { at, column, databaseTime, header, priceKnownAt, registered, stored } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(at(0)), keepRows: true });
let store: IngestStore;

beforeAll(async () => {
  store = postgresIngestStore(world.pool, (source) => (source === 'better' ? 90 : 50));
});

const prices = (listingId: number) =>
  column(world.pool, 'SELECT price FROM quote WHERE listing_id = $1 ORDER BY as_of', [listingId]);
const revisions = (listingId: number) =>
  column(world.pool, 'SELECT price FROM quote_revision WHERE listing_id = $1 ORDER BY known_to', [listingId]);
const latest = (listingId: number, what = 'price') =>
  column(world.pool, `SELECT ${what}::text FROM latest_quote WHERE listing_id = $1 ORDER BY source`, [listingId]);

describe('the same key again', () => {
  it('writes nothing when the content is the same, and only confirms the latest', async () => {
    const listing = await registered(world.pool, 'test', 'SAME');
    await stored(store, 'test', { quotes: [quoteRow({ listing })] });
    const before = await latest(listing.id, 'ingested_at');
    const again = await stored(store, 'test', { quotes: [quoteRow({ listing, fetchedAt: at(65) })] });
    expect(again).toMatchObject({ accepted: 1, written: 0, revised: 0 });
    expect(await column(world.pool, 'SELECT fetched_at::text FROM quote WHERE listing_id = $1', [listing.id])).toEqual([
      '2026-11-20 12:00:05+00',
    ]);
    expect(await latest(listing.id, 'confirmed_at')).toEqual(['2026-11-20 12:01:05+00']);
    expect(await latest(listing.id, 'fetched_at')).toEqual(['2026-11-20 12:00:05+00']);
    expect(await latest(listing.id, 'ingested_at')).toEqual(before);
    expect(await revisions(listing.id)).toEqual([]);
  });

  it('makes a revision when the price is another, and both can be read at their time', async () => {
    const listing = await registered(world.pool, 'test', 'REVISED');
    await stored(store, 'test', { quotes: [quoteRow({ listing })] });
    const between = await databaseTime(world.pool);
    const second = await stored(store, 'test', { quotes: [quoteRow({ listing, price: '101', fetchedAt: at(65) })] });
    expect(second).toMatchObject({ written: 1, revised: 1 });
    expect(await prices(listing.id)).toEqual(['101']);
    expect(await revisions(listing.id)).toEqual(['100']);
    expect(await latest(listing.id)).toEqual(['101']);
    expect(await priceKnownAt(world.pool, listing, at(0), between)).toBe('100');
    expect(await priceKnownAt(world.pool, listing, at(0), await databaseTime(world.pool))).toBe('101');
    expect(
      await column(world.pool, "SELECT type FROM outbox WHERE data->>'batchId' = $1 ORDER BY id", [second.batchId]),
    ).toEqual(['quotes.revised']);
  });

  it('is not replaced by an older fetch', async () => {
    const listing = await registered(world.pool, 'test', 'OLDER');
    await stored(store, 'test', { quotes: [quoteRow({ listing, fetchedAt: at(65) })] });
    await stored(store, 'test', { quotes: [quoteRow({ listing, price: '98', fetchedAt: at(5) })] });
    expect(await prices(listing.id)).toEqual(['100']);
    expect(await latest(listing.id)).toEqual(['100']);
    expect(await revisions(listing.id)).toEqual([]);
  });

  it('is not replaced by a fetch older than the last that confirmed it', async () => {
    const listing = await registered(world.pool, 'test', 'CONFIRMED');
    await stored(store, 'test', { quotes: [quoteRow({ listing, fetchedAt: at(5) })] });
    await stored(store, 'test', { quotes: [quoteRow({ listing, fetchedAt: at(125) })] });
    await stored(store, 'test', { quotes: [quoteRow({ listing, price: '98', fetchedAt: at(65) })] });
    expect(await prices(listing.id)).toEqual(['100']);
    expect(await latest(listing.id)).toEqual(['100']);
  });

  it('keeps a chain of versions without gap or overlap when many replace it at once', async () => {
    const listing = await registered(world.pool, 'test', 'CHAIN');
    await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        stored(store, 'test', { quotes: [quoteRow({ listing, price: String(100 + n), fetchedAt: at(n + 1) })] }),
      ),
    );
    expect(await prices(listing.id)).toEqual(['111']);
    expect(await latest(listing.id)).toEqual(['111']);
    const broken = await column(
      world.pool,
      `SELECT count(*) FROM (
         SELECT ingested_at, known_to, lead(ingested_at) OVER (ORDER BY ingested_at) AS next FROM (
           SELECT ingested_at, known_to FROM quote_revision WHERE listing_id = $1
           UNION ALL SELECT ingested_at, NULL FROM quote WHERE listing_id = $1) v
       ) chain WHERE known_to <= ingested_at OR known_to IS DISTINCT FROM next`,
      [listing.id],
    );
    expect(broken).toEqual(['0']);
  });
});

describe('the latest quote', () => {
  it('is the newest market time, whatever the order of arrival', async () => {
    const listing = await registered(world.pool, 'test', 'NEWEST');
    await stored(store, 'test', { quotes: [quoteRow({ listing, asOf: at(60), price: '102', fetchedAt: at(61) })] });
    await stored(store, 'test', { quotes: [quoteRow({ listing, asOf: at(0), price: '90', fetchedAt: at(70) })] });
    expect(await prices(listing.id)).toEqual(['90', '102']);
    expect(await latest(listing.id)).toEqual(['102']);
  });

  it("is never a row with the fetch's time once there is one with the exchange's", async () => {
    const listing = await registered(world.pool, 'test', 'TIMED');
    const fetched = { asOfBasis: 'fetched' } as const;
    await stored(store, 'test', { quotes: [quoteRow({ listing, ...fetched, asOf: at(50), fetchedAt: at(50) })] });
    await stored(store, 'test', { quotes: [quoteRow({ listing, asOf: at(0), price: '101', fetchedAt: at(60) })] });
    expect(await latest(listing.id)).toEqual(['101']);
    await stored(store, 'test', {
      quotes: [quoteRow({ listing, ...fetched, asOf: at(120), price: '105', fetchedAt: at(120) })],
    });
    expect(await latest(listing.id)).toEqual(['101']);
    expect(await prices(listing.id)).toHaveLength(3);
  });

  it('has change and fraction from the price and the previous close', async () => {
    const listing = await registered(world.pool, 'test', 'CHANGE');
    await stored(store, 'test', { quotes: [quoteRow({ listing, price: '244.60', previousClose: '241.53' })] });
    expect(await latest(listing.id, "change || ' ' || change_fraction")).toEqual(['3.07 0.0127106364']);
  });

  it('takes the best of several rows of a listing in one answer', async () => {
    const listing = await registered(world.pool, 'test', 'SEVERAL');
    await stored(store, 'test', {
      quotes: [quoteRow({ listing }), quoteRow({ listing, asOf: at(60), price: '103', fetchedAt: at(65) })],
    });
    expect(await latest(listing.id)).toEqual(['103']);
  });
});

describe('the batch', () => {
  it('of a blob is stored once, also when it comes twice at once', async () => {
    const listing = await registered(world.pool, 'test', 'ONCE');
    const batch = header('test');
    const both = await Promise.all(
      [1, 2, 3].map(() => stored(store, 'test', { quotes: [quoteRow({ listing })] }, batch)),
    );
    expect(both.map((each) => each.repeated).sort()).toEqual([false, true, true]);
    expect(new Set(both.map((each) => each.batchId)).size).toBe(1);
    expect(await prices(listing.id)).toHaveLength(1);
    expect(
      await column(world.pool, "SELECT count(*) FROM outbox WHERE data->>'blobKey' = $1", [batch.blobKey]),
    ).toEqual(['1']);
  });

  it('leaves nothing behind when it fails half way', async () => {
    const listing = await registered(world.pool, 'test', 'HALFWAY');
    const batch = header('test');
    const broken = quoteRow({ listing, price: 'nothing' });
    await expect(stored(store, 'test', { quotes: [broken] }, batch)).rejects.toThrow();
    expect(await column(world.pool, 'SELECT count(*) FROM batch WHERE blob_key = $1', [batch.blobKey])).toEqual(['0']);
    expect(await stored(store, 'test', { quotes: [quoteRow({ listing })] }, batch)).toMatchObject({ repeated: false });
  });

  it("ends its task once; what comes later does not change the task's end", async () => {
    const listing = await registered(world.pool, 'test', 'TASK');
    const first = header('test');
    await world.pool.query(
      `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1::uuid, 'test', 'quotes', 'quotes', 'schedule', $1::uuid::text, now())`,
      [first.runId],
    );
    await world.pool.query(
      `INSERT INTO task (run_id, part, source_id, symbols, due_at, attempt) VALUES ($1, 0, 'test', '{TASK}', now(), 1)`,
      [first.runId],
    );
    const decision = { quotes: [], bars: [], rejected: [], statistics: [] };
    await store.store(first, [], async () => ({
      ...decision,
      verdict: {
        status: 'failed',
        reason: 'rate_limited',
        detail: { code: 'rate_limit_notice' },
        message: 'Too many.',
      },
    }));
    const second = header('test', { runId: first.runId, attempt: 2, blobKey: `${first.blobKey}-2` });
    await stored(store, 'test', { quotes: [quoteRow({ listing })] }, second);
    expect(
      await column(world.pool, "SELECT status || ' ' || reason FROM task WHERE run_id = $1", [first.runId]),
    ).toEqual(['failed rate_limited']);
    expect(await prices(listing.id)).toHaveLength(1);
  });
});

describe('the price of a listing', () => {
  const decision = (listingId: number) =>
    column(
      world.pool,
      "SELECT source || ' ' || rule || ' ' || confidence || ' ' || coalesce(spread::text, '-') || ' ' || candidates FROM consolidated_quote WHERE listing_id = $1",
      [listingId],
    );

  it('is that of the only source, and the decision is written once', async () => {
    const listing = await registered(world.pool, 'test', 'ALONE');
    await stored(store, 'test', { quotes: [quoteRow({ listing })] });
    expect(await decision(listing.id)).toEqual(['test only_source single - 1']);
    const decidedAt = await column(
      world.pool,
      'SELECT decided_at::text FROM consolidated_quote WHERE listing_id = $1',
      [listing.id],
    );
    await stored(store, 'test', { quotes: [quoteRow({ listing, asOf: at(60), price: '101', fetchedAt: at(61) })] });
    expect(
      await column(world.pool, 'SELECT decided_at::text FROM consolidated_quote WHERE listing_id = $1', [listing.id]),
    ).toEqual(decidedAt);
  });

  it('is that of the higher rank among the fresh, with the spread to the others', async () => {
    const listing = await registered(world.pool, 'test', 'RANKED');
    await stored(store, 'better', { quotes: [quoteRow({ listing, price: '100.2' })] });
    await stored(store, 'test', { quotes: [quoteRow({ listing, asOf: at(30), fetchedAt: at(31) })] });
    expect(await decision(listing.id)).toEqual(['better rank agreed 0.00199601 2']);
    await stored(store, 'test', { quotes: [quoteRow({ listing, asOf: at(60), price: '103', fetchedAt: at(61) })] });
    expect(await decision(listing.id)).toEqual(['better rank disputed 0.02794411 2']);
    await stored(store, 'test', { quotes: [quoteRow({ listing, asOf: at(600), price: '103', fetchedAt: at(601) })] });
    expect(await decision(listing.id)).toEqual(['test freshest disputed 0.02718447 2']);
  });

  it('is decided on both rows when two sources come at once', async () => {
    for (let round = 0; round < 10; round++) {
      const listing = await registered(world.pool, 'test', `RACE${round}`);
      await Promise.all([
        stored(store, 'test', { quotes: [quoteRow({ listing })] }),
        stored(store, 'better', { quotes: [quoteRow({ listing })] }),
      ]);
      expect(await decision(listing.id)).toEqual(['better rank agreed 0 2']);
    }
  });

  it('waits for another transaction that decides, and sees what it stored', async () => {
    const listing = await registered(world.pool, 'test', 'WAITS');
    const blocker = await world.pool.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT pg_advisory_xact_lock($1, $2)', [0x636f6e73, blockOf(listing.id)]);
    let done = false;
    const waiting = stored(store, 'test', { quotes: [quoteRow({ listing })] }).then(() => {
      done = true;
    });
    await expect
      .poll(() => column(world.pool, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))
      .toEqual(['1']);
    expect(done).toBe(false);
    await blocker.query('COMMIT');
    blocker.release();
    await waiting;
    expect(await decision(listing.id)).toEqual(['test only_source single - 1']);
  });
});

describe('listings', () => {
  it('are made once, however many ask for them at the same time', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => registered(world.pool, 'test', 'NEWCOMER')));
    expect(new Set(made.map((listing) => listing.id)).size).toBe(1);
    expect(await column(world.pool, "SELECT count(*) FROM instrument WHERE name = 'NEWCOMER'")).toEqual(['1']);
  });

  it('are shared by sources that name the same canonical symbol', async () => {
    const first = await registered(world.pool, 'test', 'SHARED');
    const second = await registered(world.pool, 'better', 'SHARED');
    expect(second.id).toBe(first.id);
  });

  it('follow a symbol that changed hands: each meaning has its time', async () => {
    const former = await registered(world.pool, 'test', 'REUSED');
    await world.pool.query("UPDATE symbol_alias SET valid_to = '2020-01-01' WHERE symbol = 'REUSED'");
    const now = await registered(world.pool, 'test', 'REUSED');
    expect(now.id).not.toBe(former.id);
    const aliases = (await store.aliases('test', ['REUSED'])).get('REUSED') ?? [];
    expect(aliases.map((alias) => [alias.listing.id, alias.from, alias.to])).toEqual([
      [former.id, Number.NEGATIVE_INFINITY, Date.UTC(2020, 0, 1)],
      [now.id, Date.UTC(2020, 0, 1), Number.POSITIVE_INFINITY],
    ]);
  });
});
