import { describe, expect, it } from 'vitest';
import { closedBreaker } from '../../../core/health/breaker.ts';
import { type JudgedDefinition, judgeSource, overdueAfterMs } from '../../../core/health/judge.ts';
import type { EndedTask, SourceFacts } from '../../../core/health/source-facts.ts';
import { bad, good, judgedFacts, tuesdayAtEleven as now, times } from '../../support/ended-tasks.ts';

const minute = 60_000;
const source: JudgedDefinition = {
  id: 'yahoo',
  needsCredentials: false,
  perDay: 1_000,
  latenessMs: 30 * minute,
  jobs: [{ id: 'quotes', kind: 'quotes', periodMs: minute, isDue: () => true }],
};
function judge(more: Partial<SourceFacts> & { newest?: EndedTask[] } = {}, of = source) {
  const { newest = times(5, good), ...rest } = more;
  return judgeSource(of, judgedFacts(newest, rest), now, () => 0.5);
}
const failures = (more: Partial<EndedTask>) => times(3, () => bad('down', more));

describe('what is judged', () => {
  it('are the ends that were not judged before: they open an incident and the breaker', () => {
    const ended = failures({});
    const { breaker, incidents, health } = judge({ unjudged: ended, newest: ended.toReversed() });
    expect(breaker).toMatchObject({ state: 'open', reason: 'down' });
    expect(incidents).toMatchObject([{ change: 'opened', incident: { reason: 'down', count: 3 } }]);
    expect(health).toMatchObject({ status: 'failed', reason: 'down', parts: { quota: 0.75 } });
  });

  it.each([
    ['backfills', { backfill: true }],
    ['canaries', { trigger: 'canary' }],
    ['runs in another source’s place', { trigger: 'fallback' }],
    ['jobs that the catalogue no longer has', { job: 'gone' }],
  ] as const)('are not %s', (_what, more) => {
    const { incidents, health } = judge({ unjudged: failures(more) });
    expect(incidents).toEqual([]);
    expect(health.status).toBe('healthy');
  });

  it('is a canary as the trial of the breaker, and nothing else', () => {
    const open = { ...closedBreaker, state: 'half_open', until: now, reason: 'down', opened: 2 } as const;
    const canary = (trial: boolean) => judge({ breaker: open, unjudged: [good({ trigger: 'canary', trial })] }).breaker;
    expect(canary(true)).toEqual(closedBreaker);
    expect(canary(false)).toBe(open);
  });

  it('is a success with rows in quarantine as a failure: it opens an incident, and not the breaker', () => {
    const drifting = times(3, () => good({ accepted: 1, rejected: 9 }));
    const { incidents, breaker, health } = judge({ unjudged: drifting, newest: drifting });
    expect(incidents).toMatchObject([{ change: 'opened', incident: { reason: 'schema_drift', count: 3 } }]);
    expect(breaker).toEqual(closedBreaker);
    expect(health).toMatchObject({ status: 'degraded', reason: 'schema_drift' });
  });
});

describe('a source that nobody asks', () => {
  const silent = { plannedTo: new Map([['quotes', now - overdueAfterMs - minute]]) };

  it('is unknown when the scheduler plans nothing, and says that it is not its fault', () => {
    expect(judge(silent).health).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('not the source'),
    });
    expect(judge({ plannedTo: new Map([['quotes', now - overdueAfterMs]]) }).health.status).toBe('healthy');
    expect(judge({ plannedTo: new Map() }).health.status).toBe('healthy');
  });

  it('is not, when nothing was due: its markets are closed', () => {
    const closed = { ...source, jobs: source.jobs.map((job) => ({ ...job, isDue: () => false })) };
    expect(judge(silent, closed).health.status).toBe('healthy');
  });

  it('is not, when the source or its breaker is on hold', () => {
    expect(judge({ ...silent, heldUntil: now + 1 }).health.status).toBe('healthy');
    expect(judge({ ...silent, breaker: { ...closedBreaker, state: 'open' } }).health.status).toBe('healthy');
  });

  it.each(['scrapers', 'ingest'])('is unknown while a person has stopped the %s, after a while', (id) => {
    const stopped = (since: number) => judge({ stoppedServices: [{ id, since }] }).health;
    expect(stopped(now - overdueAfterMs).status).toBe('healthy');
    expect(stopped(now - overdueAfterMs - 1)).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining(id),
    });
  });

  it('is unknown without its credentials', () => {
    const locked = { ...source, needsCredentials: true };
    expect(judge({ credentialed: false }, locked).health).toMatchObject({ status: 'unknown' });
    expect(judge({}, locked).health.status).toBe('healthy');
  });
});
