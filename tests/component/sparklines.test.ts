import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sparklineSchema } from '../../core/contracts/http/market.ts';
import { iso, makeBatch, makeListing, makeQuote } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, read, get } = useApi();
const lines = z.array(sparklineSchema);
let apple: number;
let batch: string;

beforeAll(async () => {
  batch = await makeBatch(world.pool);
  apple = await makeListing(world.pool, 'AAPL', { mic: 'XNAS' });
  // It is 10:00 in New York: the session began half an hour ago. The day before is another session.
  for (const [seconds, price] of [
    [-86_400, '230'],
    [-29 * 60, '240'],
    [-25 * 60, '241'],
    [-60, '244.60'],
  ] as const)
    await makeQuote(world.pool, apple, batch, { asOf: iso(seconds), price, fetchedAt: iso(seconds + 1) });
  const coin = await makeListing(world.pool, 'BTC-USD', { mic: 'QCRY', assetClass: 'crypto' });
  for (const [hours, price] of [
    [-25, '89000'],
    [-23.9, '90000'],
    [-0.1, '91000'],
  ] as const)
    await makeQuote(world.pool, coin, batch, { asOf: iso(hours * 3_600), price, fetchedAt: iso(hours * 3_600 + 1) });
  await makeListing(world.pool, 'BARE');
}, 60_000);

const known = (prices: readonly unknown[]) => prices.flatMap((price, at) => (price === null ? [] : [[at, price]]));

describe('small lines', () => {
  it('have the last price of each part of the session that has begun, and of the last 24 hours of a coin', async () => {
    const { data, meta } = await read(lines, '/sparklines?symbols=aapl,BTC-USD,BARE,NOPE,AAPL');
    expect(data.map(({ symbol, source }) => [symbol, source]).sort()).toEqual([
      ['AAPL', 'yahoo'],
      ['BTC-USD', 'yahoo'],
    ]);
    expect(meta.count).toBe(2);
    const [stock, coin] = data.toSorted((a, b) => a.symbol.localeCompare(b.symbol));
    expect([stock?.from, stock?.to]).toEqual(['2026-11-20T14:30:00.000Z', '2026-11-20T21:15:00.000Z']);
    expect(stock?.prices).toHaveLength(48);
    expect(known(stock?.prices ?? [])).toEqual([
      [0, 241],
      [3, 244.6],
    ]);
    expect(known(coin?.prices ?? [])).toEqual([
      [0, 90_000],
      [47, 91_000],
    ]);
  });

  it('pass over a price that a finding calls wrong', async () => {
    await world.pool.query(
      `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, at, said, evidence, batch_id)
       VALUES ($1, 'yahoo', $2::text, 'jump', 'wrong', 'quote', $2::text::timestamptz, 241, '{"code": "jump"}', $3)`,
      [apple, iso(-25 * 60), batch],
    );
    const { data } = await read(lines, '/sparklines?symbols=AAPL');
    expect(known(data[0]?.prices ?? [])).toEqual([
      [0, 240],
      [3, 244.6],
    ]);
  });

  it('take up to 100 symbols', async () => {
    const many = Array.from({ length: 101 }, (_, index) => `S${index}`).join();
    expect((await get(`/sparklines?symbols=${many}`)).status).toBe(400);
    expect((await get('/sparklines')).status).toBe(400);
  });
});
