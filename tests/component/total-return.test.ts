import { beforeAll, describe, expect, it } from 'vitest';
import { barsSchema } from '../../core/contracts/http/market.ts';
import { json, makeBatch, makeListing } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, get, read } = useApi();
let batchId: string;

beforeAll(async () => {
  batchId = await makeBatch(world.pool);
}, 60_000);

/** A bar of each of these days; they came in answers of their own, unless one batch is given. */
async function makeBars(listing: number, days: Readonly<Record<string, number>>, batch?: string): Promise<void> {
  for (const [day, close] of Object.entries(days))
    await world.pool.query(
      `INSERT INTO bar (listing_id, source, interval, starts_at, date, close, currency, basis, basis_at, fetched_at, ingested_at, batch_id)
       VALUES ($1, 'yahoo', '1d', $2, $3, $4, 'USD', 'splits', $5, $5, $5, $6)`,
      [listing, `${day}T14:30:00Z`, day, close, '2026-11-20T14:00:00Z', batch ?? (await makeBatch(world.pool))],
    );
}

async function pay(listing: number, exDate: string, amount: number): Promise<void> {
  await world.pool.query(
    `INSERT INTO corporate_action (listing_id, type, ex_date, source, amount, currency, known_at, batch_id)
     VALUES ($1, 'dividend', $2, 'yahoo', $3, 'USD', '2026-11-20T14:00:00Z', $4)`,
    [listing, exDate, amount, batchId],
  );
}

const answered = (listing: number, range: string) =>
  world.pool.query(`INSERT INTO bar_series (listing_id, source, interval, answered) VALUES ($1, 'yahoo', '1d', $2)`, [
    listing,
    range,
  ]);

const total = (symbol: string, query = '') => `/bars/${symbol}?adjustment=splits_and_dividends${query}`;
const closes = async (path: string) => (await read(barsSchema, path)).data.bars.map(({ close }) => Number(close));

describe('a total return', () => {
  it('of a delisted share, or of a range that was collected alone, ends with its last bar', async () => {
    const listing = await makeListing(world.pool, 'GONE');
    await makeBars(listing, { '2015-03-02': 100, '2015-03-09': 102, '2015-03-10': 99, '2015-03-16': 98 });
    await pay(listing, '2015-03-10', 2.04);
    expect(await closes(total('GONE'))).toEqual([98, 99.96, 99, 98]);
  });

  it('goes across a halt that the source has answered for, by the last close before it', async () => {
    const listing = await makeListing(world.pool, 'HALT');
    await makeBars(listing, { '2024-01-08': 50, '2025-02-10': 40, '2025-02-11': 41 });
    await pay(listing, '2025-02-10', 1);
    const refused = await get(total('HALT'));
    expect([refused.status, await json(refused)]).toMatchObject([
      422,
      { code: 'not_derivable', detail: expect.stringContaining('Between 2024-01-08 and 2025-02-10') },
    ]);
    await answered(listing, '{[2024-01-01,2025-03-01)}');
    expect(await closes(total('HALT'))).toEqual([49, 40, 41]);
  });

  it('goes across a halt when one answer brought the bars on both sides', async () => {
    const listing = await makeListing(world.pool, 'ONEBATCH');
    await makeBars(listing, { '2024-01-08': 50, '2025-02-10': 40, '2025-02-11': 41 }, batchId);
    expect(await closes(total('ONEBATCH'))).toEqual([50, 40, 41]);
  });

  it('is not derivable over a time of which only a part was answered for', async () => {
    const listing = await makeListing(world.pool, 'PARTLY');
    await makeBars(listing, { '2024-01-08': 50, '2025-02-10': 40 });
    await answered(listing, '{[2024-01-01,2024-06-01),[2024-07-01,2025-03-01)}');
    const refused = await get(total('PARTLY'));
    expect([refused.status, await json(refused)]).toMatchObject([
      422,
      { detail: expect.stringContaining('Between 2024-05-31 and 2024-07-01') },
    ]);
  });

  it('goes up to a day that is asked for, and has no bar after it', async () => {
    const listing = await makeListing(world.pool, 'UPTO');
    await makeBars(listing, {
      '2026-11-02': 100,
      '2026-11-04': 98,
      '2026-11-09': 100,
      '2026-11-11': 99,
      '2026-11-12': 99,
    });
    await pay(listing, '2026-11-04', 2);
    await pay(listing, '2026-11-11', 1);
    expect(await closes(total('UPTO'))).toEqual([100 * 0.98 * 0.99, 98 * 0.99, 99, 99, 99]);
    expect(await closes(total('UPTO', '&adjustedTo=2026-11-10'))).toEqual([98, 98, 100]);
    expect(await closes(total('UPTO', '&adjustedTo=2026-11-11'))).toEqual([100 * 0.98 * 0.99, 98 * 0.99, 99, 99]);
    expect(await closes(total('UPTO', '&adjustedTo=2026-11-10&to=2026-11-05T00:00:00Z'))).toEqual([98, 98]);
    expect(await closes(total('UPTO', '&adjustedTo=2026-11-02'))).toEqual([100]);
  });

  it('up to a day that no answer has spoken for is a 422', async () => {
    const listing = await makeListing(world.pool, 'LATER');
    await makeBars(listing, { '2026-06-01': 100, '2026-06-02': 98 });
    expect((await get(total('LATER', '&adjustedTo=2026-06-10'))).status).toBe(200);
    expect((await get(total('LATER', '&adjustedTo=2026-09-01'))).status).toBe(422);
    await answered(listing, '{[2026-05-01,2026-09-02)}');
    expect((await get(total('LATER', '&adjustedTo=2026-09-01'))).status).toBe(200);
  });

  it('alone has a day that it goes up to', async () => {
    for (const adjustment of ['none', 'raw', 'splits'])
      expect((await get(`/bars/UPTO?adjustment=${adjustment}&adjustedTo=2026-11-10`)).status).toBe(400);
    expect((await get(total('UPTO', '&adjustedTo=2026-02-30'))).status).toBe(400);
  });

  it('without a close before a payment is a 422 all the same', async () => {
    const listing = await makeListing(world.pool, 'NOCLOSE');
    await makeBars(listing, { '2026-11-02': 100, '2026-11-12': 98 });
    await pay(listing, '2026-11-10', 150);
    expect((await get(total('NOCLOSE'))).status).toBe(422);
  });
});
