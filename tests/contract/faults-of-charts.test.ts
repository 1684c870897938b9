import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { findingSchema } from '../../core/contracts/http/findings.ts';
import { barsSchema } from '../../core/contracts/http/market.ts';
import { faultSchema } from '../../localstack/upstreams/control.ts';
import { type RunningUpstreams, startUpstreams } from '../../localstack/upstreams/server.ts';
import { openWorld, type World } from '../support/world.ts';

/** A Friday after the close, and a Wednesday in the middle of a session. */
const evening = '2026-11-20T22:00:00Z';
const noon = '2026-11-18T17:23:41Z';

describe.each([evening, noon])('a chart with a fault, fetched at %s', (clock) => {
  let upstreams: RunningUpstreams;
  beforeAll(async () => {
    upstreams = await startUpstreams({ port: 0, seed: 'charts', clock });
  });
  afterAll(() => upstreams.stop());

  /** Answers of the simulated source one after the other, each with these faults on; then what the API says. */
  async function served(faults: readonly (readonly object[])[], interval = '1d') {
    const symbol = 'AAPL';
    const world = await openWorld();
    try {
      const at = Math.floor(Date.parse(clock) / 1000);
      for (const [index, on] of faults.entries()) {
        upstreams.control.clear();
        for (const fault of on) upstreams.control.switch(faultSchema.parse({ source: 'yahoo', symbol, ...fault }));
        const lookback = interval === '1h' ? 10 : 400;
        const query = `period1=${at - lookback * 86_400}&period2=${at}&interval=${interval}&events=div%7Csplit`;
        const url = `${upstreams.urlOf('yahoo')}/v8/finance/chart/${symbol}?${query}`;
        const body = await (await fetch(url)).text();
        const fetchedAt = new Date(at * 1000 + index * 60_000).toISOString();
        world.setClock(new Date(fetchedAt));
        const request = { method: 'GET', url, headers: {}, symbols: [symbol] };
        const response = { status: 200, headers: {}, truncated: false, body };
        const exchange = { request, response, error: null, fetchedAt, latencyMs: 3 };
        expect(await world.ingest({ source: 'yahoo', kind: 'bars', exchanges: [exchange] })).toMatchObject({
          status: 'succeeded',
          held: [],
        });
      }
      await world.invariant();
      return await readBack(world, symbol, interval);
    } finally {
      upstreams.control.clear();
      await world.stop();
    }
  }

  async function readBack(world: World, symbol: string, interval: string) {
    const of = async <S extends z.ZodType>(schema: S, path: string) =>
      schema.parse(z.object({ data: z.unknown() }).parse((await world.get(path)).body).data);
    const { bars, actions } = await of(barsSchema, `/bars/${symbol}?interval=${interval}&limit=10000`);
    const findings = await of(z.array(findingSchema), `/findings?symbol=${symbol}&limit=1000`);
    return {
      starts: bars.map((bar) => bar.startsAt),
      closes: bars.map((bar) => Number(bar.close)),
      actions: actions.map(({ type, exDate }) => `${type} ${exDate}`),
      codes: [...new Set(findings.map(({ evidence }) => evidence.code))].sort(),
      days: bars.map((bar) => bar.date ?? ''),
      found: findings.map(({ evidence, subject }) => `${evidence.code} ${subject.date}`),
    };
  }

  it('is right without one, without bars of closed days', async () => {
    const right = await served([[]]);
    expect(right.codes).toEqual([]);
    expect(right.days).toHaveLength(276);
    for (const holiday of ['2025-11-27', '2025-12-25', '2026-01-19', '2026-05-25', '2026-09-07'])
      expect(right.days).not.toContain(holiday);
  });

  it.each(['1d', '1wk', '1mo', '1h'])('live-row: makes no bar, %s', async (interval) => {
    const right = await served([[]], interval);
    const live = await served([[{ fault: 'live-row' }]], interval);
    expect(live.starts).toEqual(right.starts);
  });

  it.each([
    ['dividend-unit', 'adjustment_differs', 5],
    ['redated', 'adjustment_differs', 4],
    ['split-late', 'split_not_applied', 270],
    ['split-withdrawn', 'split_applied_twice', 270],
    ['frozen-bars', 'frozen', 5],
    ['holiday-bar', 'closed_day', 10],
  ])('%s: is found, as %s', async (fault, code, days) => {
    const { found } = await served([[{ fault }]]);
    expect(new Set(found.filter((each) => each.startsWith(`${code} `))).size).toBe(days);
  });

  it('hole: thirty sessions are not there, and come with the next answer', async () => {
    const right = await served([[]]);
    const holed = await served([[{ fault: 'hole' }]]);
    expect(holed.days).toHaveLength(right.days.length - 30);
    expect(right.days).toEqual(expect.arrayContaining(holed.days));
    expect((await served([[{ fault: 'hole' }], []])).days).toEqual(right.days);
    // What the source had told before is kept and not used.
    expect((await served([[], [{ fault: 'hole' }]])).days).toEqual(holed.days);
  });

  it('redated, split-withdrawn: what the source does not tell any more counts no more', async () => {
    const right = await served([[]]);
    for (const fault of ['redated', 'split-withdrawn']) {
      const corrected = await served([[{ fault }], []]);
      // The last bar may be of a session that goes on: the simulator's clock does, and its price.
      expect(corrected.closes.slice(0, -1)).toEqual(right.closes.slice(0, -1));
      const last = right.days.at(-2) ?? '';
      expect(corrected.actions.filter((action) => action.slice(-10) <= last)).toEqual(right.actions);
    }
  });
});
