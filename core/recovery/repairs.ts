/** What the repairs of a recovery did, in words for people. The stores do them; this says what comes of it. */
import type { PageSelectors } from '../contracts/words/page-selectors.ts';
import { instantText } from './proof.ts';
import type { StepResult } from './recovery.ts';

const done = (detail: string): StepResult => ({ status: 'done', detail });
const skipped = (detail: string): StepResult => ({ status: 'skipped', detail });

/** @param artifacts S3 keys of the newest page that failed */
export function pageKept(artifacts: readonly string[]): StepResult {
  return artifacts.length > 0 ? done(`Kept: ${artifacts.join(', ')}`) : skipped('No page that failed was kept.');
}

/** @param until milliseconds since the epoch */
export function budgetLowered(factor: number, until: number): StepResult {
  return done(`At most ${factor * 100} % of the minute's quota is used until ${instantText(until)}.`);
}

export function sessionDropped(dropped: { readonly session: boolean; readonly renewal: boolean }): StepResult {
  const session = dropped.session ? 'The stored session was dropped' : 'No session was stored';
  if (!dropped.session && !dropped.renewal) return skipped('No session was stored.');
  const renewal = dropped.renewal ? ' A renewal that was under way can no longer store its session.' : '';
  return done(`${session}; the next request makes a new one.${renewal}`);
}

export function selectorsChanged(selectors: PageSelectors): StepResult {
  return done(`Pages are read by the ${selectors} selectors from now on.`);
}

export function breakerHalfOpened(wasOpen: boolean): StepResult {
  return wasOpen ? done('The next run is a trial.') : skipped('The breaker is closed.');
}

export function cacheFlushed(answers: number): StepResult {
  return done(`${answers} shared answers were dropped.`);
}

export function pauseLifted(wasPaused: boolean): StepResult {
  return wasPaused ? done('The pause of the proxy was lifted.') : skipped('The proxy had no pause.');
}

export const freshProfile: StepResult = done('The canary begins in a new browser context, with nothing kept.');
