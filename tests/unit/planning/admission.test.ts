import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { triggers } from '../../../core/contracts/words/triggers.ts';
import { trialMs } from '../../../core/health/breaker.ts';
import {
  type AttemptFacts,
  decideAttempt,
  placeInLine,
  refuseTask,
  type TaskFacts,
} from '../../../core/planning/admission.ts';
import { type LedgerFacts, minuteSeconds, permitSeconds } from '../../../core/planning/permits.ts';

const now = Date.parse('2026-11-24T16:00:00Z');
const task: TaskFacts = {
  runId: 'run',
  attempt: 2,
  settled: false,
  leaseUntil: null,
  trigger: 'schedule',
  backfill: false,
  scrapersRunning: true,
};
const ledger: LedgerFacts = {
  now,
  minuteUses: [],
  usedToday: 0,
  reserved: 0,
  promised: 0,
  promisedToAttempt: 0,
  lastBegin: null,
  heldUntil: null,
  budget: null,
};
const quota = { perMinute: 10, perDay: 100 };
const facts: AttemptFacts = {
  now,
  task,
  requests: 4,
  source: { quota },
  sourceBusy: false,
  breaker: null,
  ledger,
  loginDue: false,
};
const full = Array.from({ length: 10 }, () => now - 57_000);
const backfill: TaskFacts = { ...task, trigger: 'backfill', backfill: true };
const decide = (other: Partial<AttemptFacts>) => decideAttempt({ ...facts, ...other });

describe('a task', () => {
  it.each([
    ['is free', {}, null],
    ['has its outcome', { settled: true }, { why: 'finished', retryAfterSeconds: 0, waitsAs: null }],
    ['is held by another', { leaseUntil: now + 1_001 }, { why: 'leased', retryAfterSeconds: 2, waitsAs: null }],
    ['was held by one that died', { leaseUntil: now }, null],
    [
      'waits for the scrapers',
      { scrapersRunning: false },
      { why: 'stopped', retryAfterSeconds: 60, waitsAs: 'queued' },
    ],
  ] as const)('that %s', (_what, other, expected) => {
    expect(refuseTask({ ...task, ...other }, now)).toEqual(expected && { begins: false, attempt: 2, ...expected });
  });

  it('begins as its next attempt, with the permit for its first request and the others promised', () => {
    expect(decide({})).toEqual({
      begins: true,
      attempt: 3,
      trial: false,
      trialUntil: undefined,
      dayUsedUp: false,
      purpose: 'task',
      permit: { notBefore: now, expiresAt: now + permitSeconds * 1000 },
      promised: 3,
    });
  });

  it('begins without a permit where a login comes first, if there is room for its requests', () => {
    expect(decide({ loginDue: true })).toMatchObject({ begins: true, permit: null, promised: 0 });
    expect(decide({ loginDue: true, ledger: { ...ledger, minuteUses: full } })).toMatchObject({ why: 'quota_minute' });
  });

  it('draws on the quota of its purpose', () => {
    expect(decide({ task: { ...task, trigger: 'canary' } })).toMatchObject({ purpose: 'canary' });
    expect(decide({ task: backfill })).toMatchObject({ purpose: 'backfill' });
  });

  it.each([
    ['its source’s one worker is busy', { sourceBusy: true, source: { quota, oneWorker: true } }, 'leased', 10],
    ['the source wants a pause', { ledger: { ...ledger, heldUntil: now + 90_000 } }, 'held', 90],
    ['the minute is used up', { ledger: { ...ledger, minuteUses: full } }, 'quota_minute', minuteSeconds - 57],
    [
      'others stand in line for the gap',
      { source: { quota: { ...quota, gapMs: 1_000 } }, ledger: { ...ledger, lastBegin: now + 10_000 } },
      'quota_minute',
      11,
    ],
    ['the breaker is open', { breaker: { until: now + 30_000, runId: 'other' } }, 'held', 30],
    ['the breaker’s trial is another run', { breaker: { until: now + trialMs * 10, runId: 'other' } }, 'held', 900],
  ] as const)('waits in its queue while %s', (_why, other, why, retryAfterSeconds) => {
    expect(decide(other)).toMatchObject({ begins: false, why, attempt: 2, retryAfterSeconds, waitsAs: 'queued' });
  });

  it('of a busy source that takes several workers begins', () => {
    expect(decide({ sourceBusy: true })).toMatchObject({ begins: true });
  });

  it('is recorded and ends when the day is used up', () => {
    const usedUp = { ...ledger, usedToday: 97 };
    expect(decide({ ledger: usedUp })).toMatchObject({ begins: true, attempt: 3, dayUsedUp: true, permit: null });
    expect(decide({ source: undefined })).toMatchObject({ begins: true, dayUsedUp: true, permit: null });
  });

  it.each([
    ['the minute', { ledger: { ...ledger, minuteUses: full.slice(0, 5) } }],
    ['the day', { ledger: { ...ledger, usedToday: 50 } }],
    ['a pause', { ledger: { ...ledger, heldUntil: now + 1_000 } }],
    ['the breaker', { breaker: { until: null, runId: null } }],
  ])('of a backfill goes back to the planner for %s', (_why, other) => {
    expect(decide({ ...other, task: backfill })).toMatchObject({ begins: false, why: 'postponed', waitsAs: 'planned' });
  });
});

describe('a breaker that is not closed', () => {
  const past = { until: now, runId: 'other' };
  it('lets the first run pass after its time, as the trial', () => {
    expect(decide({ breaker: past })).toMatchObject({ begins: true, trial: true, trialUntil: now + trialMs });
    expect(decide({ breaker: { until: null, runId: null } })).toMatchObject({ trial: true, trialUntil: now + trialMs });
  });

  it('lets its trial pass, whose time stays', () => {
    const until = now + 5_000;
    expect(decide({ breaker: { until, runId: 'run' } })).toMatchObject({
      begins: true,
      trial: true,
      trialUntil: until,
    });
  });

  it('lets pass what a person asked for and canaries, and stays as it is', () => {
    for (const trigger of ['manual', 'canary'] as const) {
      const decision = decide({ breaker: { until: now + 1_000, runId: 'other' }, task: { ...task, trigger } });
      expect(decision).toMatchObject({ begins: true, trial: true });
      expect(decision.trialUntil).toBeUndefined();
    }
  });

  it('has its trial though the quota lets it wait', () => {
    const waiting = decide({ breaker: past, ledger: { ...ledger, minuteUses: full } });
    expect(waiting).toMatchObject({ begins: false, why: 'quota_minute', trialUntil: now + trialMs });
  });
});

describe('a line of parts that wait', () => {
  it('moves as fast as the planned share of the minute', () => {
    expect([0, 1, 2, 3, 8].map((ahead) => placeInLine(5, ahead, 5, { perMinute: 20, perDay: 1 }))).toEqual(
      [0, 0, 0, 1, 2].map((minutes) => 5 + minutes * minuteSeconds),
    );
    expect(placeInLine(5, 10_000, 1, quota)).toBe(840);
  });
});

it('whatever the facts, a task begins within the quota or waits for a reason, never both', () => {
  const instant = fc.integer({ min: now - 200_000, max: now + 2_000_000 });
  const some = fc.record({
    sourceBusy: fc.boolean(),
    loginDue: fc.boolean(),
    requests: fc.integer({ min: 1, max: 12 }),
    breaker: fc.option(fc.record({ until: fc.option(instant), runId: fc.option(fc.constantFrom('run', 'other')) })),
    source: fc.constantFrom({ quota }, { quota, oneWorker: true }, { quota: { ...quota, gapMs: 1_200 } }, undefined),
    task: fc.record({ trigger: fc.constantFrom(...triggers), backfill: fc.boolean() }),
    ledger: fc.record({
      minuteUses: fc.array(fc.integer({ min: now - minuteSeconds * 1000 + 1, max: now }), { maxLength: 14 }),
      usedToday: fc.integer({ min: 0, max: 110 }),
      promised: fc.integer({ min: 0, max: 12 }),
      heldUntil: fc.option(instant),
      lastBegin: fc.option(fc.integer({ min: now - 5_000, max: now + 20_000 })),
    }),
  });
  fc.assert(
    fc.property(some, (other) => {
      const decision = decideAttempt({
        ...facts,
        ...other,
        task: { ...task, ...other.task },
        ledger: { ...ledger, ...other.ledger, minuteUses: other.ledger.minuteUses.toSorted((a, b) => a - b) },
      });
      if (!decision.begins) {
        expect(decision.attempt).toBe(task.attempt);
        if (other.source) expect(decision.retryAfterSeconds).toBeGreaterThan(0);
        expect(decision.waitsAs).toBe(decision.why === 'postponed' ? 'planned' : 'queued');
        return;
      }
      expect(decision.attempt).toBe(task.attempt + 1);
      expect(decision.trial).toBe(other.breaker !== null);
      if (decision.permit === null) return;
      expect(decision.promised).toBe(other.requests - 1);
      const used = other.ledger.minuteUses.length + other.ledger.promised + other.requests;
      expect(used).toBeLessThanOrEqual(quota.perMinute);
      expect(other.ledger.heldUntil ?? 0).toBeLessThanOrEqual(now);
    }),
    { numRuns: 1_000 },
  );
});
