import type { RunReason } from '../../core/contracts/words/run-reasons.ts';
import { closedBreaker } from '../../core/health/breaker.ts';
import type { EndedTask, SourceFacts } from '../../core/health/source-facts.ts';

let runs = 0;

/** Tuesday, 2026-11-24, eleven in New York. */
export const tuesdayAtEleven = Date.parse('2026-11-24T16:00:00Z');

/** A task that succeeded, each of a run of its own. */
export function good(more: Partial<EndedTask> = {}): EndedTask {
  runs += 1;
  return {
    runId: `00000000-0000-5000-8000-${String(runs).padStart(12, '0')}`,
    part: 0,
    job: 'quotes',
    trigger: 'schedule',
    backfill: false,
    trial: false,
    ok: true,
    reason: null,
    detail: null,
    message: null,
    endedAt: tuesdayAtEleven,
    accepted: 10,
    rejected: 0,
    attempt: 1,
    requests: 1,
    latencyMs: 100,
    blobKey: null,
    artifacts: [],
    ...more,
  };
}

export function bad(reason: RunReason, more: Partial<EndedTask> = {}): EndedTask {
  return good({
    ok: false,
    reason,
    detail: { code: 'unspecified' },
    message: `It is ${reason}.`,
    accepted: 0,
    ...more,
  });
}

export function times(count: number, make: () => EndedTask): EndedTask[] {
  return Array.from({ length: count }, make);
}

/** What a source is judged by where nothing is of note, a quarter of its 1,000 requests of the day aside. Newest tasks first. */
export function judgedFacts(newest: readonly EndedTask[], more: Partial<SourceFacts> = {}): SourceFacts {
  return {
    paused: false,
    heldUntil: null,
    credentialed: true,
    tasks: new Map([['quotes', [...newest]]]),
    unjudged: [],
    recovered: null,
    breaker: closedBreaker,
    incidents: [],
    resolved: [],
    quoted: [],
    barred: [],
    usedToday: 250,
    plannedTo: new Map([['quotes', tuesdayAtEleven - 60_000]]),
    stoppedServices: [],
    ...more,
  };
}
