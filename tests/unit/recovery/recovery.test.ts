import { describe, expect, it } from 'vitest';
import { runReasons } from '../../../core/contracts/words/run-reasons.ts';
import {
  heldFor,
  leastSpacingMs,
  mostADay,
  mostSpacingMs,
  type PastRecovery,
  proofOf,
  type RecoveryFacts,
  recoveryDue,
  spacingMs,
} from '../../../core/recovery/due.ts';
import {
  budgetUntil,
  limitReasons,
  loweredBudget,
  recoveryKinds,
  strategies,
  strategyFor,
} from '../../../core/recovery/strategy.ts';

const now = Date.UTC(2026, 10, 20, 15);
const minute = 60_000;
const hour = 60 * minute;

const failing: RecoveryFacts = {
  status: 'failed',
  failuresInARow: 3,
  paused: false,
  locked: false,
  openIncidents: 1,
  heldUntil: null,
  past: [],
};
const past = (status: PastRecovery['status'], minutesAgo: number, trigger: PastRecovery['trigger'] = 'automatic') => ({
  trigger,
  status,
  requestedAt: now - (minutesAgo + 1) * minute,
  finishedAt: now - minutesAgo * minute,
});

describe('what is done about a reason', () => {
  it('is said for each reason of the closed list and each kind, and ends with a proof', () => {
    for (const kind of recoveryKinds)
      for (const reason of runReasons) {
        const { steps, name } = strategies[kind][reason];
        expect(name).not.toBe('');
        expect(steps.slice(kind === 'proxy' ? -1 : -2)).toEqual(
          kind === 'proxy' ? ['heartbeat'] : ['canary', 'fallback'],
        );
        expect(new Set(steps).size).toBe(steps.length);
      }
  });

  it('lowers the budget wherever there was too much asking, and drops no session for it', () => {
    for (const kind of recoveryKinds)
      for (const reason of limitReasons) {
        expect(strategies[kind][reason].steps).toContain('lower_budget');
        expect(strategies[kind][reason].steps).not.toContain('renew_session');
        expect(strategies[kind][reason].steps).not.toContain('flush_cache');
      }
  });

  it('is for a browser a new profile with a new login, the picture kept, and other selectors for another page', () => {
    expect(strategyFor('browser', 'schema_drift').steps).toEqual([
      'keep_page',
      'fresh_profile',
      'renew_session',
      'other_selectors',
      'half_open_breaker',
      'canary',
      'fallback',
    ]);
  });

  it('is for the proxy to flush, let it call again, and wait for its heartbeat', () => {
    expect(strategyFor('proxy', 'down').steps).toEqual(['flush_cache', 'lift_pause', 'heartbeat']);
  });

  it('is what is done about the unexplained when a well source is recovered', () => {
    expect(strategyFor('api', null)).toBe(strategies.api.unexplained);
  });
});

describe('the budget', () => {
  it('is halved each time, and never under an eighth', () => {
    expect([null, 1, 0.5, 0.25, 0.125].map(loweredBudget)).toEqual([0.5, 0.5, 0.25, 0.125, 0.125]);
  });

  it("is lowered until the day's quota begins anew, or until a quarter of an hour after the source's own wish", () => {
    expect(new Date(budgetUntil('quota_exhausted', now, null)).toISOString()).toBe('2026-11-21T00:00:00.000Z');
    expect(budgetUntil('rate_limited', now, null)).toBe(now + 15 * minute);
    expect(budgetUntil('rate_limited', now, now + hour)).toBe(now + 75 * minute);
  });
});

describe('whether an automatic recovery is due', () => {
  const due = (facts: Partial<RecoveryFacts>, at = now) => {
    const answer = recoveryDue({ ...failing, ...facts }, at);
    return answer.due ? true : answer.why;
  };

  it('it is for a source that failed, or failed twice in a row', () => {
    expect(due({})).toBe(true);
    expect(due({ status: 'degraded', failuresInARow: 2 })).toBe(true);
    expect(due({ status: 'degraded', failuresInARow: 1 })).toBe('not_failing');
    expect(due({ status: 'healthy', failuresInARow: 0 })).toBe('not_failing');
    expect(due({ status: 'unknown', failuresInARow: 0 })).toBe('not_failing');
  });

  it('it is for a source at its limit when the time that it asked for is over, and not before', () => {
    expect(due({ status: 'limited', failuresInARow: 2, heldUntil: now + 1 })).toBe('held');
    expect(due({ status: 'limited', failuresInARow: 2, heldUntil: now })).toBe(true);
  });

  it('never against a paused source, nor one that only a person can unlock', () => {
    expect(due({ paused: true })).toBe('paused');
    expect(due({ status: 'paused' })).toBe('paused');
    expect(due({ locked: true })).toBe('no_credentials');
  });

  it('not without an open incident, and one at a time', () => {
    expect(due({ openIncidents: 0 })).toBe('no_incident');
    expect(due({ past: [{ trigger: 'manual', status: 'running', requestedAt: now, finishedAt: null }] })).toBe(
      'running',
    );
  });

  it('not sooner than two minutes after the last, and later with each that healed nothing', () => {
    expect(due({ past: [past('verified', 1)] })).toBe('too_soon');
    expect(due({ past: [past('verified', 2)] })).toBe(true);
    expect(due({ past: [past('failed', 3)] })).toBe('too_soon');
    expect(due({ past: [past('failed', 4)] })).toBe(true);
    expect(due({ past: [past('failed', 1), past('verified', 9)] }, now + 3 * minute)).toBe(true);
    expect(due({ past: [past('mitigated', 7), past('failed', 20)] })).toBe('too_soon');
    expect(spacingMs([])).toBe(leastSpacingMs);
    expect(spacingMs(Array.from({ length: 40 }, (_, at) => past('failed', at)))).toBe(mostSpacingMs);
  });

  it('at most twelve a day; those that a person asked for do not count', () => {
    const old = Array.from({ length: mostADay }, (_, at) => past('verified', 10 + at * 60));
    expect(due({ past: old })).toBe('too_many');
    expect(due({ past: old.map((each) => ({ ...each, trigger: 'manual' })) })).toBe(true);
    expect(due({ past: old }, now + 13 * hour + 30 * minute)).toBe(true);
  });
});

describe('what a canary proves', () => {
  const good = { status: 'succeeded', reason: null, message: null, accepted: 1, newestAsOf: now } as const;

  it('that the source works: an accepted row, no older than the calendar expects', () => {
    expect(proofOf(good, now)).toEqual({ verified: true });
  });

  it('nothing, when it failed, brought nothing, or brought something old', () => {
    expect(proofOf({ ...good, status: 'failed', reason: 'blocked', message: 'A challenge.' }, now)).toEqual({
      verified: false,
      reason: 'blocked',
      message: 'A challenge.',
    });
    expect(proofOf({ ...good, accepted: 0, newestAsOf: null }, now)).toMatchObject({ reason: 'no_data' });
    expect(proofOf({ ...good, newestAsOf: now - 1 }, now)).toMatchObject({ reason: 'stale' });
  });
});

describe('whether a recovery held', () => {
  it('is not known for an hour, unless something goes wrong sooner', () => {
    expect(heldFor(now, [], now + hour - 1)).toBeNull();
    expect(heldFor(now, [], now + hour)).toBe(true);
    expect(heldFor(now, [now + minute], now + 2 * minute)).toBe(false);
    expect(heldFor(now, [now - minute, now + hour + 1], now + 2 * hour)).toBe(true);
  });
});
