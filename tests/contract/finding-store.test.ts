import { beforeAll, describe, expect, it } from 'vitest';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import type { IngestStore } from '../../core/ports/ingest-store.ts';
import { judgeBars } from '../../core/prices/judge-bars.ts';
import { at, barSeries, column, registered, stored } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(at(0)), connections: 2, keepRows: true });
let store: IngestStore;

beforeAll(async () => {
  store = postgresIngestStore(world.pool);
});

const day = 86_400_000;
const right = [100, 101, 100, 102, 101, 100, 101, 102, 101, 100];
const inPence = right.map((close, index) => (index === 4 ? close * 100 : close));

/** Stores closes as an answer that was fetched so many days after the first one, with what the rules find in them. */
async function answer(listing: KnownListing, closes: readonly number[], days = 0) {
  const series = barSeries(listing, closes, { fetchedAt: at(0) + days * day });
  const { accepted, judged } = judgeBars(series, undefined);
  return stored(store, 'test', { bars: [accepted], judged: judged ? [judged] : [] });
}

const findings = (listing: KnownListing) =>
  column(
    world.pool,
    `SELECT rule || ' ' || date || ' ' || severity || ' ' || status || ' ' || (closed_at IS NOT NULL) || ' ' || said
     FROM finding WHERE listing_id = $1 ORDER BY id`,
    [listing.id],
  );
const decide = (listing: KnownListing, status: string) =>
  world.pool.query(
    "UPDATE finding SET status = $2, closed_at = now(), decided_by = 'test' WHERE listing_id = $1 AND status = 'open'",
    [listing.id, status],
  );

describe('findings', () => {
  it('are stored once, however often the same answer comes', async () => {
    const listing = await registered(world.pool, 'test', 'PENCE');
    await answer(listing, inPence);
    await answer(listing, inPence, 1);
    expect(await findings(listing)).toEqual(['unit 2026-11-06 wrong open false 10100']);
    expect(await column(world.pool, "SELECT proposal->>'to' FROM finding WHERE listing_id = $1", [listing.id])).toEqual(
      ['101'],
    );
  });

  it('are gone when the row says something else', async () => {
    const listing = await registered(world.pool, 'test', 'CORRECTED');
    await answer(listing, inPence);
    await answer(listing, right, 1);
    expect(await findings(listing)).toEqual(['unit 2026-11-06 wrong gone true 10100']);
    await answer(listing, inPence, 2);
    expect((await findings(listing)).map((line) => line?.split(' ')[3])).toEqual(['gone', 'open']);
  });

  it('stay while the row is the same and a shorter answer has less to judge it by', async () => {
    const listing = await registered(world.pool, 'test', 'SHORTER');
    await answer(listing, inPence);
    await answer(listing, inPence.slice(0, 5), 1);
    expect(await findings(listing)).toEqual(['unit 2026-11-06 wrong open false 10100']);
  });

  it('are not stored of rows that a later fetch has replaced', async () => {
    const listing = await registered(world.pool, 'test', 'LATE');
    await answer(listing, right, 2);
    await answer(listing, inPence, 1);
    expect(await findings(listing)).toEqual([]);
  });

  it.each(['dismissed', 'accepted'])('that are %s are not raised again', async (status) => {
    const listing = await registered(world.pool, 'test', status.toUpperCase());
    await answer(listing, inPence);
    await decide(listing, status);
    await answer(listing, inPence, 1);
    expect(await findings(listing)).toEqual([`unit 2026-11-06 wrong ${status} true 10100`]);
  });

  it('with a proposal are accepted at once where the setting names their rule, and not where a person dismissed them', async () => {
    const accepting = postgresIngestStore(world.pool, undefined, ['unit', 'edges']);
    const listing = await registered(world.pool, 'test', 'AUTOMATIC');
    const tell = async (by: IngestStore, days: number) => {
      const { accepted, judged } = judgeBars(barSeries(listing, inPence, { fetchedAt: at(0) + days * day }), undefined);
      return stored(by, 'test', { bars: [accepted], judged: judged ? [judged] : [] });
    };
    await tell(store, 0);
    expect(await findings(listing)).toEqual(['unit 2026-11-06 wrong open false 10100']);
    await tell(accepting, 1);
    expect(await findings(listing)).toEqual(['unit 2026-11-06 wrong accepted true 10100']);
    expect(await column(world.pool, 'SELECT decided_by FROM finding WHERE listing_id = $1', [listing.id])).toEqual([
      'automatic',
    ]);
    await world.pool.query("UPDATE finding SET status = 'dismissed' WHERE listing_id = $1", [listing.id]);
    await tell(accepting, 2);
    expect(await findings(listing)).toEqual(['unit 2026-11-06 wrong dismissed true 10100']);
  });
});
