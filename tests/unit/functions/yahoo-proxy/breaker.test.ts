import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunReason } from '../../../../core/contracts/words/run-reasons.ts';
import { type BreakerSettings, createBreaker, type Outcome } from '../../../../functions/yahoo-proxy/breaker.ts';

const settings: BreakerSettings = { threshold: 3, openMs: 10_000, maxOpenMs: 40_000, random: () => 0 };
const ok: Outcome = { failure: null, called: true, retryAfterSeconds: 0 };
const fails = (reason: RunReason, more: Partial<Outcome> = {}): Outcome => ({
  failure: { reason, detail: { code: 'unspecified' }, message: 'no' },
  called: true,
  retryAfterSeconds: 0,
  ...more,
});

// cockatiel reads the clock of the process: this one stands still until it is told to go on.
beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 20) }));
afterEach(() => vi.useRealTimers());
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

function breaker() {
  const calls: Outcome[] = [];
  const made = createBreaker(settings, Date.now);
  return {
    made,
    calls,
    run: (outcome: Outcome) =>
      made.run(async () => {
        calls.push(outcome);
        return outcome;
      }),
  };
}

describe('the breaker', () => {
  it('opens after its threshold of failures in a row, and calls nothing while it is open', async () => {
    const { made, calls, run } = breaker();
    await run(fails('timeout'));
    await run(fails('timeout'));
    expect(made.state).toBe('closed');
    await run(fails('blocked'));
    expect(made.state).toBe('open');
    expect(await run(ok)).toEqual({ until: Date.now() + 10_000, reason: 'blocked' });
    pass(9_999);
    expect(await run(ok)).toMatchObject({ reason: 'blocked' });
    expect(calls).toHaveLength(3);
  });

  it('half-opens after its time, and closes on success', async () => {
    const { made, calls, run } = breaker();
    for (let at = 0; at < 3; at++) await run(fails('timeout'));
    pass(10_000);
    expect(made.state).toBe('half_open');
    expect(await run(ok)).toEqual(ok);
    expect(made.state).toBe('closed');
    expect(made.pause(Date.now())).toBeNull();
    expect(calls).toHaveLength(4);
  });

  it('stays away twice as long each time that the trial fails, up to a limit', async () => {
    const { made, run } = breaker();
    for (let at = 0; at < 3; at++) await run(fails('timeout'));
    for (const open of [10_000, 20_000, 40_000, 40_000]) {
      expect(made.opened(Date.now())?.until).toBe(Date.now() + open);
      pass(open);
      await run(fails('timeout'));
      expect(made.state).toBe('open');
    }
  });

  it('begins to count again after a success', async () => {
    const { made, run } = breaker();
    for (const outcome of [fails('timeout'), fails('timeout'), ok, fails('timeout'), fails('timeout')])
      await run(outcome);
    expect(made.state).toBe('closed');
  });

  it('is not opened by answers in another form, which may be those of one symbol; by broken ones it is', async () => {
    const { made, run } = breaker();
    for (let at = 0; at < 10; at++) await run(fails('schema_drift'));
    expect(made.state).toBe('closed');
    const broken = { failure: { reason: 'schema_drift', detail: { code: 'invalid_json' }, message: 'no' } } as const;
    for (let at = 0; at < 3; at++) await run(fails('schema_drift', broken));
    expect(made.state).toBe('open');
  });

  it('lets nobody pause for our own ledger’s no', async () => {
    const { made, run } = breaker();
    await run(fails('quota_exhausted', { called: false, retryAfterSeconds: 40 }));
    expect(made.pause(Date.now())).toBeNull();
    expect(await run(ok)).toEqual(ok);
  });

  it.each(['not_found', 'bad_request', 'no_data'] as const)(
    'is not opened by %s, which is about the question',
    async (reason) => {
      const { made, run } = breaker();
      for (let at = 0; at < 10; at++) await run(fails(reason));
      expect(made.state).toBe('closed');
    },
  );

  it('is not opened by what was never asked, for want of a permit', async () => {
    const { made, run } = breaker();
    for (let at = 0; at < 10; at++) await run(fails('rate_limited', { called: false, retryAfterSeconds: 0 }));
    expect(made.state).toBe('closed');
  });

  it('obeys Retry-After from the first failure on, and no longer', async () => {
    const { made, calls, run } = breaker();
    await run(fails('rate_limited', { retryAfterSeconds: 30 }));
    expect(made.state).toBe('closed');
    pass(29_000);
    expect(await run(ok)).toMatchObject({ reason: 'rate_limited' });
    pass(1_000);
    expect(await run(ok)).toEqual(ok);
    expect(calls).toHaveLength(2);
  });

  it('makes a call again, once, when the connection broke', async () => {
    const { calls, run } = breaker();
    await run(fails('down'));
    expect(calls).toHaveLength(2);
    await run(fails('rate_limited'));
    expect(calls).toHaveLength(3);
  });

  it('hears what other containers found out', async () => {
    const { made, calls, run } = breaker();
    made.hear({ until: Date.now() + 5_000, reason: 'stopped' });
    expect(await run(ok)).toMatchObject({ reason: 'stopped' });
    expect(made.opened(Date.now())).toBeNull();
    made.hear(null);
    expect(await run(ok)).toEqual(ok);
    expect(calls).toHaveLength(1);
  });
});
