import { describe, expect, it } from 'vitest';
import { calendarOf } from '../../../core/market/calendar.ts';
import { canaryJob, failedStep, noOutcome, noPermit, oldestProof, proofOf } from '../../../core/recovery/proof.ts';
import { sourceOf } from '../../../core/sources/catalogue.ts';

const now = Date.UTC(2026, 10, 20, 15);
const hour = 3600_000;

const yahoo = sourceOf('yahoo');
const slickcharts = sourceOf('slickcharts');
if (!yahoo || !slickcharts) throw new Error('The catalogue lacks a source of these tests.');
const jobOf = (id: string) => {
  const job = yahoo.jobs.find((each) => each.id === id);
  if (!job) throw new Error(`Yahoo has no job ${id}.`);
  return job;
};

describe('what a canary proves', () => {
  const good = { succeeded: true, failure: null, accepted: 1, newestAsOf: now };

  it('that the source works: an accepted row, no older than the calendar expects', () => {
    expect(proofOf(good, now)).toEqual({ verified: true });
  });

  it('nothing, when it failed, brought nothing, or brought something old', () => {
    const failure = { reason: 'blocked', detail: { code: 'bot_challenge' }, message: 'A challenge.' } as const;
    expect(proofOf({ ...good, succeeded: false, failure }, now)).toEqual({ verified: false, failure });
    expect(proofOf({ ...good, succeeded: false }, now)).toMatchObject({ failure: { reason: 'unexplained' } });
    expect(proofOf({ ...good, accepted: 0, newestAsOf: null }, now)).toMatchObject({ failure: { reason: 'no_data' } });
    expect(proofOf({ ...good, newestAsOf: now - 1 }, now)).toMatchObject({
      failure: { reason: 'stale', detail: { code: 'canary_old', newest: '2026-11-20T14:59:59Z' } },
    });
  });
});

describe('the job of a canary', () => {
  it('is the one that fails', () => {
    expect(canaryJob(yahoo, 'daily-bars')?.id).toBe('daily-bars');
  });

  it('is the quotes where none fails, or where the failing job is no longer in the catalogue', () => {
    expect(canaryJob(yahoo, null)?.id).toBe('quotes');
    expect(canaryJob(yahoo, 'gone')?.id).toBe('quotes');
  });

  it('is the first one of a source without quotes', () => {
    expect(canaryJob(slickcharts, null)).toBe(slickcharts.jobs[0]);
  });
});

describe('the oldest row that is proof', () => {
  const nyse = calendarOf('XNYS') ?? null;
  /** Sunday. */
  const sunday = Date.UTC(2026, 10, 22, 18);

  it("is on Sunday one of Friday's last half-hour", () => {
    expect(new Date(oldestProof(jobOf('quotes'), nyse, sunday, hour / 2)).toISOString()).toBe(
      '2026-11-20T20:30:00.000Z',
    );
  });

  it('is for bars a day before the opening of the expected session: a daily bar has the time of its day', () => {
    expect(new Date(oldestProof(jobOf('daily-bars'), nyse, sunday, hour / 2)).toISOString()).toBe(
      '2026-11-19T14:30:00.000Z',
    );
  });

  it('is the tolerance ago where trading never stops, and a day more for bars', () => {
    expect(oldestProof(jobOf('quotes'), null, sunday, hour)).toBe(sunday - hour);
    expect(oldestProof(jobOf('daily-bars'), null, sunday, hour)).toBe(sunday - 25 * hour);
  });
});

describe('a canary without an outcome', () => {
  const refusal = { why: 'day_quota', seconds: 7_200 } as const;

  it('failed at the limit that the source was at, or else at the one that it meets', () => {
    expect(noPermit({ reason: 'rate_limited' }, refusal).reason).toBe('rate_limited');
    expect(noPermit({ reason: 'down' }, refusal)).toMatchObject({
      reason: 'quota_exhausted',
      detail: { code: 'day_quota', seconds: 7_200 },
    });
    expect(noPermit({ reason: null }, { ...refusal, why: 'held' }).reason).toBe('rate_limited');
    expect(noOutcome({ reason: 'quota_exhausted' }, 30).reason).toBe('quota_exhausted');
    expect(noOutcome({ reason: 'down' }, 30).reason).toBe('rate_limited');
  });

  it('is a timeout where it waits for nothing', () => {
    expect(noOutcome({ reason: 'rate_limited' }, 0).reason).toBe('timeout');
  });
});

it('a failed step has its failure as data, and in words with what was kept', () => {
  const failure = { reason: 'blocked', detail: { code: 'bot_challenge' }, message: 'A challenge: 403.' } as const;
  expect(failedStep(failure, 'Kept: a/page.html')).toEqual({
    status: 'failed',
    failure,
    detail: 'blocked: A challenge: 403. Kept: a/page.html',
  });
});
