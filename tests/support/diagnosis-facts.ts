/** Facts of a diagnosis, for tests of its rules: each builder gives something usual that a test changes. */
import type { Sample } from '../../core/contracts/http/diagnostics.ts';
import type { FailureDetail } from '../../core/contracts/words/failure-details.ts';
import type { Complaint } from '../../core/diagnosis/complaints.ts';
import { diagnose } from '../../core/diagnosis/diagnose.ts';
import type { DiagnosisFacts, SourceFacts, TaskFact } from '../../core/diagnosis/facts.ts';
import { systemHealth } from '../../core/health/system.ts';

export const at = Date.parse('2026-11-22T20:00:00Z');
export const minutesAgo = (minutes: number) => at - minutes * 60_000;

let runs = 0;
export function task(differs: Partial<TaskFact> & { minutes?: number } = {}): TaskFact {
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
export const failed = (reason: TaskFact['reason'], differs: Parameters<typeof task>[0] = {}) =>
  task({ ok: false, reason, accepted: 0, detail: { code: 'unspecified' }, message: 'It failed.', ...differs });

export function source(differs: Partial<SourceFacts> = {}): SourceFacts {
  return {
    ...{
      id: 'yahoo',
      title: 'Yahoo Finance',
      kind: 'api',
      quoteJobs: ['quotes'],
      signsIn: 'cookie-crumb',
      credentials: null,
      login: null,
      paused: false,
    },
    ...{
      status: 'degraded',
      reason: null,
      detail: null,
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

export const proxy = { id: 'yahoo-proxy', pause: null, incidents: [], recoveries: [] };

export function facts(sources: readonly SourceFacts[], differs: Partial<DiagnosisFacts> = {}): DiagnosisFacts {
  const stopped = (differs.services ?? []).filter(({ running }) => !running).map(({ id }) => id);
  const shown = sources.map((each) => ({ ...each, cause: null, heldUntil: null, unplanned: false }));
  return {
    system: systemHealth({ sources: shown, stopped, silent: false, warnings: [] }),
    ...{ at, sources, services: [], queues: [], plannedTo: at, partitions: { strays: 0, lastMonth: '2027-02' } },
    ...{ calendars: [], proxy, previous: null, earlier: [], served: [] },
    ...differs,
  };
}
export const rulesOf = (of: DiagnosisFacts) => diagnose(of).findings.map(({ rule }) => rule);

export function complaint(differs: Partial<Complaint> = {}): Complaint {
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
      symbols: { hit: 2, asked: 2, names: ['A', 'B'] },
      healedAt: null,
      ratios: [],
    },
    ...differs,
  };
}
export const seen = (detail: FailureDetail = { code: 'unspecified' }): Sample[] => [
  {
    ...{ at: '2026-11-22T20:00:00Z', runId: null, symbol: null, detail, finding: null, message: 'x' },
    ...{ blobKey: null, artifacts: [] },
  },
];
export const used = (minute: number, day: number) =>
  source({ quota: { minute: { used: minute, limit: 10 }, day: { used: day, limit: 100 } } });
