import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { diagnosisItemSchema, diagnosisViewSchema, noteBelow } from '../../core/contracts/http/diagnostics.ts';
import { sourceHealthSchema } from '../../core/contracts/http/operations.ts';
import { causeMeanings, causeWords } from '../../core/contracts/words/causes.ts';
import { isUnhealthy } from '../../core/contracts/words/health-status.ts';
import { limitReasons } from '../../core/recovery/strategy.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { root } from '../../localstack/state-folder.ts';
import { node } from '../support/cli-process.ts';
import { drivenCloud } from '../support/driven-cloud.ts';
import { type DayFault, faultsOfTheDay, Transcript } from '../support/operators-day.ts';
import { eventually, sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
const { cycle, quiet, timePasses, notYet, watch, openIncidents } = drivenCloud(cloud, { scheduled: true });
const folder = mkdtempSync(join(tmpdir(), 'quotron-day-'));
const transcript = new Transcript();
/** `whole` has all faults, and takes some ten minutes. */
const whole = process.env['QUOTRON_DAY'] === 'whole';
const file = process.env['QUOTRON_DAY_FILE'] ?? join(root, '.quotron', 'operators-day.txt');

beforeAll(async () => {
  await cloud.noFaults();
  // What earlier tests have broken is healed by a success of each job.
  for (const { id, jobs } of catalogue) for (const job of jobs) await cycle({ source: id, job: job.id });
  await watch();
}, 300_000);
afterAll(async () => {
  await cloud.noFaults();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, transcript.text());
  rmSync(folder, { recursive: true, force: true });
});

/** The command as a person starts it; what it says goes into the transcript. */
async function quotron(...args: string[]) {
  const child = spawn(node, [join(root, 'cli', 'quotron.ts'), ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], QUOTRON_STATE_DIR: cloud.folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  transcript.said(`quotron ${args.join(' ')} (exit ${code})`, said);
  return { code, said };
}

const healthOf = (source: string) => cloud.read(`/sources/${source}/health`, sourceHealthSchema);

/** What the API says of a source: the words of its card. */
async function cardOf(source: string) {
  const health = await healthOf(source);
  const { status, reason, cause, message, score, heldUntil, login } = health;
  transcript.said(
    `GET /sources/${source}/health`,
    [
      `${status}, score ${score}${reason === null ? '' : `, ${reason}`}${cause === null ? '' : `: ${causeMeanings[cause]}`}`,
      ...(message === null ? [] : [message]),
      ...(heldUntil === null ? [] : [`No requests until ${heldUntil}.`]),
      ...(login === null ? [] : [`Login: ${login.hint}`]),
    ].join('\n'),
  );
  return health;
}

async function incidentsOf(source: string) {
  const incidents = await openIncidents(source);
  transcript.said(
    `GET /incidents?sourceId=${source}&status=open`,
    incidents
      .map(({ reason, cause, count }) => `${reason}, ${count} times: ${cause && causeMeanings[cause]}`)
      .join('\n') || 'none',
  );
  return incidents;
}

/** The report as `quotron diagnose` prints it, and as data. */
async function report() {
  const { code, said } = await quotron('diagnose', '--output', '-');
  const [newest] = await cloud.read('/diagnostics?limit=1', z.array(diagnosisItemSchema));
  const data = await cloud.read(`/diagnostics/${newest?.id}`, diagnosisViewSchema, {
    headers: { accept: 'application/json' },
  });
  return { code, said, data };
}

async function sick(fault: DayFault): Promise<void> {
  const { source, reason, cause, rule } = fault;
  transcript.heading(`${source}: ${fault.fault} is on`);
  await quiet(source);
  await cloud.pool.query(`UPDATE source_state SET selectors = 'main' WHERE source_id = $1`, [source]);
  await cloud.fault({ source, fault: fault.fault, on: true });
  // A login is wanted when the session has run out, and not before.
  if (fault.fault === 'refused') await cloud.pool.query('DELETE FROM auth_session WHERE source_id = $1', [source]);
  await cycle(fault);
  await cycle(fault);
  await eventually(`${source} to be ill of ${reason}`, async () =>
    (await healthOf(source)).reason === reason ? true : undefined,
  );

  const card = await cardOf(source);
  expect(card).toMatchObject({ reason, cause });
  expect(limitReasons.has(reason) ? ['limited'] : ['degraded', 'failed']).toContain(card.status);
  const incidents = await incidentsOf(source);
  expect(incidents.map((each) => [each.reason, each.cause])).toEqual([[reason, cause]]);

  const health = await quotron('health', source);
  expect(health.code).toBe(isUnhealthy(card.status) ? 1 : 0);
  expect(health.said).toContain(causeMeanings[cause]);
  const status = await quotron('status');
  expect(status.code).toBe(1);
  const told = await quotron('incidents', '--source', source);
  expect(told.said).toContain(causeWords[cause]);

  const { data, said } = await report();
  const faults = data.findings.filter(({ effect, rule: each }) => effect >= noteBelow || each === rule);
  expect(faults.map(({ sources, rule: each }) => `${sources.join('+')}: ${each}`)).toEqual([`${source}: ${rule}`]);
  expect(data.findings.find((each) => each.rule === rule)).toMatchObject({
    explained: true,
    reasons: expect.any(Array),
  });
  expect(data.sources.find(({ id }) => id === source)).toMatchObject({ status: card.status, reason });
  for (const { title, cause: why } of faults) {
    expect(said).toContain(`### ${title}`);
    expect(said).toContain(why);
  }
}

async function healed({ source, fault, job }: DayFault): Promise<void> {
  transcript.heading(`${source}: ${fault} is off`);
  await cloud.fault({ source, fault, on: false });
  await timePasses(source);
  const recovered = await quotron('recover', source, '--wait');
  expect(recovered.code).toBe(0);
  let seen: unknown;
  // A run of the minute's own that met the fault may be judged after the one that went well: the next one heals.
  await eventually(
    () => `${source} to be well; it is ${JSON.stringify(seen)}`,
    async () => {
      await cycle({ source, job });
      await watch();
      const { status, reason, message, heldUntil, login } = await healthOf(source);
      const incidents = await openIncidents(source);
      seen = { status, reason, message, heldUntil, login, incidents };
      return status === 'healthy' && incidents.length === 0 ? true : undefined;
    },
    120_000,
  );
  expect(await cardOf(source)).toMatchObject({ status: 'healthy', reason: null, cause: null });
  expect(await incidentsOf(source)).toEqual([]);
  expect((await quotron('health', source)).code).toBe(0);
  const { data } = await report();
  expect(data.findings.filter(({ sources, effect }) => sources.includes(source) && effect >= noteBelow)).toEqual([]);
}

describe('an operator’s day on the deployed cloud', () => {
  it('begins with everything well', async () => {
    transcript.heading('The day begins');
    expect((await quotron('status')).code).toBe(0);
    expect((await quotron('health')).code).toBe(0);
    expect((await quotron('recover', '--failing', '--wait')).code).toBe(0);
    const { data } = await report();
    expect(data.findings.filter(({ effect }) => effect >= noteBelow)).toEqual([]);
  });

  it.each(faultsOfTheDay(whole))(
    '$source $fault is told as $reason, $cause and $rule wherever one looks, and over when it is',
    async (fault) => {
      await notYet(fault.source, () => sick(fault));
      await healed(fault);
    },
    360_000,
  );

  it('a stopped service is told as such, and its silence is no fault of the sources', async () => {
    transcript.heading('The scrapers are stopped');
    expect((await quotron('stop', 'scrapers')).code).toBe(0);
    const status = await quotron('status');
    expect(status.code).toBe(1);
    expect((await quotron('health')).code).toBe(1);
    const { data } = await report();
    expect(data.findings[0]).toMatchObject({ rule: 'service-stopped', explained: true });
    expect(data.findings.filter(({ effect, rule }) => effect >= noteBelow && rule !== 'service-stopped')).toEqual([]);
    transcript.heading('The scrapers are started');
    expect((await quotron('start', 'scrapers')).code).toBe(0);
    expect((await quotron('status')).said).not.toContain('stopped');
  }, 360_000);
});
