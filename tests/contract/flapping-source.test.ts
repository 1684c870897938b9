import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { sourcesFlapping } from '../../core/contracts/metrics.ts';
import { publishFailing } from '../../functions/monitor/publish-failing.ts';
import { useClockedCloud } from '../support/clocked-cloud.ts';

/*
 * A source that fails and recovers for hours: its outcomes go through the monitor, on Postgres, and the monitor's minutes are
 * played one by one, with what they publish for the alarm.
 */

const minute = 60_000;
const hour = 60 * minute;
const cloud = useClockedCloud('2026-11-24T15:00:00Z', { symbols: ['AAPL'] });

/** An answer, good or not, and what the pipeline makes of it. */
async function answer(good: boolean): Promise<void> {
  const row = { symbol: 'AAPL', price: 100 + (cloud.now() % 7) / 100, asOf: cloud.now() - 10_000 };
  const { message, outcome } = await cloud.fetch([row], good ? 200 : 500);
  await cloud.stores.queue.send('outcomes', [outcome]);
  await cloud.stages.monitor();
  await cloud.stores.queue.send('ingest', [message]);
  await cloud.stages.ingest();
  await cloud.stages.monitor();
}

/** The monitor's minute: whether it publishes that Yahoo flaps. */
async function watch(): Promise<boolean> {
  const { statuses, flapping } = await cloud.stages.watch(new Date(cloud.now()));
  const lines: string[] = [];
  const written = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  publishFailing(statuses, flapping);
  written.mockRestore();
  const published = lines.map((line) => z.looseObject({ sources: z.string().optional() }).parse(JSON.parse(line)));
  return published.some((line) => sourcesFlapping in line && line.sources === 'yahoo');
}

/**
 * Plays so many minutes, with an answer every fifth. Gives the minutes of the last hour in which it was published: those up to
 * the next answer are as the one of an answer.
 */
async function play(minutes: number, isGood: (answers: number) => boolean): Promise<number> {
  let published = 0;
  for (let at = 0; at < minutes; at += 5) {
    await answer(isGood(at / 5));
    if (at >= minutes - 60 && (await watch())) published += 5;
    cloud.pass(5 * minute);
  }
  return published;
}

const incidents = () =>
  cloud.all(
    `SELECT reason, bouts, resolved_at IS NULL AS open, count FROM incident WHERE source_id = 'yahoo' ORDER BY opened_at`,
  );
/** As docs/health.md and the alarm have it: half an hour of minutes. */
const alarmMinutes = 30;

it.each([
  ['fails each third time', (answers: number) => answers % 3 !== 0],
  ['fails once an hour', (answers: number) => answers % 12 !== 0],
])('a source that %s for five hours has one incident, sets off its alarm, and is well again', async (_what, isGood) => {
  expect(await play(3 * 60, isGood), 'before it is a matter of hours').toBe(0);
  expect(await play(2 * 60, isGood)).toBeGreaterThanOrEqual(alarmMinutes);
  expect(await incidents()).toMatchObject([{ reason: 'down' }]);
  expect(await play(2 * 60, () => true)).toBe(0);
  expect(await incidents()).toMatchObject([{ reason: 'down', open: false }]);
});

it('a source that fails all the time does not flap', async () => {
  expect(await play(4 * 60, () => false)).toBe(0);
  expect(await incidents()).toMatchObject([{ reason: 'down', bouts: 0, open: true }]);
});

it('two failures twelve hours apart are two incidents', async () => {
  await play(60, (answers) => answers > 0);
  cloud.pass(12 * hour);
  await play(60, (answers) => answers > 0);
  expect(await incidents()).toMatchObject([
    { reason: 'down', open: false, count: 1 },
    { reason: 'down', open: false, count: 1 },
  ]);
});
