import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../core/diagnosis/diagnose.ts';
import type { DiagnosisFacts, IncidentFact, TaskFact } from '../../../core/diagnosis/facts.ts';
import { at, facts, failed, minutesAgo, proxy, rulesOf, source, task, used } from '../../support/diagnosis-facts.ts';

describe('what is wrong now', () => {
  it('keeps its HTTP status while failures of the former release, which have no code, are among it', () => {
    const coded = failed('down', { minutes: 1, detail: { code: 'http_status', status: 503 } });
    const former = failed('down', { minutes: 5 });
    expect(rulesOf(facts([source({ tasks: [coded, former] })]))).toContain('servers-failing');
    const cut = failed('down', { minutes: 2, detail: { code: 'connection_failed' } });
    expect(rulesOf(facts([source({ tasks: [coded, cut, former] })]))).toContain('unreachable');
  });

  it('is told apart by what exactly failed, and one cause is told once', () => {
    const answered = (minutes: number, status: number) =>
      failed('down', { minutes, detail: { code: 'http_status', status } });
    const said = (minutes: number, code: 'maintenance' | 'connection_failed') =>
      failed('down', { minutes, detail: { code } });
    const rules = (...tasks: TaskFact[]) => rulesOf(facts([source({ tasks })])).sort();
    expect(rules(answered(1, 500), answered(2, 503))).toEqual(['servers-failing']);
    expect(rules(answered(1, 500), said(2, 'maintenance'), said(3, 'connection_failed'))).toEqual([
      'maintenance',
      'servers-failing',
      'unreachable',
    ]);
    const odd = (minutes: number, status: number) =>
      failed('unexplained', { minutes, detail: { code: 'http_status', status } });
    expect(rules(odd(1, 418), odd(2, 418))).toEqual(['unexplained']);
    expect(rules(odd(1, 418), odd(2, 409))).toEqual(['unexplained', 'unexplained']);
    expect(rules(...[402, 409, 418, 423, 424].map((status, place) => odd(place, status)))).toEqual(['unexplained']);
    const held = failed('rate_limited', { minutes: 1, detail: { code: 'held', seconds: 9 } });
    const limited = failed('rate_limited', { minutes: 2, detail: { code: 'http_status', status: 429 } });
    expect(rules(held, limited)).toEqual(['limit-used-by-others']);
    expect(rules(failed('timeout'), failed('timeout', { attempted: false }))).toEqual(['stuck-inside', 'too-slow']);
  });

  it('is over after two good runs in a row, and not after one', () => {
    const broken = failed('down', { minutes: 3 });
    expect(rulesOf(facts([source({ tasks: [task(), broken] })]))).toContain('unreachable');
    expect(rulesOf(facts([source({ tasks: [task(), task({ minutes: 2 }), broken] })]))).not.toContain('unreachable');
  });

  it('is over after a recovery that was verified', () => {
    const recovery = {
      status: 'verified',
      strategy: null,
      reason: null,
      detail: null,
      requestedAt: minutesAgo(3),
      finishedAt: minutesAgo(2),
    };
    const tasks = [failed('down', { minutes: 5 })];
    expect(rulesOf(facts([source({ tasks, recoveries: [recovery] })]))).not.toContain('unreachable');
    const failedOne = { ...recovery, status: 'failed' };
    expect(rulesOf(facts([source({ tasks, recoveries: [failedOne] })]))).toContain('unreachable');
  });

  it('has a complaint for an open incident that no task reports, and not of a source that is paused', () => {
    const incident: IncidentFact = {
      reason: 'stale',
      openedAt: minutesAgo(30),
      lastSeenAt: minutesAgo(1),
      resolvedAt: null,
      count: 4,
      samples: [],
    };
    const [finding] = diagnose(facts([source({ incidents: [incident] })])).findings;
    expect(finding).toMatchObject({ rule: 'old-state-served', count: 4 });
    expect(rulesOf(facts([source({ incidents: [incident], paused: true })]))).toEqual([]);
  });

  it('of one task in each run is not over while the others go well', () => {
    const run = (minutes: number) => {
      const { runId } = task();
      return [
        task({ minutes, runId }),
        task({ minutes, runId }),
        failed('not_found', { minutes, runId, symbols: ['C'] }),
      ];
    };
    expect(rulesOf(facts([source({ tasks: [1, 2, 3].flatMap(run) })]))).toContain('symbols-gone');
  });

  it('of a source that is called sick without a task that says why is unexplained', () => {
    expect(rulesOf(facts([source({ status: 'failed' })]))).toEqual(['unexplained']);
  });
});

describe('an incident that is opened again', () => {
  const openedAgain = {
    reason: 'down' as const,
    openedAt: minutesAgo(60),
    lastSeenAt: minutesAgo(1),
    resolvedAt: null,
    count: 9,
    samples: [],
  };
  const down = (minutes: number) => failed('down', { minutes });

  it('is told from where the jobs worked no more, and not from its first day', () => {
    const tasks = [down(1), down(2), task({ minutes: 10 }), task({ minutes: 20 }), down(60)];
    const [found] = diagnose(facts([source({ tasks, incidents: [openedAgain] })])).findings;
    expect(found).toMatchObject({ firstSeenAt: new Date(minutesAgo(2)).toISOString(), count: 2 });
  });

  it('goes back further than the tasks that are read, where none of them worked', () => {
    const [found] = diagnose(facts([source({ tasks: [down(1), down(2)], incidents: [openedAgain] })])).findings;
    expect(found).toMatchObject({ firstSeenAt: new Date(minutesAgo(60)).toISOString(), count: 9 });
  });
});

describe('what is wrong with Quotron itself', () => {
  const silent = () => source({ tasks: [failed('timeout', { attempted: false })], overdue: 3 });
  const stopped = (id: 'scheduler' | 'scrapers' | 'ingest' | 'proxy', until: number | null = null) => ({
    services: [{ id, running: false, changedAt: minutesAgo(60), stoppedUntil: until }],
  });

  it('a stopped service explains the silence of sources, and comes first', () => {
    for (const id of ['scheduler', 'scrapers', 'ingest'] as const) {
      const found = diagnose(facts([silent()], stopped(id)));
      expect(found.findings.map(({ rule }) => rule)).toEqual(['service-stopped']);
      expect(found.findings[0]?.advice[0]?.command).toBe(`npx quotron start ${id}`);
      expect([found.score, found.cap]).toEqual([39, { rule: 'nothing_collected', most: 39 }]);
    }
    expect(rulesOf(facts([silent()], stopped('proxy')))).toEqual(['stuck-inside', 'service-stopped']);
  });

  it('a service that is stopped for a time says until when, and that it starts again by itself', () => {
    const [found] = diagnose(facts([silent()], stopped('ingest', at + 3_600_000))).findings;
    expect(found?.cause).toMatch(/^Someone stopped it at .* until \d{4}-\d\d-\d\d \d\d:\d\d/);
    expect(found?.advice[0]?.text).toContain('starts again by itself');
  });

  it('ticks that do not come', () => {
    expect(rulesOf(facts([silent()], { plannedTo: minutesAgo(20) }))).toEqual(['no-ticks']);
    expect(rulesOf(facts([silent()], { plannedTo: minutesAgo(2) }))).toEqual(['stuck-inside']);
  });

  it('a slow or locked database explains what stands still, and neither sources nor ticks are blamed', () => {
    for (const check of ['database:responseTime', 'database:lockWait']) {
      const known = facts([silent()], { plannedTo: minutesAgo(20) });
      const attention = [
        { kind: 'check' as const, id: check, title: check, status: null, reason: null, cause: null, until: null },
      ];
      const found = diagnose({ ...known, system: { ...known.system, attention } });
      expect(found.findings.map(({ rule }) => rule)).toEqual(['slow-database']);
      expect(found.findings[0]?.sources).toEqual([silent().id]);
    }
  });

  it('tasks without an outcome', () => {
    expect(rulesOf(facts([source({ status: 'healthy', overdue: 3 })]))).toEqual(['tasks-without-outcome']);
  });

  it('dead letters, by the queue they lie in', () => {
    const dead = (name: string) => ({ queues: [{ name, waiting: 0, inFlight: 0, dead: 2 }] });
    const cause = (name: string) => diagnose(facts([], dead(name))).findings[0]?.cause;
    expect(cause('ingest')).toContain('missing or damaged');
    expect(cause('scrape-yahoo')).toContain('crashed five times');
    expect(cause('outcomes')).toContain('malformed');
  });

  it('reports the proxy by its pause, its incidents and its recoveries, and of each change', () => {
    const pause = { until: at + 60_000, reason: 'blocked' };
    const incident: IncidentFact = {
      reason: 'down',
      openedAt: minutesAgo(5),
      lastSeenAt: at,
      resolvedAt: null,
      count: 3,
      samples: [],
    };
    const recovery = (status: string, minutes: number) => ({
      ...{
        status,
        strategy: 'flush',
        reason: 'down' as const,
        detail: null,
        requestedAt: minutesAgo(minutes),
        finishedAt: minutesAgo(minutes),
      },
    });
    const rules = (differs: Partial<DiagnosisFacts['proxy']>) =>
      rulesOf(facts([], { proxy: { ...proxy, ...differs } }));
    expect(rules({ pause })).toEqual(['proxy-fails']);
    expect(rules({ incidents: [incident] })).toEqual(['proxy-fails']);
    expect(rules({ recoveries: [recovery('failed', 5), recovery('verified', 50)] })).toEqual(['proxy-fails']);
    expect(rules({ recoveries: [recovery('verified', 5), recovery('failed', 50)] })).toEqual([]);
    expect(rules({ recoveries: [recovery('failed', 25 * 60)] })).toEqual([]);
    const previous = { ...diagnose(facts([])), createdAt: new Date(minutesAgo(10)).toISOString() };
    const found = diagnose(facts([], { proxy: { ...proxy, pause, incidents: [incident] }, previous }));
    expect(found.findings[0]?.evidence.join(' ')).toMatch(/blocked.*down, 3 times/);
    expect(found.changes?.opened).toEqual([
      { sourceId: 'yahoo-proxy', reason: 'down', cause: 'down', at: new Date(minutesAgo(5)).toISOString() },
    ]);
  });

  it('calendars that end, partitions that lack, quotas nearly used, credentials that are missing', () => {
    const calendars = [{ id: 'XNYS', validThrough: '2026-12-31', daysLeft: 39 }];
    expect(rulesOf(facts([], { calendars }))).toEqual(['calendar-ends']);
    expect(rulesOf(facts([], { partitions: { strays: 5, lastMonth: '2027-02' } }))).toEqual(['partitions']);
    expect(rulesOf(facts([], { partitions: { strays: 0, lastMonth: '2026-11' } }))).toEqual(['partitions']);
    expect(rulesOf(facts([{ ...used(1, 85), status: 'healthy' }]))).toEqual(['quota-nearly-used']);
    const credentials = { isSet: false, changedAt: null };
    expect(rulesOf(facts([source({ status: 'unknown', credentials })]))).toEqual(['credentials-missing']);
  });
});

describe('an outage of several sources at once', () => {
  const cut = (id: string, minutes = 5) => source({ id, tasks: [failed('down', { minutes })] });

  it('is our own network where most are cut off without an answer', () => {
    const found = diagnose(facts([cut('a'), cut('b', 8), source({ id: 'c', status: 'healthy' })]));
    expect(found.findings.map(({ rule, sources }) => [rule, sources])).toEqual([['own-network', ['a', 'b']]]);
    expect(found.findings[0]).toMatchObject({ count: 2, reasons: ['down'] });
  });

  it('is not where they began apart, or where as many others are reached', () => {
    expect(rulesOf(facts([cut('a'), cut('b', 60)]))).toEqual(['unreachable', 'unreachable']);
    const well = (id: string) => source({ id, status: 'healthy', tasks: [task()] });
    expect(rulesOf(facts([cut('a'), cut('b'), well('c'), well('d')]))).toEqual(['unreachable', 'unreachable']);
  });

  it('is not where the sources answer with their own errors', () => {
    const answers = (id: string) =>
      source({ id, tasks: [failed('down', { detail: { code: 'http_status', status: 503 } })] });
    expect(rulesOf(facts([answers('a'), answers('b')]))).toEqual(['servers-failing', 'servers-failing']);
    const closed = (id: string) => source({ id, tasks: [failed('down', { detail: { code: 'maintenance' } })] });
    expect(rulesOf(facts([closed('a'), closed('b')]))).toEqual(['maintenance', 'maintenance']);
  });
});

describe('what changed since the last report', () => {
  it('is statuses, scores by ten or more, and incidents that opened or closed', () => {
    const before = diagnose(
      facts([source({ status: 'healthy', score: 100 }), source({ id: 'b', score: 80 })], { at: minutesAgo(60) }),
    );
    const incident: IncidentFact = {
      reason: 'down',
      openedAt: minutesAgo(30),
      lastSeenAt: minutesAgo(1),
      resolvedAt: null,
      count: 1,
      samples: [],
    };
    const closed: IncidentFact = { ...incident, reason: 'stale', openedAt: minutesAgo(90), resolvedAt: minutesAgo(20) };
    const now = diagnose(
      facts([source({ status: 'failed', score: 20, incidents: [incident, closed] }), source({ id: 'b', score: 85 })], {
        previous: before,
      }),
    );
    expect(now.changes).toMatchObject({
      score: { from: 75, to: 25 },
      sources: [{ id: 'yahoo', fromStatus: 'healthy', toStatus: 'failed', fromScore: 100, toScore: 20 }],
      opened: [{ sourceId: 'yahoo', reason: 'down' }],
      closed: [{ sourceId: 'yahoo', reason: 'stale' }],
    });
  });
});
