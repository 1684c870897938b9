import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunReason } from '../../../core/contracts/words/run-reasons.ts';
import {
  findingOf,
  type HealthFindings,
  type JudgedJob,
  latencyOf,
  scoreOf,
  sourceHealth,
  successOf,
  weights,
} from '../../../core/health/score.ts';
import type { EndedTask } from '../../../core/health/source-facts.ts';
import { bad, good, times } from '../../support/ended-tasks.ts';

const minute = 60_000;
const job = (tasks: EndedTask[], more: Partial<JudgedJob> = {}): JudgedJob => ({
  id: 'quotes',
  periodMs: minute,
  tasks: tasks.map((task) => ({ ...task, job: more.id ?? 'quotes' })),
  freshness: null,
  ...more,
});
/** Every failure is taken to be an open incident unless `open` says which are. */
const health = (jobs: JudgedJob[], more: Partial<HealthFindings> & { open?: RunReason[] } = {}) =>
  sourceHealth({
    jobs,
    openReasons: new Set(more.open ?? jobs.flatMap((each) => (each.tasks[0]?.ok ? [] : (each.tasks[0]?.reason ?? [])))),
    recoveredAt: null,
    findings: jobs.flatMap((each) => findingOf(each) ?? []),
    paused: false,
    unasked: null,
    quotaLeft: 1,
    ...more,
  });
const bars = (tasks: EndedTask[]) => job(tasks, { id: 'bars', periodMs: 360 * minute });

describe('status', () => {
  it('is unknown, without a score, before the first run', () => {
    expect(health([job([])])).toMatchObject({ status: 'unknown', reason: null, score: null });
  });

  it('is healthy at 100 when all is well', () => {
    const parts = { success: 1, freshness: null, accepted: 1, latency: 1, quota: 1 };
    expect(health([job(times(20, good))])).toEqual({
      status: 'healthy',
      reason: null,
      detail: null,
      message: null,
      score: 100,
      parts,
    });
  });

  it('is degraded by one failure, failed by two runs in a row', () => {
    expect(health([job([bad('down'), ...times(19, good)])])).toMatchObject({
      status: 'degraded',
      reason: 'down',
      message: 'It is down.',
    });
    expect(health([job([bad('down'), bad('timeout'), ...times(18, good)])])).toMatchObject({
      status: 'failed',
      reason: 'down',
    });
  });

  it('counts runs, not the parts of one', () => {
    const parts = [0, 1, 2].map((part) => bad('down', { part, runId: '7b2f6c8e-1111-5111-8111-111111111111' }));
    expect(health([job([...parts, good()])]).status).toBe('degraded');
  });

  it('is failed when it never succeeded', () => {
    expect(health([job([bad('schema_drift')])])).toMatchObject({ status: 'failed', reason: 'schema_drift' });
  });

  it('is degraded when only its rarer job fails, failed when all do', () => {
    const failing = () => bars([bad('schema_drift'), bad('schema_drift')]);
    expect(health([job(times(5, good)), failing()])).toMatchObject({ status: 'degraded', reason: 'schema_drift' });
    expect(health([job([bad('down'), bad('down')]), failing()]).status).toBe('failed');
  });

  it('is limited, not failed, when the source says it was asked too much', () => {
    expect(health([job(times(5, () => bad('rate_limited')))])).toMatchObject({
      status: 'limited',
      reason: 'rate_limited',
      score: 11,
    });
    expect(health([job([bad('quota_exhausted')]), bars([bad('down'), bad('down')])]).status).toBe('degraded');
  });

  it('does not hold a failure against it that a verified recovery has ended', () => {
    const failing = [job([bad('down', { endedAt: 5_000 }), bad('down'), good()])];
    expect(health(failing, { open: [], recoveredAt: 5_000 }).status).toBe('healthy');
    expect(health(failing, { open: [], recoveredAt: 4_000 }).status).toBe('failed');
    expect(health(failing, { open: ['down'], recoveredAt: 5_000 }).status).toBe('failed');
  });

  it('is degraded while an incident is open, though the newest task succeeded', () => {
    expect(health([job([good(), bad('down')])], { open: ['down'] })).toMatchObject({
      status: 'degraded',
      reason: 'down',
    });
  });

  it('is degraded when it fails again and again', () => {
    const flapping = [good(), good(), bad('timeout'), good(), bad('timeout'), good(), bad('down'), good()];
    expect(health([job(flapping)])).toMatchObject({ status: 'degraded', reason: 'timeout' });
    expect(health([job([...times(10, good), ...flapping])]).status).toBe('healthy');
  });

  it('is failed as stale when less than half of the listings are fresh, degraded under nine tenths', () => {
    const fresh = (share: number) => job(times(5, good), { freshness: { job: 'quotes', share, judged: 100 } });
    expect(health([fresh(0.49)])).toMatchObject({ status: 'failed', reason: 'stale' });
    expect(health([fresh(0.5)])).toMatchObject({ status: 'degraded', reason: 'stale' });
    expect(health([fresh(0.89)])).toMatchObject({ status: 'degraded', reason: 'stale' });
    expect(health([fresh(0.9)]).status).toBe('healthy');
  });

  it('names the failure, and not the old data that follow from it', () => {
    const failing = job([bad('down'), bad('down')], { freshness: { job: 'quotes', share: 0, judged: 10 } });
    expect(health([failing])).toMatchObject({ status: 'failed', reason: 'down' });
  });

  it('is degraded by rows in quarantine, from a fifth of them on with a finding', () => {
    const rows = (rejected: number) => job([good({ accepted: 100 - rejected, rejected })]);
    expect(health([rows(5)]).status).toBe('healthy');
    expect(health([rows(6)])).toMatchObject({ status: 'degraded', reason: 'schema_drift' });
    expect(findingOf(rows(20))).toBeNull();
    expect(findingOf(rows(21))).toMatchObject({ reason: 'schema_drift', job: 'quotes' });
  });

  it('is degraded when it answers three times as slowly as its slow answers used to be', () => {
    const slow = (latencyMs: number) =>
      job([...times(5, () => good({ latencyMs })), ...times(20, () => good({ latencyMs: 300 }))]);
    expect(health([slow(890)]).status).toBe('healthy');
    expect(health([slow(910)])).toMatchObject({ status: 'degraded', reason: null });
  });

  it('is paused when a person wants it, and unknown when nobody asks it, whatever came before', () => {
    const failing = [job(times(5, () => bad('down')))];
    expect(health(failing, { paused: true })).toMatchObject({ status: 'paused', reason: null });
    const unasked = { detail: { code: 'runs_unplanned' }, message: 'The scheduler is stopped.' } as const;
    expect(health(failing, { unasked })).toMatchObject({
      status: 'unknown',
      reason: null,
      ...unasked,
    });
  });
});

describe('parts and score', () => {
  it('weigh the newest task most', () => {
    expect(successOf([bad('down'), good()])).toBeLessThan(0.5);
    expect(successOf([good(), bad('down')])).toBeGreaterThan(0.5);
  });

  it('take the least of the jobs for freshness and rows, the mean for success', () => {
    const { parts } = health([
      job([good()], { freshness: { job: 'quotes', share: 1, judged: 9 } }),
      job([good({ accepted: 1, rejected: 1 })], {
        id: 'bars',
        freshness: { job: 'bars', share: 0.75, judged: 4 },
      }),
      job([bad('no_data')], { id: 'more' }),
    ]);
    expect(parts).toMatchObject({ freshness: 0.75, accepted: 0.5 });
    expect(parts.success).toBeCloseTo(2 / 3);
  });

  it('know no latency before there is something to compare with', () => {
    expect(latencyOf(times(14, good))).toBeNull();
    expect(latencyOf(times(15, good))).toBe(1);
    expect(latencyOf([...times(5, () => good({ latencyMs: 5000, requests: 10 })), ...times(10, good)])).toBe(0.75);
    expect(latencyOf([...times(5, () => good({ latencyMs: 60_000 })), ...times(10, good)])).toBe(0);
  });

  it('leave out what cannot be judged, and count the quota only when a fifth is left', () => {
    const none = { freshness: null, accepted: null, latency: null };
    expect(scoreOf({ success: 1, ...none, quota: 0.2 })).toBe(100);
    expect(scoreOf({ success: 1, ...none, quota: 0 })).toBe(Math.round((100 * 0.4) / 0.45));
    expect(scoreOf({ success: null, ...none, quota: 1 })).toBeNull();
  });

  it('weigh one together', () => {
    expect(Object.values(weights).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1);
  });

  it('never let a sick source look well', () => {
    const score = (tasks: EndedTask[]) => health([job(tasks)]).score;
    expect(score([bad('down'), bad('down'), ...times(18, good)])).toBe(39);
    expect(score([bad('down'), ...times(19, good)])).toBeLessThanOrEqual(79);
  });
});

describe('for any history', () => {
  const task = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ accepted: fc.nat(50), rejected: fc.nat(5), latencyMs: fc.nat(9000) }).map(good),
    },
    fc
      .constantFrom<RunReason>('down', 'timeout', 'rate_limited', 'schema_drift', 'not_found')
      .map((reason) => bad(reason)),
  );
  const share = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null });

  it('score and parts stay in their range, and a score is there exactly when something ran', () => {
    fc.assert(
      fc.property(
        fc.array(task, { maxLength: 60 }),
        share,
        fc.double({ min: -1, max: 1, noNaN: true }),
        (tasks, fresh, quotaLeft) => {
          const freshness = fresh === null ? null : { job: 'quotes', share: fresh, judged: 7 };
          const { score, parts, status } = health([job(tasks, { freshness })], { quotaLeft });
          for (const part of Object.values(parts)) expect(part === null || (part >= 0 && part <= 1)).toBe(true);
          expect(score === null).toBe(tasks.length === 0);
          if (score !== null) expect(score >= 0 && score <= 100 && Number.isInteger(score)).toBe(true);
          if (status === 'failed') expect(score).toBeLessThanOrEqual(39);
        },
      ),
    );
  });

  it('a success more never lowers success, a failure more never raises it', () => {
    fc.assert(
      fc.property(fc.array(task, { maxLength: 60 }), (tasks) => {
        const before = successOf(tasks);
        expect(successOf([good(), ...tasks])).toBeGreaterThanOrEqual(before);
        expect(successOf([bad('down'), ...tasks])).toBeLessThanOrEqual(before);
      }),
    );
  });

  it('a newest task that failed is never healthy', () => {
    fc.assert(
      fc.property(fc.array(task, { maxLength: 30 }), (tasks) => {
        expect(health([job([bad('blocked'), ...tasks])]).status).not.toBe('healthy');
      }),
    );
  });
});
