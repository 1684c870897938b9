import { describe, expect, it } from 'vitest';
import { trialMs } from '../../../core/health/breaker.ts';
import type { PlannedRun } from '../../../core/planning/plan.ts';
import { admitTrials } from '../../../core/planning/trials.ts';

const now = Date.parse('2026-11-24T16:00:00Z');
const run = (sourceId: string, job: string, minutesAgo: number): PlannedRun => {
  const dueAt = new Date(now - minutesAgo * 60_000);
  const id = `${sourceId} ${job} ${minutesAgo}`;
  return { id, sourceId, job, kind: 'quotes', trigger: 'schedule', slot: dueAt.toISOString(), dueAt, tasks: [['A']] };
};
const plan = {
  runs: [run('yahoo', 'bars', 0), run('yahoo', 'quotes', 2), run('yahoo', 'quotes', 1), run('coingecko', 'quotes', 0)],
  plannedTo: new Map([
    ['yahoo/bars', now],
    ['yahoo/quotes', now],
    ['coingecko/quotes', now],
  ]),
};
const admitted = (until: number | null) => admitTrials(plan, [], new Map([['yahoo', { until }]]), now);

describe('a plan', () => {
  it('is as it was where no breaker is open', () => {
    expect(admitTrials(plan, [], new Map(), now)).toEqual({ ...plan, trials: [] });
  });

  it('has nothing of a source whose breaker is open, and plans it later', () => {
    const { runs, plannedTo, trials } = admitted(now + 1);
    expect(runs.map((each) => each.id)).toEqual(['coingecko quotes 0']);
    expect([...plannedTo.keys()]).toEqual(['coingecko/quotes']);
    expect(trials).toEqual([]);
  });

  it('has one run of it past the time of the breaker: of the job that missed the most, the newest', () => {
    for (const until of [now, null]) {
      const { runs, plannedTo, trials } = admitted(until);
      expect(runs.map((each) => each.id)).toEqual(['yahoo quotes 1', 'coingecko quotes 0']);
      expect([...plannedTo.keys()]).toEqual(['yahoo/quotes', 'coingecko/quotes']);
      expect(trials).toEqual([{ sourceId: 'yahoo', runId: 'yahoo quotes 1', until: new Date(now + trialMs) }]);
    }
  });
});

describe('a retry', () => {
  const retry = run('yahoo', 'bars', 0);
  const none = { runs: [], plannedTo: new Map([['yahoo/bars', now]]) };
  const withRetry = (until: number, of = plan) => admitTrials(of, [retry], new Map([['yahoo', { until }]]), now);

  it('goes beside what is due where no breaker is open', () => {
    const { runs, trials } = admitTrials(plan, [retry], new Map(), now);
    expect(runs).toHaveLength(5);
    expect(trials).toEqual([]);
  });

  it('waits while the breaker is open, and moves no due time', () => {
    expect(withRetry(now + 1, none)).toEqual({ ...none, trials: [] });
  });

  it('is the trial only where nothing is due', () => {
    expect(withRetry(now).trials.map(({ runId }) => runId)).toEqual(['yahoo quotes 1']);
    expect(withRetry(now, none).trials.map(({ runId }) => runId)).toEqual([retry.id]);
  });
});
