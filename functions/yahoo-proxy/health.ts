import { freshnessAt, type KeptAnswer } from '../../core/proxy/lifetimes.ts';
import { quoteQuestion } from '../../core/proxy/read-question.ts';
import type { ProxyDependencies } from './dependencies.ts';
import { readRow } from './quote-view.ts';

/** The heartbeat runs every five minutes: two missed ones are a warning, half an hour is a failure. */
const warnAfterSeconds = 11 * 60;
const failAfterSeconds = 30 * 60;

interface Check {
  readonly status: 'pass' | 'warn' | 'fail';
  readonly observedValue: unknown;
  readonly output?: string;
}

/** Follows draft-inadarei-api-health-check, like `/api/v1/health`. */
export interface ProxyHealth {
  readonly status: Check['status'];
  readonly version: string;
  /** Whether a simulator stands in for Yahoo. */
  readonly simulated: boolean;
  readonly checks: Readonly<Record<string, readonly Check[]>>;
}

/**
 * The health of the proxy, without calling Yahoo: the age of the canary's last answer, and whether there is a pause.
 */
export async function judgeHealth(
  uses: Pick<ProxyDependencies, 'cache' | 'shared' | 'breaker' | 'clock' | 'version' | 'simulated' | 'canarySymbol'>,
): Promise<ProxyHealth> {
  const { shared, breaker, cache, clock } = uses;
  const { key } = quoteQuestion(uses.canarySymbol);
  let sharedCheck: Check = { status: 'pass', observedValue: shared ? 'shared' : 'this process only' };
  let canary: KeptAnswer | null = cache.peek(key);
  if (shared) {
    try {
      const { pause, entries } = await shared.take([key], false);
      breaker.hear(pause);
      const held = entries.get(key)?.answer ?? null;
      if (held && (!canary || canary.fetchedAt < held.fetchedAt)) canary = held;
    } catch {
      sharedCheck = {
        status: 'warn',
        observedValue: null,
        output: 'The shared cache cannot be reached: each container fetches for itself, or cannot for lack of permits.',
      };
    }
  }
  const now = clock();
  const pause = breaker.pause(now);
  const checks = {
    'yahoo:lastAnswer': [lastAnswer(canary, now)],
    'yahoo:pause': [
      pause
        ? {
            status: 'warn' as const,
            observedValue: { reason: pause.reason, until: new Date(pause.until).toISOString() },
            output: 'Yahoo is not called now; cached answers are served, marked stale.',
          }
        : { status: 'pass' as const, observedValue: null },
    ],
    'yahoo:breaker': [
      { status: breaker.state === 'closed' ? ('pass' as const) : ('warn' as const), observedValue: breaker.state },
    ],
    'cache:shared': [sharedCheck],
  };
  const all = Object.values(checks)
    .flat()
    .map(({ status }) => status);
  const status = (['fail', 'warn'] as const).find((each) => all.includes(each)) ?? 'pass';
  return { status, version: uses.version, simulated: uses.simulated, checks };
}

function lastAnswer(canary: KeptAnswer | null, now: number): Check {
  if (!canary) return { status: 'warn', observedValue: null, output: 'Yahoo has not answered the heartbeat yet.' };
  const observedValue = new Date(canary.fetchedAt).toISOString();
  const age = (now - canary.fetchedAt) / 1000;
  if (canary.status !== 200)
    return { status: 'fail', observedValue, output: 'Yahoo has no quote of the canary symbol.' };
  if (!readRow(canary.body, canary.fetchedAt))
    return {
      status: 'fail',
      observedValue,
      output: 'Yahoo’s quote of the canary symbol has no price that can be read.',
    };
  if (age > failAfterSeconds || freshnessAt(canary, now) === 'over')
    return { status: 'fail', observedValue, output: 'Yahoo has not answered for more than half an hour.' };
  return { status: age > warnAfterSeconds ? 'warn' : 'pass', observedValue };
}
