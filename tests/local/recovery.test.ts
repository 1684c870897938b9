import { randomUUID } from 'node:crypto';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { sourceHealthSchema } from '../../core/contracts/http/operations.ts';
import { incidentSchema, recoveryAcceptedSchema, recoverySchema } from '../../core/contracts/http/recovery.ts';
import type { Tick } from '../../core/contracts/messages.ts';
import { settingNames } from '../../core/contracts/settings.ts';
import { limitReasons } from '../../core/recovery/strategy.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { emulatorOf } from '../../localstack/cloud.ts';
import { waitForRuns } from '../../localstack/cycle.ts';
import { emulatorClient } from '../../localstack/emulator.ts';
import { needsPerson, type SickFault, sickFaults } from '../support/faults.ts';
import { eventually, sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
const lambda = new LambdaClient(emulatorClient(emulatorOf(cloud)));

/**
 * Every fault of the simulator that is over by itself, and for each source its own; tests/contract has every fault of every
 * source. Those that limit a source go last: tasks that wait for its wish come back later.
 */
const chosen: Readonly<Record<string, readonly string[]>> = {
  yahoo: ['hang', 'unit', 'expired', 'echo', 'captcha'],
  'alpha-vantage': ['maintenance', 'challenge', 'expired', 'throttle', 'quota'],
  coingecko: ['500', 'malformed', 'stale', 'download', '429'],
  slickcharts: ['frozen-page', 'turnover', 'drift', 'layout', '403'],
  'demo-broker': ['loading', 'expired', 'refused'],
};

/** What a request may take: the deployed functions are told so while this file runs. Nothing else of them is changed. */
const timeoutMs = { ScrapeApi: 1_500, ScrapeBrowser: 6_000 } as const;
const usual = new Map<string, Record<string, string>>();

async function settle(output: string, environment: Record<string, string>): Promise<void> {
  const FunctionName = cloud.outputOf(`Function${output}`);
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables: environment } }));
}

beforeAll(async () => {
  // The minute's own runs would heal and hurt in between; those that the test asks for go all the same.
  await cloud.ask('/services/scheduler/stop', { method: 'POST', as: 'operate' });
  // A tick that was planning has planned once another has.
  await cloud.functions.invoke('schedule', { time: now() } satisfies Tick);
  // The emulator ends a function's workers when its settings change, and their tasks would come back minutes later.
  for (const { id } of catalogue) await withoutStragglers(id);
  for (const [output, ms] of Object.entries(timeoutMs)) {
    const FunctionName = cloud.outputOf(`Function${output}`);
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    usual.set(output, Environment?.Variables ?? {});
    await settle(output, { ...Environment?.Variables, [settingNames.upstreamTimeoutMs]: String(ms) });
  }
});
afterAll(async () => {
  await cloud.noFaults();
  for (const [output, environment] of usual) await settle(output, environment);
  lambda.destroy();
  await timePasses();
  await cloud.pool.query('UPDATE source_state SET budget_until = NULL');
  await cloud.ask('/services/scheduler/start', { method: 'POST', as: 'operate' });
});

/** Minutes, days and spacings are over, for one source or all. */
async function timePasses(source: string | null = null): Promise<void> {
  const of = `WHERE $1::text IS NULL OR source_id = $1`;
  await cloud.pool.query(`UPDATE source_state SET held_until = NULL, budget_until = NULL ${of}`, [source]);
  await cloud.pool.query(`DELETE FROM permit ${of}`, [source]);
  await cloud.pool.query(
    `UPDATE recovery SET requested_at = requested_at - interval '2 days', started_at = started_at - interval '2 days',
                         finished_at = finished_at - interval '2 days'
     WHERE finished_at > now() - interval '1 day' AND ($1::text IS NULL OR source_id = $1)`,
    [source],
  );
}

/** What else is under way of a source ends, and what waits for its wish to be over never comes back. */
async function withoutStragglers(source: string): Promise<void> {
  const open = `FROM task WHERE source_id = $1 AND finished_at IS NULL AND status <> 'planned'`;
  await eventually(`all tasks of ${source} to end or wait`, async () => {
    const busy = await cloud.rows(
      `SELECT 1 ${open} AND (waits_until IS NULL OR waits_until < now() + interval '5 seconds')`,
      [source],
    );
    return busy.length === 0 ? true : undefined;
  });
  await cloud.pool.query(`DELETE FROM task_attempt WHERE (run_id, part) IN (SELECT run_id, part ${open})`, [source]);
  const cut = await cloud.pool.query<{ run_id: string }>(`DELETE ${open} RETURNING run_id`, [source]);
  cloud.cut(cut.rows.map(({ run_id }) => run_id));
}

const now = () => new Date().toISOString();
const watch = () => cloud.functions.invoke('monitor', { time: now() } satisfies Tick);
const planned = z.object({ runs: z.array(z.string()) });

/** One driven cycle of a job: planned, scraped, ingested, judged. */
async function cycle({ source, job }: Pick<SickFault, 'source' | 'job'>): Promise<void> {
  await timePasses(source);
  const run = { sourceId: source, job, trigger: 'manual', requestId: randomUUID() } as const;
  const { runs } = planned.parse(await cloud.functions.invoke('schedule', { time: now(), run } satisfies Tick));
  await waitForRuns(cloud.pool, runs, 60_000);
  await withoutStragglers(source);
}

const healthOf = (source: string) => cloud.read(`/sources/${source}/health`, sourceHealthSchema);
const newest = async (source: string) =>
  (await cloud.read(`/recoveries?sourceId=${source}&limit=1`, z.array(recoverySchema)))[0];

/**
 * The source's automatic recovery after `before`, once it has ended. The monitor is driven until there is one: the minute's
 * own tick may have been quicker.
 */
async function automatic(source: string, before: string | undefined) {
  return eventually(
    `an automatic recovery of ${source}`,
    async () => {
      // Looked for in the database: a call of the deployed API takes a hundred times as long.
      const [found] = await cloud.rows(
        'SELECT id, finished_at FROM recovery WHERE source_id = $1 ORDER BY requested_at DESC, id LIMIT 1',
        [source],
      );
      if (found === undefined || found['id'] === before) await watch();
      else if (found['finished_at']) return newest(source);
      return undefined;
    },
    60_000,
  );
}

/**
 * Keeps automatic recoveries of a source from beginning, as one that a person asked for does: the minute's own tick, and
 * the ticks that the other sources' tests drive, look at all sources.
 */
async function notYet<T>(source: string, work: () => Promise<T>): Promise<T> {
  const id = randomUUID();
  await eventually(`no recovery of ${source} to be under way`, async () => {
    const made = await cloud.pool.query(
      `INSERT INTO recovery (id, source_id, trigger, status, requested_at, started_at, deadline_at)
       VALUES ($1, $2, 'manual', 'running', now(), now(), now() + interval '10 minutes') ON CONFLICT DO NOTHING`,
      [id, source],
    );
    return made.rowCount === 1 ? true : undefined;
  });
  try {
    return await work();
  } finally {
    await cloud.pool.query('DELETE FROM recovery WHERE id = $1', [id]);
  }
}

const openIncidents = (source: string) =>
  cloud.read(`/incidents?sourceId=${source}&status=open`, z.array(incidentSchema));

interface Line {
  readonly source: string;
  readonly fault: string;
  readonly status: string;
  readonly reason: string;
  readonly incident: string;
  readonly strategy: string;
  readonly withFaultOn: string;
  readonly withFaultOff: string;
}

async function sickAndHealed(sick: SickFault): Promise<Line> {
  const { source, fault } = sick;
  const before = (await newest(source))?.id;
  const { health, incidents } = await notYet(source, async () => {
    // What the last recovery has asked for again is over before anything is ill.
    const nothing = { sourceId: 'nobody', trigger: 'manual', requestId: randomUUID() } as const;
    await timePasses(source);
    await cloud.functions.invoke('schedule', { time: now(), run: nothing } satisfies Tick);
    await withoutStragglers(source);
    // Which selectors the last fault has left is not this one's matter.
    await cloud.pool.query(`UPDATE source_state SET selectors = 'main' WHERE source_id = $1`, [source]);
    await cloud.fault({ source, fault, on: true });
    // A login is wanted when the session has run out, and not before.
    if (fault === 'refused') await cloud.pool.query('DELETE FROM auth_session WHERE source_id = $1', [source]);
    await cycle(sick);
    await cycle(sick);
    return illOf(sick);
  });
  await timePasses(source);
  const first = await automatic(source, before);
  await cloud.fault({ source, fault, on: false });
  let healed = first;
  if (first.status !== 'verified') {
    await timePasses(source);
    healed = await automatic(source, first.id);
  }
  const over = await eventually(
    `the incidents of ${source} to be over`,
    async () => {
      await watch();
      return (await openIncidents(source)).length === 0 ? true : undefined;
    },
    10_000,
  ).catch(() => false);
  return {
    source,
    fault,
    status: health.status,
    reason: health.reason ?? '',
    incident: incidents.map((each) => each.reason).join(' '),
    strategy: first.strategy ?? '',
    withFaultOn: `${first.status} ${first.status === 'verified' ? '' : (first.reason ?? '')}`.trim(),
    withFaultOff: `${healed.status}${over ? '' : ', incident open'}`,
  };
}

/** The source's health and open incidents, once they say what they should. */
async function illOf({ source, fault, reason }: SickFault) {
  let seen = '';
  return eventually(
    `${source} to be ill of ${reason}`,
    async () => {
      const found = await healthOf(source);
      seen = `${found.status} ${found.reason}: ${found.message}; ${found.lastFailure?.message}`;
      const incidents = await openIncidents(source);
      const told = found.reason === reason && incidents.some((each) => each.reason === reason);
      return told ? { health: found, incidents } : undefined;
    },
    10_000,
  ).catch((error: unknown) => {
    throw new Error(`${source} with ${fault} is ${seen}`, { cause: error });
  });
}

function tableOf(lines: readonly Line[]): string {
  const head = { source: 'source', fault: 'fault', status: 'status', reason: 'reason', incident: 'incident' };
  const rows: Line[] = [
    { ...head, strategy: 'strategy', withFaultOn: 'recovery, fault on', withFaultOff: 'recovery, fault off' },
    ...lines,
  ];
  const columns = Object.keys(head).concat('strategy', 'withFaultOn', 'withFaultOff') as (keyof Line)[];
  return rows
    .map((row) =>
      columns
        .map((name) => row[name].padEnd(Math.max(...rows.map((each) => each[name].length))))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

describe('on the deployed cloud', () => {
  it('each fault is noticed, not healed while it lasts, and healed by itself when it is over', async () => {
    const all: Line[] = [];
    const sources = await Promise.allSettled(
      catalogue.map(async ({ id, jobs }) => {
        const faults = (chosen[id] ?? []).flatMap(
          (name) => sickFaults.find((each) => each.source === id && each.fault === name) ?? [],
        );
        // All of it is well at first: what earlier tests have broken is healed by a success of each job.
        for (const job of jobs) await cycle({ source: id, job: job.id });
        for (const sick of faults) all.push(await sickAndHealed(sick));
      }),
    );
    all.sort((a, b) => a.source.localeCompare(b.source));
    console.log(`\n${tableOf(all)}\n`);
    expect(sources.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))).toEqual([]);
    const overByItself = sickFaults.map((each) => each.fault).filter((fault) => !needsPerson.includes(fault));
    expect(new Set(all.map((line) => line.fault))).toEqual(new Set(overByItself));
    for (const line of all) {
      const { reason } = sickFaults.find((each) => each.source === line.source && each.fault === line.fault) ?? {};
      const what = `${line.source} ${line.fault}`;
      expect(line.reason, what).toBe(reason);
      // A run that begins just before the source is on hold ends as one on hold.
      if (reason && limitReasons.has(reason)) expect(line.incident.split(' '), what).toContain(reason);
      else expect(line.incident, what).toBe(reason);
      expect(reason && limitReasons.has(reason) ? ['limited'] : ['degraded', 'failed'], what).toContain(line.status);
      // Who has a healthy fallback is helped by it meanwhile, and is not verified by that.
      const helped = catalogue.find((each) => each.id === line.source)?.fallbacks.length ? `mitigated ${reason}` : '';
      const expected = line.fault === 'layout' ? ['verified'] : [`failed ${reason}`, helped];
      expect(expected, what).toContain(line.withFaultOn);
      expect(line.withFaultOff, what).toBe('verified');
    }
  }, 400_000);

  it('a person recovers a source, and the steps are seen as they happen', async () => {
    await timePasses();
    const { id } = await cloud.read('/sources/yahoo/recover', recoveryAcceptedSchema, {
      method: 'POST',
      as: 'operate',
    });
    const ended = await eventually('the recovery to end', async () => {
      const seen = await cloud.read(`/recoveries/${id}`, recoverySchema);
      return seen.finishedAt ? seen : undefined;
    });
    expect(ended).toMatchObject({ status: 'verified', trigger: 'manual' });
    expect(ended.steps.at(-1)).toMatchObject({ name: 'canary', status: 'done' });
  });

  it('the proxy is flushed, and verified by its next heartbeat', async () => {
    const { id } = await cloud.read('/sources/yahoo-proxy/recover', recoveryAcceptedSchema, {
      method: 'POST',
      as: 'operate',
    });
    const ended = await eventually('the recovery to end', async () => {
      const seen = await cloud.read(`/recoveries/${id}`, recoverySchema);
      if (seen.steps.some((step) => step.name === 'heartbeat')) await cloud.functions.invoke('yahoo-proxy', {});
      return seen.finishedAt ? seen : undefined;
    });
    expect(ended).toMatchObject({ status: 'verified', sourceId: 'yahoo-proxy' });
  });
});
