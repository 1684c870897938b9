/**
 * "Expand, then contract": the schema of today with the release of before, which runs while today's is deployed and runs
 * again when that deployment is rolled back. Its functions are bundled from history. docs/operations.md has the rule.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createPool, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { stateResponseSchemas } from '../../core/contracts/state.ts';
import { knownSource } from '../../core/sources/catalogue.ts';
import { type RunningDatabase, startDatabase } from '../../localstack/database.ts';
import { ageTasks } from '../support/age-tasks.ts';
import { type CloudDouble, startCloudDouble } from '../support/bundles/cloud-double.ts';
import { bundledOfRelease, type Release, startRelease } from '../support/bundles/release.ts';
import { bundleTree, checkOut, whyNoHistory } from '../support/bundles/trees.ts';
import { notRunHere } from '../support/fault-table/not-run-here.ts';
import { startsAt } from '../support/load.ts';
import { needsHistory, previousRelease } from '../support/previous-release.ts';
import { expectStored, outcomeOf, planBlobs, releaseLoad } from '../support/release-load.ts';
import { root } from '../support/source-tree.ts';

const { commit } = previousRelease;
const missing = whyNoHistory(commit);

const blobs = releaseLoad(20);
const quarter = blobs.length / 4;
const [duringMigration = [], byFormer = [], byBoth = [], byPresent = []] = [0, 1, 2, 3].map((at) =>
  blobs.slice(at * quarter, (at + 1) * quarter),
);
/** Their workers died after they had kept the blob: only the monitor can find it. */
const lost = byBoth.filter((blob) => blob.good.length > 0).slice(0, 4);

/** Bundling and the load take half a minute of a processor that other tests use too. */
const timeLimit = 300_000;

const cleanups: (() => unknown)[] = [];
let database: RunningDatabase;
let cloud: CloudDouble;
let pool: Pool;
let former: Release;
let present: Release;

beforeAll(async () => {
  if (missing !== null) return;
  const folder = mkdtempSync(join(tmpdir(), 'quotron-releases-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const trees = {
    former: bundleTree(checkOut(commit, folder), join(folder, 'former'), bundledOfRelease),
    present: bundleTree(root, join(folder, 'present'), bundledOfRelease),
  };
  cloud = await startCloudDouble();
  cleanups.push(() => cloud.stop());
  database = await startDatabase({ dir: join(folder, 'postgres'), persistent: false, fsync: false, roles: true });
  cleanups.push(() => database.stop());
  pool = createPool({ url: database.url }, 2);
  cleanups.push(() => pool.end());
  former = await startRelease(trees.former, { database, cloud });
  cleanups.push(() => former.stop());
  present = await startRelease(trees.present, { database, cloud });
  cleanups.push(() => present.stop());
}, timeLimit);

afterAll(async () => {
  for (let next = cleanups.pop(); next; next = cleanups.pop()) await next();
});

/** What is in a queue, which then is empty. */
const waiting = (queue: string) => cloud.takeMessages(queue).map((body): unknown => JSON.parse(body));

/** Begins the attempts of blobs, the first with the first release. There is always quota: it has a test of its own. */
async function begin(some: typeof blobs, releases: readonly Release[]): Promise<void> {
  for (const [at, { message }] of some.entries()) {
    await pool.query('DELETE FROM permit');
    const { runId, part } = message;
    const [first, ...others] = at % 2 === 0 ? releases : releases.toReversed();
    const request = { op: 'beginAttempt', runId, part, worker: 'test', requests: 1 };
    expect(await first?.state(request)).toMatchObject({ go: true, attempt: 1 });
    for (const other of others) expect(await other.state(request)).toMatchObject({ go: false, why: 'leased' });
  }
}

describe('the previous release beside this one', { timeout: timeLimit }, () => {
  beforeEach((context) => {
    if (missing === null) return;
    console.log(`The previous release beside this one: not run here: ${missing}`);
    if (needsHistory) throw new Error(`not run here: ${missing}. Under CI it must run.`);
    notRunHere(context, missing);
  });

  it('a release and the one before it work on the same messages and schema, during and after a deployment [fault 40]', async () => {
    const messagesOf = (some: typeof blobs) => some.map(({ message }) => message);
    expect((await former.migrate()).at(-1)).toBe(previousRelease.lastMigration);
    // As the role that makes them when it is deployed.
    const owner = createPool({ url: database.urls.owner }, 1);
    await owner.query('SELECT maintain_quote_partitions($1)', [new Date(startsAt)]);
    await owner.end();
    await planBlobs(pool, cloud, duringMigration);
    await begin(duringMigration, [former]);

    // The schema is renewed under a release that is at work, and warm.
    expect(await former.ingest(messagesOf(duringMigration.slice(0, 1)))).toEqual([]);
    const [applied, failed] = await Promise.all([present.migrate(), former.ingest(messagesOf(duringMigration))]);
    expect(applied.length).toBeGreaterThan(0);
    expect(failed).toEqual([]);
    expect(await former.monitor(duringMigration.map(outcomeOf))).toEqual([]);

    await planBlobs(pool, cloud, [...byFormer, ...byBoth, ...byPresent]);
    await begin([...byFormer, ...byBoth, ...byPresent], [former, present]);
    const told = (some: typeof blobs) => some.filter((blob) => !lost.includes(blob));
    expect(await former.ingest(messagesOf(byFormer))).toEqual([]);
    expect(await former.monitor(byFormer.map(outcomeOf))).toEqual([]);
    const together = messagesOf(told(byBoth));
    expect(await Promise.all([former.ingest(together), present.ingest(together)])).toEqual([[], []]);
    const outcomes = told(byBoth).map(outcomeOf);
    expect(await Promise.all([former.monitor(outcomes), present.monitor(outcomes)])).toEqual([[], []]);
    expect(await present.ingest(messagesOf(byPresent))).toEqual([]);
    expect(await present.monitor(byPresent.map(outcomeOf))).toEqual([]);

    // Both judge the sources in the same minute, and find what the dead workers left.
    await ageTasks(pool);
    await Promise.all([former.tick(new Date()), present.tick(new Date())]);
    const found = waiting('ingest');
    expect(found).toEqual(expect.arrayContaining(messagesOf(lost)));
    expect(await former.ingest(found)).toEqual([]);
    expect(await present.ingest(found)).toEqual([]);

    // A deployment that is rolled back: the former release goes on, and everything is delivered once more.
    const all = messagesOf(blobs);
    const reported = waiting('outcomes');
    expect(reported.length).toBeGreaterThanOrEqual(blobs.length);
    expect(await Promise.all([former.ingest(all), present.ingest(all.toReversed())])).toEqual([[], []]);
    expect(await former.monitor(reported)).toEqual([]);
    expect(await present.monitor(reported)).toEqual([]);
    await former.tick(new Date());
    await expectStored(pool, blobs);
  });

  const permitsSchema = z.object({ permits: z.array(z.object({ id: z.string() })), why: z.string().nullable() });

  it('a release and the one before it share quota, sessions and pauses [fault 40]', async () => {
    await pool.query('DELETE FROM permit');
    await pool.query('DELETE FROM source_state');
    const { perMinute } = knownSource('yahoo').quota;
    const sourceId = 'yahoo';
    let taken = 0;
    const refusals = new Set<string | null>();
    // Twice as many as there is room for.
    for (let round = 0; round < (2 * perMinute) / 7; round++) {
      const isFormer = round % 2 === 0;
      const answer = isFormer
        ? await former.state({ op: 'reservePermits', sourceId, count: 7, purpose: 'task' })
        : await present.state({ op: 'takePermits', sourceId, count: 7, purpose: 'task' });
      const { permits, why } = permitsSchema.parse(answer);
      if (permits.length === 0) refusals.add(`${isFormer ? 'former' : 'present'}: ${why}`);
      taken += permits.length;
      if (!isFormer) continue;
      for (const { id } of permits)
        expect(await former.state({ op: 'usePermit', permitId: id })).toMatchObject({ ok: true });
    }
    expect(taken).toBe(perMinute - (perMinute % 7));
    expect([...refusals].sort()).toEqual(['former: minute_quota', 'present: minute_quota']);

    // One renews the session, the other waits for it and then has it.
    const renewal = { op: 'acquireRenewal', sourceId, ttlSeconds: 60 };
    const { token } = stateResponseSchemas.acquireRenewal.parse(await former.state(renewal));
    expect(token).not.toBeNull();
    expect(await present.state(renewal)).toMatchObject({ token: null });
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const session = { sealed: 'sealed by the former release', expiresAt };
    expect(await former.state({ op: 'putSession', sourceId, token, ...session })).toEqual({ kept: true });
    for (const release of [former, present])
      expect(await release.state({ op: 'getSession', sourceId })).toMatchObject({ session });

    await present.state({ op: 'holdSource', sourceId, seconds: 600 });
    for (const [release, op] of [
      [former, 'reservePermits'],
      [present, 'takePermits'],
    ] as const)
      expect(await release.state({ op, sourceId, count: 1, purpose: 'task' })).toMatchObject({ why: 'held' });
  });

  it('a migration that takes from the former release what it names is noticed', async () => {
    const [message] = blobs.map((blob) => blob.message);
    expect(await former.ingest([message])).toEqual([]);
    await pool.query('ALTER TABLE batch DROP CONSTRAINT batch_once');
    expect(await former.ingest([message])).toEqual([message]);
  });
});

it('says why there is no history to run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quotron-history-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim();
  expect(whyNoHistory(commit, folder)).toContain('not a git repository');
  git('init', '-q', 'whole');
  const whole = join(folder, 'whole');
  const commitIn = (message: string) => {
    git(
      '-C',
      whole,
      '-c',
      'user.name=t',
      '-c',
      'user.email=t@example.test',
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      message,
    );
    return git('-C', whole, 'rev-parse', 'HEAD');
  };
  const [first, second] = [commitIn('first'), commitIn('second')];
  git('clone', '-q', '--depth', '1', `file://${whole}`, 'shallow');
  expect(whyNoHistory(first, whole)).toBeNull();
  expect(whyNoHistory(second, join(folder, 'shallow'))).toBeNull();
  expect(whyNoHistory(first, join(folder, 'shallow'))).toContain('git fetch --unshallow');
  expect(whyNoHistory('0'.repeat(40), whole)).toContain('is not in this repository');
});
