import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PermitPurpose, permitPurposes } from '../../../core/contracts/words/permit-purposes.ts';
import {
  countedFrom,
  decidePermits,
  type LedgerFacts,
  minuteSeconds,
  permitSeconds,
  permitsAtOnce,
} from '../../../core/planning/permits.ts';
import { allowanceFor } from '../../../core/planning/quota.ts';
import { alphaVantage } from '../../../core/sources/alpha-vantage/source.ts';
import { catalogue } from '../../../core/sources/catalogue.ts';
import { yahoo } from '../../../core/sources/yahoo/source.ts';

const now = Date.parse('2026-11-24T16:00:00Z');
const midnight = Date.parse('2026-11-25T00:00:00Z');
const quota = { perMinute: 10, perDay: 100 };
const nothing: LedgerFacts = {
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
const uses = (count: number, secondsAgo = 10) => Array.from({ length: count }, () => now - secondsAgo * 1000);
const decide = (facts: Partial<LedgerFacts>, count = 1, purpose: PermitPurpose = 'task', of = quota) =>
  decidePermits({ ...nothing, ...facts }, of, { purpose, count });

describe('permits', () => {
  it('are good at once and for a moment', () => {
    const permit = { notBefore: now, expiresAt: now + permitSeconds * 1000 };
    expect(decide({}, 2)).toEqual({ granted: true, permits: [permit, permit] });
  });

  it.each([
    ['while the source wants a pause', { heldUntil: now + 1_500 }, 1, 'held', 2],
    ['beyond the day, until midnight UTC', { usedToday: 99 }, 2, 'day_quota', (midnight - now) / 1000],
    [
      'beyond the minute, until enough have left it',
      { minuteUses: [...uses(1, 60), ...uses(9)] },
      1,
      'minute_quota',
      7,
    ],
    ['and the second place is free later', { minuteUses: [...uses(1, 60), ...uses(9)] }, 2, 'minute_quota', 57],
    ['beyond what the former release reserved', { reserved: 10 }, 1, 'minute_quota', 10],
    ['beyond what attempts were promised', { promised: 9 }, 2, 'minute_quota', 10],
    ['when others stand in line for the gap', { lastBegin: now + 9_500 }, 1, 'not_yet', 10.7],
  ] as const)('are not to be had %s', (_when, facts, count, why, retryAfterSeconds) => {
    const of = why === 'not_yet' ? { ...quota, gapMs: 1_200 } : quota;
    expect(decide(facts, count, 'task', of)).toEqual({ granted: false, why, retryAfterSeconds });
  });

  it('are available again at the very end of a pause', () => {
    expect(decide({ heldUntil: now }).granted).toBe(true);
    expect(decide({ heldUntil: now + 1 }).granted).toBe(false);
  });

  it('for backfills and the proxy end before those for live runs', () => {
    const most = (purpose: PermitPurpose) =>
      [...Array(quota.perMinute + 1).keys()].findLast((used) => decide({ minuteUses: uses(used) }, 1, purpose).granted);
    expect(permitPurposes.map((purpose) => [purpose, most(purpose)])).toEqual([
      ['task', 9],
      ['login', 9],
      ['canary', 9],
      ['backfill', 4],
      ['proxy', 6],
    ]);
  });

  it('that were promised are given under a lower allowance, but not beyond the quota', () => {
    const promised = { promised: 3, promisedToAttempt: 3 };
    expect(decide({ ...promised, minuteUses: uses(7) }, 3, 'backfill').granted).toBe(true);
    expect(decide({ ...promised, minuteUses: uses(8) }, 3, 'backfill').granted).toBe(false);
    expect(decide({ ...promised, minuteUses: uses(4) }, 4, 'backfill').granted).toBe(false);
    const budget = { factor: 0.2, until: now + 1_000 };
    expect(decide({ ...promised, budget, minuteUses: uses(7) }, 3).granted).toBe(true);
    expect(decide({ budget, minuteUses: uses(2) }, 1).granted).toBe(false);
  });

  it('are fewer under a lowered budget until its time is over, and a larger task begins when it is the first', () => {
    const budget = { factor: 0.5, until: now + 1_000 };
    expect(decide({ budget, minuteUses: uses(4) }).granted).toBe(true);
    expect(decide({ budget, minuteUses: uses(5) }).granted).toBe(false);
    expect(decide({ budget }, 8).granted).toBe(true);
    expect(decide({ budget, minuteUses: uses(1) }, 8).granted).toBe(false);
    expect(decide({ budget: { ...budget, until: now }, minuteUses: uses(9) }).granted).toBe(true);
  });

  it('begin one after the other where the source wants a gap', () => {
    const gap = { ...quota, gapMs: 1_000 };
    const begins = (facts: Partial<LedgerFacts>, count: number) => {
      const decision = decide(facts, count, 'task', gap);
      return decision.granted ? decision.permits.map(({ notBefore }) => notBefore - now) : decision.why;
    };
    expect(begins({}, 3)).toEqual([0, 1_000, 2_000]);
    expect(begins({ lastBegin: now - 400 }, 2)).toEqual([600, 1_600]);
    expect(begins({ lastBegin: now - 5_000 }, 1)).toEqual([0]);
  });

  it('are taken one at a time where a gap or a small day makes them dear', () => {
    expect(permitsAtOnce(yahoo.quota, 9)).toBe(9);
    expect(permitsAtOnce(alphaVantage.quota, 9)).toBe(1);
    expect(permitsAtOnce({ perMinute: 60, perDay: 999 }, 9)).toBe(1);
    expect(permitsAtOnce({ perMinute: 60, perDay: 1_000 }, 9)).toBe(9);
    expect(permitsAtOnce({ perMinute: 60, perDay: 20_000, gapMs: 1 }, 9)).toBe(1);
  });
});

/** A ledger that is kept as an adapter keeps it. */
function ledgerOf() {
  const used: { at: number; calledAt: number }[] = [];
  return {
    used,
    facts(at: number): LedgerFacts {
      const from = countedFrom(at);
      return {
        ...nothing,
        now: at,
        minuteUses: used.map((permit) => permit.at).filter((use) => use > from.minute),
        usedToday: used.filter((permit) => permit.at >= from.day).length,
        lastBegin: used.length === 0 ? null : Math.max(...used.map((permit) => permit.at)),
      };
    },
  };
}

const steps = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 30_000 }),
    count: fc.integer({ min: 1, max: 6 }),
    purpose: fc.constantFrom(...permitPurposes),
    /** How late in its time each permit is used, from 0 to 1. */
    late: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { minLength: 1, maxLength: 120 },
);

describe('any caller that takes permits, however late they use them', () => {
  it.each(catalogue.map((source) => [source.id, source.quota] as const))(
    '%s sees no more requests than its quota in any minute and any day of UTC, and its gap is kept between begins',
    (_id, { perMinute, perDay, gapMs = 0 }) => {
      fc.assert(
        fc.property(steps, fc.integer({ min: 0, max: 600_000 }), (taken, beforeMidnight) => {
          const small = {
            perMinute: Math.min(perMinute, 8),
            perDay: Math.min(perDay, 40),
            ...(gapMs > 0 && { gapMs }),
          };
          const ledger = ledgerOf();
          let at = midnight - beforeMidnight;
          for (const { afterMs, count, purpose, late } of taken) {
            at += afterMs;
            const decision = decidePermits(ledger.facts(at), small, { purpose, count });
            if (!decision.granted) {
              expect(decision.retryAfterSeconds).toBeGreaterThan(0);
              continue;
            }
            expect(decision.permits).toHaveLength(count);
            for (const { notBefore, expiresAt } of decision.permits) {
              expect(notBefore).toBeGreaterThanOrEqual(at);
              const calledAt = Math.floor(notBefore + late * (expiresAt - 1 - notBefore));
              ledger.used.push({ at: notBefore, calledAt });
            }
          }
          const calls = ledger.used.map(({ calledAt }) => calledAt);
          for (const from of calls)
            expect(calls.filter((call) => call >= from && call < from + 60_000).length).toBeLessThanOrEqual(
              small.perMinute,
            );
          const days = Map.groupBy(calls, (call) => Math.floor(call / 86_400_000));
          for (const day of days.values()) expect(day.length).toBeLessThanOrEqual(small.perDay);
          const begins = ledger.used.map((permit) => permit.at);
          for (const [place, begin] of begins.entries())
            if (place > 0) expect(begin - (begins[place - 1] ?? 0)).toBeGreaterThanOrEqual(gapMs);
        }),
        { numRuns: 150 },
      );
    },
  );

  it('an attempt gets what it was promised, whatever begins and takes meanwhile, and all together keep to the minute', () => {
    const turn = fc.record({
      what: fc.constantFrom('begin', 'take the rest', 'take some'),
      count: fc.integer({ min: 1, max: 5 }),
      purpose: fc.constantFrom(...permitPurposes),
    });
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 60 }), (turns) => {
        let used = 0;
        const promises: number[] = [];
        const facts = (promisedToAttempt = 0): LedgerFacts => ({
          ...nothing,
          minuteUses: uses(used),
          usedToday: used,
          promised: promises.reduce((sum, each) => sum + each, 0),
          promisedToAttempt,
        });
        for (const { what, count, purpose } of turns) {
          const rest = promises[0] ?? 0;
          if (what === 'take the rest' && rest > 0) {
            expect(decidePermits(facts(rest), quota, { purpose, count: rest }).granted).toBe(true);
            used += rest;
            promises.shift();
          } else if (decidePermits(facts(), quota, { purpose, count }).granted) {
            used += what === 'begin' ? 1 : count;
            if (what === 'begin' && count > 1) promises.push(count - 1);
          }
          expect(used).toBeLessThanOrEqual(quota.perMinute);
        }
      }),
    );
  });

  it('a refusal for the minute is over when it says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: minuteSeconds * 1000 - 1 }), { maxLength: 10 }),
        fc.integer({ min: 1, max: 10 }),
        (ages, count) => {
          const minuteUses = ages.map((age) => now - age).sort((a, b) => a - b);
          const decision = decide({ minuteUses, usedToday: minuteUses.length }, count);
          if (decision.granted) return;
          expect(decision.why).toBe('minute_quota');
          const later = now + decision.retryAfterSeconds * 1000;
          const left = minuteUses.filter((use) => use > countedFrom(later).minute);
          expect(
            decidePermits({ ...nothing, now: later, minuteUses: left }, quota, { purpose: 'task', count }),
          ).toMatchObject({
            granted: true,
          });
        },
      ),
    );
  });

  it('shares are never more than the quota, and at least one request', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.constantFrom(...permitPurposes),
        (perMinute, perDay, purpose) => {
          const share = allowanceFor({ perMinute, perDay }, purpose);
          expect(share.perMinute).toBeGreaterThanOrEqual(1);
          expect(share.perMinute).toBeLessThanOrEqual(perMinute);
          expect(share.perDay).toBeGreaterThanOrEqual(1);
          expect(share.perDay).toBeLessThanOrEqual(perDay);
        },
      ),
    );
  });
});
