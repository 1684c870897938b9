import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../../core/contracts/http/diagnostics.ts';
import type { FailureDetail } from '../../../core/contracts/words/failure-details.ts';
import { quarantineReasons } from '../../../core/contracts/words/quarantine-reasons.ts';
import { runReasons } from '../../../core/contracts/words/run-reasons.ts';
import type { Complaint } from '../../../core/diagnosis/complaints.ts';
import { diagnose } from '../../../core/diagnosis/diagnose.ts';
import type { DiagnosisFacts, SourceFacts, TaskFact } from '../../../core/diagnosis/facts.ts';
import { ruleFor, sourceRules } from '../../../core/diagnosis/rules/source-rules.ts';
import { systemRules } from '../../../core/diagnosis/rules/system-rules.ts';
import { systemHealth } from '../../../core/health/system.ts';

const at = Date.parse('2026-11-22T20:00:00Z');
const minutesAgo = (minutes: number) => at - minutes * 60_000;

let runs = 0;
function task(differs: Partial<TaskFact> & { minutes?: number } = {}): TaskFact {
  const { minutes = 1, ...rest } = differs;
  return {
    ...{
      job: 'quotes',
      ok: true,
      reason: null,
      detail: null,
      message: null,
      at: minutesAgo(minutes),
      accepted: 2,
      rejected: 0,
    },
    ...{ runId: `0198a7c0-0000-5000-8000-${String(++runs).padStart(12, '0')}`, symbols: ['A', 'B'] },
    ...{ attempted: true, blobKey: 'raw/x/1.json.gz', artifacts: [] },
    ...rest,
  };
}
const failed = (reason: TaskFact['reason'], differs: Parameters<typeof task>[0] = {}) =>
  task({ ok: false, reason, accepted: 0, detail: { code: 'unspecified' }, message: 'It failed.', ...differs });

function source(differs: Partial<SourceFacts> = {}): SourceFacts {
  return {
    ...{
      id: 'yahoo',
      title: 'Yahoo Finance',
      kind: 'api',
      signsIn: 'cookie-crumb',
      credentials: null,
      login: null,
      paused: false,
    },
    ...{
      status: 'degraded',
      reason: null,
      score: 80,
      trend: [80],
      lastSuccessAt: null,
      heldUntil: null,
      breaker: 'closed',
    },
    quota: { day: { used: 10, limit: 1000 }, minute: { used: 1, limit: 60 } },
    ...{ tasks: [], quarantine: [], incidents: [], recoveries: [], overdue: 0 },
    ...differs,
  };
}

const proxy = { id: 'yahoo-proxy', pause: null, incidents: [], recoveries: [] };

function facts(sources: readonly SourceFacts[], differs: Partial<DiagnosisFacts> = {}): DiagnosisFacts {
  const stopped = (differs.services ?? []).filter(({ running }) => !running).map(({ id }) => id);
  const shown = sources.map((each) => ({ ...each, unplanned: false }));
  return {
    system: systemHealth({ sources: shown, stopped, silent: false, warnings: [] }),
    ...{ at, sources, services: [], queues: [], plannedTo: at, partitions: { strays: 0, lastMonth: '2027-02' } },
    ...{ calendars: [], proxy, previous: null },
    ...differs,
  };
}
const rulesOf = (of: DiagnosisFacts) => diagnose(of).findings.map(({ rule }) => rule);

function complaint(differs: Partial<Complaint> = {}): Complaint {
  return {
    ...{
      source: source(),
      subject: 'runs',
      reason: 'down',
      jobs: ['quotes'],
      count: 3,
      firstAt: minutesAgo(5),
      lastAt: at,
    },
    ...{
      samples: [],
      httpStatus: null,
      attempted: true,
      goodSince: 0,
      acceptedSince: 0,
      symbols: { hit: 2, asked: 2 },
      ratios: [],
    },
    ...differs,
  };
}
const seen = (detail: FailureDetail = { code: 'unspecified' }): Sample[] => [
  {
    ...{ at: '2026-11-22T20:00:00Z', runId: null, symbol: null, detail, finding: null, message: 'x' },
    ...{ blobKey: null, artifacts: [] },
  },
];
const used = (minute: number, day: number) =>
  source({ quota: { minute: { used: minute, limit: 10 }, day: { used: day, limit: 100 } } });
const some = { goodSince: 3, symbols: { hit: 1, asked: 9 } };
const withKey = (changedAt: number, lastSuccessAt: number | null) =>
  source({ credentials: { isSet: true, changedAt }, signsIn: 'api-key', lastSuccessAt });

describe('a cause', () => {
  it.each<[string, Partial<Complaint>]>([
    ['wrong-credentials', { reason: 'auth_expired', source: withKey(minutesAgo(10), minutesAgo(20)) }],
    ['wrong-credentials', { reason: 'auth_expired', source: withKey(minutesAgo(10), null) }],
    ['credentials-refused', { reason: 'auth_expired', source: withKey(minutesAgo(90), minutesAgo(6)) }],
    ['session-refused', { reason: 'auth_expired' }],
    ['own-use-of-the-limit', { reason: 'rate_limited', source: used(9, 1) }],
    ['own-use-of-the-limit', { reason: 'rate_limited', source: used(1, 90) }],
    ['limit-used-by-others', { reason: 'rate_limited', source: used(2, 5) }],
    ['own-use-of-the-minute', { reason: 'quota_exhausted', samples: seen({ code: 'minute_quota' }) }],
    ['own-use-of-the-day', { reason: 'quota_exhausted', source: used(1, 100), samples: seen() }],
    ['day-used-by-others', { reason: 'quota_exhausted', source: used(1, 3), samples: seen() }],
    ['taken-for-a-bot', { reason: 'blocked' }],
    ['cut-off-answers', { reason: 'schema_drift', samples: seen({ code: 'invalid_json' }) }],
    ['format-changed', { reason: 'schema_drift', samples: seen() }],
    ['format-changed', { reason: 'schema', subject: 'rows', goodSince: 2, samples: seen() }],
    ['odd-answers-on-some-symbols', { reason: 'schema', subject: 'rows', samples: seen(), ...some }],
    ['minor-units', { reason: 'unit_suspect', subject: 'rows', ratios: [100, 99.2, 104] }],
    ['minor-units', { reason: 'unit_suspect', subject: 'rows', ratios: [0.01] }],
    ['unit-unknown', { reason: 'unit_suspect', subject: 'rows', ratios: [] }],
    ['prices-off-for-many', { reason: 'implausible_jump', symbols: { hit: 5, asked: 9 } }],
    ['price-off-for-a-few', { reason: 'implausible_jump', symbols: { hit: 1, asked: 9 } }],
    ['clock-ahead', { reason: 'future_time' }],
    ['no-positive-price', { reason: 'non_positive' }],
    ['other-currency', { reason: 'source_mismatch' }],
    ['unasked-symbols', { reason: 'unknown_listing' }],
    ['contradicting-rows', { reason: 'duplicate_conflict' }],
    ['old-state-served', { reason: 'stale' }],
    ['address-changed', { reason: 'not_found' }],
    ['nothing-on-anything', { reason: 'no_data' }],
    ['symbols-gone', { reason: 'no_data', ...some }],
    ['servers-failing', { reason: 'down', httpStatus: 503 }],
    ['unreachable', { reason: 'down' }],
    ['stuck-inside', { reason: 'timeout', attempted: false }],
    ['too-slow', { reason: 'timeout' }],
    ['request-refused', { reason: 'bad_request' }],
    ['symbols-refused', { reason: 'bad_request', ...some }],
    ['no-browser', { reason: 'unexplained', samples: seen({ code: 'no_browser' }) }],
    ['unexplained', { reason: 'unexplained', httpStatus: 418 }],
    ['unexplained', { reason: 'a word of a later version' }],
  ])('%s follows from its evidence, not from the reason alone: %j', (rule, evidence) => {
    const found = ruleFor(complaint(evidence));
    expect(found.id).toBe(rule);
    expect(found.cause(complaint(evidence)).length).toBeGreaterThan(20);
    expect(found.advice(complaint(evidence)).length).toBeGreaterThan(0);
  });

  it('is known for each reason but `unexplained`, and each rule can be reached', () => {
    for (const reason of [...runReasons, ...quarantineReasons].filter((each) => each !== 'unexplained'))
      expect(ruleFor(complaint({ reason })).id, reason).not.toBe('unexplained');
    expect(new Set(sourceRules.map(({ id }) => id)).size).toBe(sourceRules.length);
  });
});

describe('docs/diagnosis.md', () => {
  it('has a row for each rule', () => {
    const docs = readFileSync(new URL('../../../docs/diagnosis.md', import.meta.url), 'utf8');
    const rules = [...sourceRules, ...systemRules].map(({ id }) => id);
    expect(rules.filter((id) => !docs.includes(`| \`${id}\` |`))).toEqual([]);
  });
});

describe('what is wrong now', () => {
  it('keeps its HTTP status while failures of the former release, which have no code, are among it', () => {
    const coded = failed('down', { minutes: 1, detail: { code: 'http_status', status: 503 } });
    const former = failed('down', { minutes: 5 });
    expect(rulesOf(facts([source({ tasks: [coded, former] })]))).toContain('servers-failing');
    const cut = failed('down', { minutes: 2, detail: { code: 'connection_failed' } });
    expect(rulesOf(facts([source({ tasks: [coded, cut, former] })]))).toContain('unreachable');
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
      requestedAt: minutesAgo(3),
      finishedAt: minutesAgo(2),
    };
    const tasks = [failed('down', { minutes: 5 })];
    expect(rulesOf(facts([source({ tasks, recoveries: [recovery] })]))).not.toContain('unreachable');
    const failedOne = { ...recovery, status: 'failed' };
    expect(rulesOf(facts([source({ tasks, recoveries: [failedOne] })]))).toContain('unreachable');
  });

  it('has a complaint for an open incident that no task reports, and not of a source that is paused', () => {
    const incident = {
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
    const incident = {
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
        reason: 'down',
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
      { sourceId: 'yahoo-proxy', reason: 'down', at: new Date(minutesAgo(5)).toISOString() },
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
  });
});

describe('what changed since the last report', () => {
  it('is statuses, scores by ten or more, and incidents that opened or closed', () => {
    const before = diagnose(
      facts([source({ status: 'healthy', score: 100 }), source({ id: 'b', score: 80 })], { at: minutesAgo(60) }),
    );
    const incident = {
      reason: 'down',
      openedAt: minutesAgo(30),
      lastSeenAt: minutesAgo(1),
      resolvedAt: null,
      count: 1,
      samples: [],
    };
    const closed = { ...incident, reason: 'stale', openedAt: minutesAgo(90), resolvedAt: minutesAgo(20) };
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
