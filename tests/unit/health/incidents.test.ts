import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunReason } from '../../../core/contracts/words/run-reasons.ts';
import type { IncidentChange, OpenIncident } from '../../../core/health/incident.ts';
import { followIncidents, type IncidentInput, isFlapping, mostEvidence } from '../../../core/health/incidents.ts';
import type { EndedTask } from '../../../core/health/source-facts.ts';
import { bad, good } from '../../support/ended-tasks.ts';

const ended = (task: EndedTask): IncidentInput => ({
  task,
  reason: task.ok ? null : task.reason,
  detail: task.detail,
  message: task.message,
});
const usual = { opens: true, recovered: null };

/** What is open after these ends, each judged on its own, as the monitor does. */
function follow(ends: readonly EndedTask[], of = usual as Parameters<typeof followIncidents>[2]) {
  let open: OpenIncident[] = [];
  const changes: IncidentChange[] = [];
  for (const end of ends) {
    const changed = followIncidents(open, [ended(end)], of);
    changes.push(...changed);
    open = kept(open, changed);
  }
  return { open, changes };
}

function kept(open: readonly OpenIncident[], changes: readonly IncidentChange[]): OpenIncident[] {
  const next = new Map(open.map((incident) => [incident.reason, incident]));
  for (const change of changes) {
    if (change.change === 'resolved') next.delete(change.incident.reason);
    else if (change.change === 'updated' || change.change === 'reopened')
      next.set(change.incident.reason, change.incident);
    else if (change.resolvedAt === null) next.set(change.incident.reason, { ...change.incident, id: 'new' });
  }
  return [...next.values()];
}

const bars = { job: 'bars' };

describe('an incident', () => {
  it('is opened by the first failure, with its sample', () => {
    const failure = bad('down', { part: 3, blobKey: 'raw/yahoo/a.json.gz', artifacts: ['page.html'], endedAt: 5_000 });
    expect(follow([failure]).changes).toEqual([
      {
        change: 'opened',
        resolvedAt: null,
        incident: {
          reason: 'down',
          openedAt: 5_000,
          lastSeenAt: 5_000,
          count: 1,
          jobs: ['quotes'],
          healedJobs: [],
          successes: 0,
          bouts: 0,
          evidence: [
            {
              at: '1970-01-01T00:00:05.000Z',
              runId: failure.runId,
              part: 3,
              detail: { code: 'unspecified' },
              message: 'It is down.',
              blobKey: 'raw/yahoo/a.json.gz',
              artifacts: ['page.html'],
            },
          ],
        },
      },
    ]);
  });

  it('counts what is added to it, and keeps the first five and the newest five samples', () => {
    const failures = Array.from({ length: 30 }, (_, index) => bad('down', { message: `${index}` }));
    const [incident] = follow(failures).open;
    expect(incident?.count).toBe(30);
    expect(incident?.evidence.map((sample) => sample.message).join(' ')).toBe('0 1 2 3 4 25 26 27 28 29');
  });

  it('is over after two successes in a row', () => {
    expect(follow([bad('down'), good()]).open).toHaveLength(1);
    expect(follow([bad('down'), good(), bad('down'), good()]).open).toHaveLength(1);
    const { open, changes } = follow([bad('down'), good(), good({ endedAt: 9_000 })]);
    expect(open).toEqual([]);
    expect(changes.at(-1)).toMatchObject({ change: 'resolved', at: 9_000 });
  });

  describe('of a source that flaps', () => {
    const minute = 60_000;
    /** What the monitor does with these ends, a minute apart, with what it had resolved in the last hours. */
    function judged(ends: readonly EndedTask[], everyMs = minute) {
      let incidents: (OpenIncident & { resolvedAt: number | null })[] = [];
      for (const [at, end] of ends.entries()) {
        const task = { ...end, endedAt: (at + 1) * everyMs };
        const open = incidents.flatMap(({ resolvedAt, ...each }) => (resolvedAt === null ? [each] : []));
        const resolved = incidents.flatMap(({ resolvedAt, ...each }) =>
          resolvedAt === null ? [] : [{ ...each, resolvedAt }],
        );
        for (const change of followIncidents(open, [ended(task)], { ...usual, resolved })) {
          const id = change.change === 'opened' ? `incident ${incidents.length}` : change.incident.id;
          const resolvedAt = change.change === 'resolved' ? change.at : null;
          incidents = [...incidents.filter((each) => each.id !== id), { ...change.incident, id, resolvedAt }];
        }
      }
      return incidents;
    }
    const flaps = Array.from({ length: 6 }, () => [bad('down'), good(), good()]).flat();

    it('is one, which says how often it came back', () => {
      expect(judged(flaps)).toMatchObject([{ count: 6, bouts: 5, resolvedAt: null }]);
    });

    it('is resolved once the source has been well for longer', () => {
      const well = Array.from({ length: 7 }, () => good());
      expect(judged([...flaps, ...well.slice(1)])).toMatchObject([{ bouts: 5, resolvedAt: expect.any(Number) }]);
    });

    it('is another one after half a day', () => {
      expect(judged(flaps.slice(0, 4), 7 * 3_600_000)).toMatchObject([{ bouts: 1 }]);
      expect(judged([bad('down'), good(), good(), good(), bad('down')], 7 * 3_600_000)).toHaveLength(2);
    });

    it('needs a person after three hours, and not before', () => {
      const [incident] = judged(flaps);
      if (!incident) throw new Error('There is no incident.');
      expect(isFlapping(incident, incident.openedAt + 179 * minute)).toBe(false);
      expect(isFlapping(incident, incident.openedAt + 180 * minute)).toBe(true);
      expect(isFlapping({ ...incident, bouts: 2 }, incident.openedAt + 180 * minute)).toBe(false);
    });
  });

  it('is not over by another part of the run that failed', () => {
    const failure = bad('down');
    expect(follow([failure, good({ runId: failure.runId }), good({ runId: failure.runId })]).open).toHaveLength(1);
  });

  it('of a job is not over by another job', () => {
    expect(follow([bad('schema_drift', bars), good(), good(), good()]).open).toHaveLength(1);
    expect(follow([bad('schema_drift', bars), good(), good(bars)]).open).toEqual([]);
  });

  it('begins its count again when its job fails of something else', () => {
    expect(follow([bad('down'), good(), bad('timeout'), good()]).open.map((each) => each.reason)).toEqual([
      'down',
      'timeout',
    ]);
  });

  it('is one of two when a source has two faults at once', () => {
    const { open } = follow([bad('down'), bad('schema_drift', bars), bad('down'), bad('schema_drift', bars)]);
    expect(open.map(({ reason, count, jobs }) => ({ reason, count, jobs }))).toEqual([
      { reason: 'down', count: 2, jobs: ['quotes'] },
      { reason: 'schema_drift', count: 2, jobs: ['bars'] },
    ]);
  });

  it('is opened by a success whose data are old', () => {
    const detail = { code: 'listings_old', job: 'quotes', old: 3, listings: 4 } as const;
    const changes = followIncidents([], [{ task: good(), reason: 'stale', detail, message: 'Old.' }], usual);
    expect(changes).toMatchObject([
      { change: 'opened', incident: { reason: 'stale', evidence: [{ detail, message: 'Old.' }] } },
    ]);
  });

  it('is not opened while a person has paused the source', () => {
    expect(follow([bad('down')], { opens: false, recovered: null }).changes).toEqual([]);
  });

  it('is over with a verified recovery of its job, and not with one that ended before it was seen', () => {
    const [incident] = follow([bad('down', { endedAt: 5_000 })]).open;
    const recovered = (at: number, job: string) =>
      followIncidents(incident ? [incident] : [], [], { opens: true, recovered: { at, job } });
    expect(recovered(6_000, 'quotes')).toMatchObject([{ change: 'resolved', at: 6_000 }]);
    expect(recovered(4_000, 'quotes')).toEqual([]);
    expect(recovered(6_000, 'bars')).toEqual([]);
  });
});

it('for any history: one open incident for each reason, as many counted as failed, never more samples than the cap', () => {
  const end = fc.oneof(
    fc.constantFrom('quotes', 'bars').map((job) => good({ job })),
    fc
      .tuple(fc.constantFrom<RunReason>('down', 'timeout', 'schema_drift'), fc.constantFrom('quotes', 'bars'))
      .map(([reason, job]) => bad(reason, { job })),
  );
  fc.assert(
    fc.property(fc.array(end, { maxLength: 60 }), (ends) => {
      const { open, changes } = follow(ends);
      expect(new Set(open.map((each) => each.reason)).size).toBe(open.length);
      const over = changes.flatMap((each) => (each.change === 'resolved' ? [each.incident] : []));
      const counted = [...open, ...over].reduce((sum, each) => sum + each.count, 0);
      expect(counted).toBe(ends.filter((each) => !each.ok).length);
      for (const each of open) expect(each.evidence.length).toBeLessThanOrEqual(mostEvidence);
      if (ends.at(-1)?.ok === false) expect(open.map((each) => each.reason)).toContain(ends.at(-1)?.reason);
    }),
  );
});
