import { describe, expect, it } from 'vitest';
import { sourceHealthSchema } from '../../core/contracts/http/operations.ts';
import { recoveryAcceptedSchema, recoverySchema } from '../../core/contracts/http/recovery.ts';
import { limitReasons } from '../../core/recovery/strategy.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { drivenCloud } from '../support/driven-cloud.ts';
import { needsPerson, type SickFault, sickFaults } from '../support/faults.ts';
import { eventually, sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
const { timePasses, quiet, cycle, automatic, notYet, watch, newest, openIncidents } = drivenCloud(cloud);

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

const healthOf = (source: string) => cloud.read(`/sources/${source}/health`, sourceHealthSchema);

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
    await quiet(source);
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
