/**
 * Compares the functions as they stand with those of an earlier commit: `npm run bench -- --against <commit>`.
 *
 *   1. lay the files of the earlier commit into a temporary folder, with the packages that are installed, and bundle both
 *   2. start the functions of both, each in a process of its own, on a database each of one server
 *   3. nine rounds, each with new processes: how V8 compiles a function differs from one process to the next. Each arm is
 *      done once to warm up, then measured, in ten slices after each of which the sides take turns
 *   4. the median of the nine ratios of processor time; more than 1.10 of before is too much
 *
 * Only bundles, events and environment variables are used of a commit, so it does not matter where its files lie.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool } from '../../../core/adapters/postgres/database/pool.ts';
import { startDatabase } from '../../../localstack/database.ts';
import { faultSchema } from '../../../localstack/upstreams/control.ts';
import { startUpstreams } from '../../../localstack/upstreams/server.ts';
import { startCloudDouble } from '../../support/bundles/cloud-double.ts';
import { bundleTree, checkOut, commitOf } from '../../support/bundles/trees.ts';
import { withDatabase } from '../../support/postgres.ts';
import { root } from '../../support/source-tree.ts';
import { type Arm, armsOf, seed } from './arms.ts';
import { comparePages, pageArm } from './compare-pages.ts';
import { type Comparison, compared } from './comparison.ts';
import { comparedFunctions, type Side, startSide } from './side.ts';

/** More of before than this is too much. */
export const mostRatio = 1.1;

/** Runs the arms whose names hold a text `rounds` times on both sides. `say` gets a line as each step begins. */
export async function compareWith(
  revision: string,
  rounds: number,
  named: string,
  say: (line: string) => void,
): Promise<Comparison[]> {
  const pages = pageArm.includes(named) ? [await comparePages(revision, rounds, say)] : [];
  if (pages.length > 0 && named !== '') return pages;
  const commit = commitOf(revision);
  const folder = mkdtempSync(join(tmpdir(), 'quotron-against-'));
  const cleanups: (() => void | Promise<void>)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const cleanUp = async () => {
    for (let next = cleanups.pop(); next; next = cleanups.pop()) await next();
  };
  process.once('SIGINT', () => void cleanUp().finally(() => process.exit(130)));
  process.once('SIGTERM', () => void cleanUp().finally(() => process.exit(143)));
  try {
    say(`  checking out and bundling ${commit}`);
    const earlier = checkOut(commit, folder);
    const trees = {
      before: bundleTree(earlier, join(folder, 'bundles-before'), comparedFunctions),
      after: bundleTree(root, join(folder, 'bundles-after'), comparedFunctions),
    };
    const cloud = await startCloudDouble();
    cleanups.push(() => cloud.stop());
    const upstreams = await startUpstreams({ port: 0 });
    cleanups.push(() => upstreams.stop());
    const closed = await startUpstreams({ port: 0, clock: lastSaturday() });
    cleanups.push(() => closed.stop());
    const server = await startDatabase({
      dir: join(folder, 'database'),
      persistent: false,
      fsync: false,
    });
    cleanups.push(() => server.stop());
    const start = async (name: 'before' | 'after') => {
      say(`  starting the functions of ${name === 'before' ? commit : 'the tree as it stands'}`);
      const databaseUrl = await createDatabase(server.url, `bench_${name}`);
      const urls = { databaseUrl, yahooUrl: upstreams.urlOf('yahoo'), closedYahooUrl: closed.urlOf('yahoo') };
      const side = await startSide(name, trees[name], { cloud, ...urls });
      cleanups.push(() => side.stop());
      await seed(cloud, side, () => {
        upstreams.control.switch(faultSchema.parse({ source: 'yahoo', fault: 'unit' }));
        return () => upstreams.control.clear();
      });
      return side;
    };
    const arms = armsOf(cloud).filter((arm) => arm.name.includes(named));
    return [...pages, ...(await measure(arms, await start('before'), await start('after'), rounds, say))];
  } finally {
    await cleanUp();
  }
}

async function measure(arms: readonly Arm[], before: Side, after: Side, rounds: number, say: (line: string) => void) {
  const measured = arms.map((arm) => ({ arm, pairs: [] as { before: number; after: number }[] }));
  for (let round = 1; round <= rounds; round++) {
    say(`  round ${round} of ${rounds}`);
    const sides = round % 2 === 0 ? [before, after] : [after, before];
    for (const side of sides) await side.renew();
    for (const { arm, pairs } of measured) {
      await takeTurns(arm, sides, 2 * round);
      const times = await takeTurns(arm, sides, 2 * round + 1);
      pairs.push({ before: times.get(before) ?? 0, after: times.get(after) ?? 0 });
    }
  }
  return measured.map(({ arm, pairs }): Comparison => {
    return compared(arm.name, arm.per, pairs);
  });
}

/** Has both sides do the work of an arm in slices. Gives the processor time of one row, request or task of each side. */
async function takeTurns(arm: Arm, sides: readonly Side[], turn: number): Promise<ReadonlyMap<Side, number>> {
  for (const side of sides) await arm.warm?.(side);
  const times = new Map(sides.map((side) => [side, 0]));
  for (const [slice, work] of (await arm.prepare(turn)).entries()) {
    for (const side of slice % 2 === 0 ? sides : sides.toReversed())
      times.set(side, (times.get(side) ?? 0) + (await work(side)) / arm.count);
  }
  return times;
}

/** The table that is printed, with a verdict for each arm. */
export function tableOf(comparisons: readonly Comparison[]): string[] {
  const micros = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 1 });
  return comparisons.map(
    ({ arm, per, beforeMicros, afterMicros, ratio, lowest, highest }) =>
      `  ${arm.padEnd(28)} ${micros(beforeMicros).padStart(8)} → ${micros(afterMicros).padStart(8)} µs per ${per.padEnd(8)}` +
      `ratio ${ratio.toFixed(2)} (${lowest.toFixed(2)}–${highest.toFixed(2)})  ${ratio <= mostRatio ? 'ok' : `ABOVE ${mostRatio.toFixed(2)}`}`,
  );
}

/** No exchange trades on it. */
function lastSaturday(): string {
  const now = new Date();
  const daysAgo = (now.getUTCDay() + 1) % 7;
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() - daysAgo, 15)).toISOString();
}

async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const admin = createPool({ url: serverUrl }, 1);
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  return withDatabase(serverUrl, name);
}
