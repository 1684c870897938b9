import { describe, expect, it } from 'vitest';
import { runReasons } from '../../../core/contracts/words/run-reasons.ts';
import {
  budgetUntil,
  isRepair,
  limitReasons,
  loweredBudget,
  recoveryKinds,
  strategies,
  strategyFor,
} from '../../../core/recovery/strategy.ts';

const now = Date.UTC(2026, 10, 20, 15);
const minute = 60_000;
const hour = 60 * minute;

describe('what is done about a reason', () => {
  it('is said for each reason of the closed list and each kind, and ends with a proof', () => {
    for (const kind of recoveryKinds)
      for (const reason of runReasons) {
        const { steps, name } = strategies[kind][reason];
        expect(name).not.toBe('');
        const last = steps.includes('second_canary') ? 'second_canary' : 'canary';
        expect(steps.slice(kind === 'proxy' ? -1 : -2)).toEqual(kind === 'proxy' ? ['heartbeat'] : [last, 'fallback']);
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

  it('is for a browser a new profile with a new login, the picture kept, and other selectors once the page was not read', () => {
    expect(strategyFor('browser', 'schema_drift').steps).toEqual([
      'keep_page',
      'fresh_profile',
      'renew_session',
      'half_open_breaker',
      'canary',
      'other_selectors',
      'second_canary',
      'fallback',
    ]);
  });

  it('is for the proxy to flush, let it call again, and wait for its heartbeat', () => {
    expect(strategyFor('proxy', 'down').steps).toEqual(['flush_cache', 'lift_pause', 'heartbeat']);
  });

  it('is repairs, and then its proof: no repair but other selectors comes after a canary or a heartbeat', () => {
    for (const kind of recoveryKinds)
      for (const { steps } of Object.values(strategies[kind])) {
        const proof = steps.findIndex((step) => step === 'canary' || step === 'heartbeat');
        expect(steps.slice(0, proof).every((step) => isRepair(step) || step === 'fresh_profile')).toBe(true);
        expect(steps.slice(proof).filter(isRepair)).toEqual(steps.filter((step) => step === 'other_selectors'));
      }
  });

  it('is what is done about the unexplained when a well source is recovered', () => {
    expect(strategyFor('api', null)).toBe(strategies.api.unexplained);
  });
});

describe('the budget', () => {
  it('is halved each time, and never under an eighth', () => {
    expect([null, 1, 0.5, 0.25, 0.125].map(loweredBudget)).toEqual([0.5, 0.5, 0.25, 0.125, 0.125]);
  });

  it("is lowered until the day's quota begins again, or until a quarter of an hour after the source's own wish", () => {
    expect(new Date(budgetUntil('quota_exhausted', now, null)).toISOString()).toBe('2026-11-21T00:00:00.000Z');
    expect(budgetUntil('rate_limited', now, null)).toBe(now + 15 * minute);
    expect(budgetUntil('rate_limited', now, now + hour)).toBe(now + 75 * minute);
  });
});
