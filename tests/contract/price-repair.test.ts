import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { findingSchema } from '../../core/contracts/http/findings.ts';
import { type BarsView, barsSchema } from '../../core/contracts/http/market.ts';
import { repairAnswer, repairInput, repairSeries } from '../support/price-repair.ts';
import { openWorld, type World } from '../support/world.ts';

const faulty = repairSeries.filter((name) => repairSeries.includes(`${name}-fixed`));
const good = repairSeries.filter((name) => !faulty.includes(name));

const barsOf = async (world: World, path: string): Promise<BarsView> => {
  const { body } = await world.get(path);
  return z.object({ data: barsSchema }).parse(body).data;
};
const findingsOf = async (world: World) =>
  z.object({ data: z.array(findingSchema) }).parse((await world.get('/findings?limit=1000')).body).data;

/** A world with the answer of a vendor, and the ids of all that was found in it. */
async function withSeries<T>(
  name: string,
  use: (world: World, symbol: string, unit: number) => Promise<T>,
): Promise<T> {
  const { symbol, fetchedAt, body, unit } = repairAnswer(name);
  const world = await openWorld();
  try {
    world.setClock(new Date(fetchedAt));
    await world.ingest({
      source: 'yahoo',
      kind: 'bars',
      exchanges: [
        {
          request: { method: 'GET', url: 'https://upstream.example/', headers: {}, symbols: [symbol] },
          response: { status: 200, headers: {}, truncated: false, body },
          error: null,
          fetchedAt,
          latencyMs: 12,
        },
      ],
    });
    const result = await use(world, symbol, unit);
    await world.invariant();
    return result;
  } finally {
    await world.stop();
  }
}

describe.skipIf(repairSeries.length === 0)('a real series of a vendor, through ingest and out of the API', () => {
  it.each(good)('%s, which is right, comes out as it came in, and nothing is found in it', async (name) => {
    await withSeries(name, async (world, symbol, unit) => {
      const { bars } = repairInput(name);
      expect(await findingsOf(world)).toEqual([]);
      const served = await barsOf(world, `/bars/${symbol}?interval=${bars[0]?.interval}&limit=10000`);
      const closes = bars.toSorted((a, b) => a.startsAt - b.startsAt).map(({ close }) => Number(close) / unit);
      expect(served.bars).toHaveLength(closes.length);
      for (const [index, bar] of served.bars.entries())
        expect(Number(bar.close)).toBeCloseTo(closes[index] ?? Number.NaN, 9);
    });
  });

  it.each(faulty)('%s is what it should have been once all proposals are accepted', async (name) => {
    const right = repairInput(`${name}-fixed`);
    const interval = right.bars[0]?.interval;
    await withSeries(name, async (world, symbol, unit) => {
      const found = await findingsOf(world);
      expect(found.length).toBeGreaterThan(0);
      await world.database.query(
        `UPDATE finding SET status = 'accepted', closed_at = opened_at, decided_by = 'a person' WHERE proposal IS NOT NULL`,
      );
      const path = `/bars/${symbol}?interval=${interval}&limit=10000&quality=repaired`;
      const { bars, actions } = await barsOf(world, path);
      const should = new Map(right.bars.map((bar) => [bar.startsAt, bar]));
      expect(bars).toHaveLength(right.bars.length);
      const ids = new Set(found.map(({ id }) => id));
      const unknown: string[] = [];
      for (const bar of bars) {
        const of = should.get(Date.parse(bar.startsAt));
        for (const field of ['open', 'high', 'low', 'close'] as const) {
          const [is, shouldBe] = [bar[field], Number(of?.[field]) / unit];
          if (is !== null)
            expect(Math.abs(Number(is) / shouldBe - 1), `${field} of ${bar.startsAt}`).toBeLessThan(0.003);
          else {
            unknown.push(field);
            expect(bar.findings.some((id) => ids.has(id))).toBe(true);
          }
        }
      }
      expect(unknown).toEqual(name.startsWith('ASAI') ? ['low'] : []);

      const told = (type: string) =>
        actions
          .filter((action) => action.type === type)
          .map(({ exDate, ratio, amount }) => [exDate, Number(ratio ?? amount)]);
      for (const type of ['dividend', 'split'])
        expect(told(type)).toEqual(
          right.actions.filter((action) => action.type === type).map(({ exDate, value }) => [exDate, Number(value)]),
        );
      if (interval !== '1d') return;
      const total = await barsOf(world, `${path}&adjustment=splits_and_dividends`);
      for (const bar of total.bars) {
        const adjusted = (right.adjusted?.get(Date.parse(bar.startsAt)) ?? Number.NaN) / unit;
        expect(Math.abs(Number(bar.close) / adjusted - 1), `adjusted close of ${bar.startsAt}`).toBeLessThan(0.003);
      }
    });
  });
});
