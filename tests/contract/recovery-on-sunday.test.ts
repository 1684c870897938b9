import { expect, it } from 'vitest';
import { runNow } from '../support/pipeline.ts';
import { recoveryWorld } from '../support/recovery-world.ts';

/** A Sunday afternoon in New York. The simulator's markets have their hours with a clock of their own. */
const sunday = '2026-11-22T18:00:00Z';
const shift = Date.parse(sunday) - Date.now();
const of = recoveryWorld(sunday);
const now = () => Date.now() + shift;

const cases = [
  ['yahoo', 'quotes'],
  ['alpha-vantage', 'quotes'],
  ['coingecko', 'quotes'],
  ['slickcharts', 'constituents'],
  ['demo-broker', 'positions'],
  ['yahoo', 'daily-bars'],
] as const;

it.each(cases)('on a Sunday %s %s is not called stale, and its recovery can be verified', async (source, job) => {
  const world = of.world({ now });
  const cycle = async () => {
    await of.later();
    await world.cycle(runNow(job, new Date(now()).toISOString(), source));
  };
  await cycle();
  await world.watch(new Date(now()));
  expect(await of.health(source)).toEqual({ status: 'healthy', reason: null });
  expect(await of.openIncidents(source)).toEqual([]);

  of.fault(source, '403');
  await cycle();
  await cycle();
  of.fault(source, '403', false);
  await of.later();
  expect((await world.watch(new Date(now()))).recovering).toEqual([source]);
  await world.heal(of.later);
  expect(await of.newest(source)).toMatchObject({ status: 'verified' });
});

it("Friday's close is proof on Sunday, and Thursday's is not", async () => {
  const world = of.world({ now });
  expect(await of.recover(world, 'yahoo')).toMatchObject({
    status: 'verified',
    message: expect.stringContaining('the newest of 2026-11-20T21:00:'),
  });
  await of.uncheckedFromNow('the quotes are deleted');
  await of.all('TRUNCATE latest_quote, quote, recovery');
  of.fault('yahoo', 'stale');
  expect(await of.recover(world, 'yahoo')).toMatchObject({
    status: 'failed',
    reason: 'stale',
    message: expect.stringContaining('it should be of 2026-11-20T20:30:00Z or later'),
  });
});
