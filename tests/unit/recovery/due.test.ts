import { describe, expect, it } from 'vitest';
import {
  leastSpacingMs,
  mostADay,
  mostSpacingMs,
  type PastRecovery,
  type RecoveryFacts,
  recoveryDue,
  spacingMs,
} from '../../../core/recovery/due.ts';

const now = Date.UTC(2026, 10, 20, 15);
const minute = 60_000;
const hour = 60 * minute;

const failing: RecoveryFacts = {
  status: 'failed',
  failuresInARow: 3,
  paused: false,
  locked: false,
  loginHeld: false,
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
    expect(due({ loginHeld: true })).toBe('login_on_hold');
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
