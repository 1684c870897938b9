/**
 * What is wrong with a source now, gathered from its tasks, its quarantine and its incidents:
 *
 *   1. runs: for each reason the failures of the current episode, which two good runs of a job in a row end; those that are
 *      told apart by what exactly failed (failure-kinds.ts) are complaints of their own
 *   2. rows: for each reason the rows that the episode's runs left in quarantine
 *   3. runs that failed only because all of their rows were rejected are left out: the rows say more
 *   4. open incidents whose reason is not among the above
 */
import type { Sample } from '../contracts/http/diagnostics.ts';
import { type Cause, causeOf, causeOfRows, causeWords } from '../contracts/words/causes.ts';
import type { FailureDetail } from '../contracts/words/failure-details.ts';
import { type QuarantineReason, quarantineReasons, rowReasonWords } from '../contracts/words/quarantine-reasons.ts';
import { type RunReason, runReasons } from '../contracts/words/run-reasons.ts';
import { withReasonOfHold } from '../health/holds.ts';
import type { IncidentFact, QuarantineFact, SourceFacts, TaskFact } from './facts.ts';
import { failureKind } from './failure-kinds.ts';

/** One thing that is wrong with one source: a reason with everything that was seen of it. */
export interface Complaint {
  readonly source: SourceFacts;
  /** Whether runs failed, or rows of runs that otherwise succeeded. */
  readonly subject: 'runs' | 'rows';
  readonly reason: RunReason | QuarantineReason;
  readonly jobs: readonly string[];
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** The first and the newest, oldest first. */
  readonly samples: readonly Sample[];
  /** The newest HTTP status of its failures, where each has one. */
  readonly httpStatus: number | null;
  /** Whether any attempt came to an end. */
  readonly attempted: boolean;
  /** Tasks of the same jobs that succeeded since it began. */
  readonly goodSince: number;
  /** Rows of the same jobs that were accepted since it began. */
  readonly acceptedSince: number;
  /** Symbols that it hits, of those that were requested meanwhile. */
  readonly symbols: { readonly hit: number; readonly asked: number; readonly names: readonly string[] };
  /** When the first success after it ended, once each of its jobs has one; `null` before. */
  readonly healedAt: number | null;
  /** Of rows: how many times the expected price they are, where the check could compare. */
  readonly ratios: readonly number[];
}

/** Runs without a failure that end an episode. */
const goodRunsEnd = 2;
const shownSamples = 3;
/** Reasons that a run has because of its rows. */
const ofRows: readonly string[] = ['schema_drift', 'implausible'];

/** What is wrong with a source, the most frequent first. A paused source has no complaints. */
export function complaintsOf(source: SourceFacts): Complaint[] {
  if (source.paused) return [];
  const tasks = withReasonOfHold(source.tasks, (task) => task.at);
  const byJob = Map.groupBy(tasks, (task) => task.job);
  const episodes = [...byJob].flatMap(([job, tasks]) => episodesOf(job, tasks, source));
  const rows = rowComplaints(source, byJob);
  const runs = [...Map.groupBy(episodes, ({ reason, kind }) => `${reason} ${kind}`).values()]
    .map((group) => runComplaint(source, group))
    .filter((complaint) => !(rows.length > 0 && isOfRowsOnly(complaint)));
  const found = [...runs, ...rows];
  const known = new Set([...found.map(({ reason }) => reason), ...(rows.length > 0 ? ofRows : [])]);
  const others = source.incidents
    .filter((incident) => incident.resolvedAt === null && !known.has(incident.reason))
    .map((incident) => incidentComplaint(source, incident));
  const all = [...found, ...others];
  const only = ({ reason }: Complaint) => all.filter((each) => each.reason === reason).length === 1;
  return all
    .map((complaint) => (only(complaint) ? withIncident(complaint) : complaint))
    .sort((a, b) => b.count - a.count);
}

/** What it means to a person, as everywhere: of runs by the newest failure, of rows by their reason. */
export function causeOfComplaint({ subject, reason, samples, symbols }: Complaint): Cause {
  const ofRow = quarantineReasons.find((each) => each === reason);
  if (subject === 'rows' && ofRow) return causeOfRows(ofRow, symbols.hit >= symbols.asked);
  const ofRun = runReasons.find((each) => each === reason) ?? 'unexplained';
  return causeOf(ofRun, samples.at(-1)?.detail ?? null) ?? 'unexplained';
}

/** Why, in a few words. */
export function complaintInWords(complaint: Complaint): string {
  const ofRow = quarantineReasons.find((each) => each === complaint.reason);
  return complaint.subject === 'rows' && ofRow ? rowReasonWords[ofRow] : causeWords[causeOfComplaint(complaint)];
}

interface Episode {
  readonly job: string;
  readonly reason: RunReason;
  readonly kind: string;
  /** Newest first, like all of the job's. */
  readonly failures: readonly TaskFact[];
  readonly all: readonly TaskFact[];
}

function episodesOf(job: string, tasks: readonly TaskFact[], source: SourceFacts): Episode[] {
  const all = currentOf(tasks, source);
  const failed = all.filter((task) => !task.ok);
  return [...Map.groupBy(failed, reasonOf)].flatMap(([reason, ofReason]) =>
    [...byKind(ofReason)].map(([kind, failures]) => ({ job, reason, kind, failures, all })),
  );
}

const reasonOf = ({ reason }: TaskFact): RunReason => reason ?? 'unexplained';

/** Failures of one reason, newest first, by what exactly failed. One without a code belongs to the most frequent kind. */
function byKind(failures: readonly TaskFact[]): ReadonlyMap<string, readonly TaskFact[]> {
  const kinds = Map.groupBy(failures, failureKind);
  const coded = [...kinds].filter(([kind]) => kind !== null).sort(([, a], [, b]) => b.length - a.length);
  const usual = coded[0]?.[0] ?? '';
  return Map.groupBy(failures, (task) => failureKind(task) ?? usual);
}

/**
 * The tasks of the current episode: since two good runs in a row, and since the newest verified recovery. A failure is over
 * with its incident, too: what health calls over is no complaint.
 */
function currentOf(tasks: readonly TaskFact[], source: SourceFacts): TaskFact[] {
  const recoveredAt = verifiedAt(source);
  return sinceGoodRuns(tasks).filter(
    (task) => task.at > recoveredAt && (task.ok || task.at > resolvedAt(source, reasonOf(task))),
  );
}

/** When the newest incident of a reason was resolved, where none of it is open. */
function resolvedAt({ incidents }: SourceFacts, reason: string): number {
  const ends = incidents.filter((incident) => incident.reason === reason).map((incident) => incident.resolvedAt);
  return ends.includes(null) ? Number.NEGATIVE_INFINITY : Math.max(...ends.map((end) => end ?? 0), 0);
}

/** The tasks since two good runs in a row; none when those are the newest. */
function sinceGoodRuns(tasks: readonly TaskFact[]): readonly TaskFact[] {
  const runs = [...Map.groupBy(tasks, (task) => task.runId).values()];
  const kept: TaskFact[] = [];
  let good = 0;
  for (const run of runs) {
    good = run.every((task) => task.ok && task.rejected === 0) ? good + 1 : 0;
    kept.push(...run);
    if (good === goodRunsEnd) break;
  }
  return good === goodRunsEnd && kept.every((task) => task.ok && task.rejected === 0) ? [] : kept;
}

/** When the newest verified recovery ended: what was seen before it is over. */
function verifiedAt(source: SourceFacts): number {
  const verified = source.recoveries.find((recovery) => recovery.status === 'verified');
  return verified?.finishedAt ?? Number.NEGATIVE_INFINITY;
}

function runComplaint(source: SourceFacts, episodes: readonly Episode[]): Complaint {
  const reason = episodes[0]?.reason ?? 'unexplained';
  const failures = episodes.flatMap((each) => each.failures).sort((a, b) => b.at - a.at);
  const all = episodes.flatMap((each) => each.all);
  const firstAt = Math.min(...failures.map((task) => task.at));
  const since = all.filter((task) => task.at >= firstAt);
  const samples = failures.map(sampleOf);
  return {
    source,
    subject: 'runs',
    reason,
    jobs: episodes.map((each) => each.job),
    count: failures.length,
    firstAt,
    lastAt: Math.max(...failures.map((task) => task.at)),
    samples: shown(samples),
    httpStatus: statusOf(failures),
    attempted: failures.some((task) => task.attempted),
    goodSince: since.filter((task) => task.ok).length,
    acceptedSince: since.reduce((sum, task) => sum + task.accepted, 0),
    symbols: symbolsOf(
      failures.flatMap((task) => task.symbols),
      since,
    ),
    healedAt: healedAt(episodes.map(({ all, failures: [newest] }) => [all, newest?.at ?? firstAt])),
    ratios: [],
  };
}

function rowComplaints(source: SourceFacts, byJob: ReadonlyMap<string, readonly TaskFact[]>): Complaint[] {
  const present = [...byJob.values()].flatMap((tasks) => currentOf(tasks, source));
  const runs = new Set(present.map((task) => task.runId));
  const current = source.quarantine.filter((rows) => runs.has(rows.runId));
  return [...Map.groupBy(current, (rows) => rows.reason)].map(([reason, group]) => {
    const jobs = new Set(group.map((rows) => rows.job));
    const firstAt = Math.min(...group.map((rows) => rows.at));
    const lastAt = Math.max(...group.map((rows) => rows.at));
    const since = present.filter((task) => jobs.has(task.job) && task.at >= firstAt);
    return {
      source,
      subject: 'rows',
      reason,
      jobs: [...jobs],
      count: sum(group, (rows) => rows.count),
      firstAt,
      lastAt,
      samples: shown(group.flatMap((rows) => rows.samples)),
      httpStatus: null,
      attempted: true,
      goodSince: since.filter((task) => task.ok).length,
      acceptedSince: sum(since, (task) => task.accepted),
      symbols: symbolsOf(
        group.flatMap((rows) => rows.symbols),
        since,
      ),
      healedAt: healedAt([...jobs].map((job) => [since.filter((task) => task.job === job), lastAt])),
      ratios: group.flatMap(ratiosOf),
    };
  });
}

function incidentComplaint(source: SourceFacts, incident: IncidentFact): Complaint {
  return {
    source,
    subject: 'runs',
    reason: incident.reason,
    jobs: [],
    count: incident.count,
    firstAt: incident.openedAt,
    lastAt: incident.lastSeenAt,
    samples: shown(incident.samples),
    httpStatus: statusOf([...incident.samples].reverse()),
    attempted: incident.samples.some((sample) => sample.blobKey !== null),
    goodSince: 0,
    acceptedSince: 0,
    symbols: { hit: 0, asked: 0, names: [] },
    healedAt: null,
    ratios: [],
  };
}

function symbolsOf(hit: readonly string[], since: readonly TaskFact[]): Complaint['symbols'] {
  const names = [...new Set(hit)];
  return { hit: names.length, asked: new Set(since.flatMap((task) => task.symbols)).size, names };
}

/** Of each job its tasks, newest first, and when it failed last: when the first success after that was there in all. */
function healedAt(jobs: readonly (readonly [readonly TaskFact[], number])[]): number | null {
  const good = jobs.map(([tasks, failedAt]) =>
    tasks.findLast((task) => task.ok && task.rejected === 0 && task.at > failedAt),
  );
  const ends = good.flatMap((task) => task?.at ?? []);
  return ends.length < jobs.length || ends.length === 0 ? null : Math.max(...ends);
}

/** With what its open incident saw: that goes back further than the tasks that are read. */
function withIncident(complaint: Complaint): Complaint {
  const isRows = complaint.subject === 'rows';
  const reasons: readonly string[] = isRows ? ofRows : [complaint.reason];
  const open = complaint.source.incidents.find(
    (incident) => incident.resolvedAt === null && reasons.includes(incident.reason),
  );
  if (!open || hasWorkedSince(complaint, open.openedAt)) return complaint;
  // It counts runs, and rows are counted here.
  if (isRows) return { ...complaint, firstAt: Math.min(complaint.firstAt, open.openedAt) };
  return {
    ...complaint,
    count: Math.max(complaint.count, open.count),
    firstAt: Math.min(complaint.firstAt, open.openedAt),
    lastAt: Math.max(complaint.lastAt, open.lastSeenAt),
  };
}

/** Whether the jobs of a complaint worked between an instant and their first failure: an incident that is opened again began before that. */
function hasWorkedSince({ source, jobs, firstAt }: Complaint, since: number): boolean {
  const recoveredAt = verifiedAt(source);
  if (recoveredAt > since && recoveredAt < firstAt) return true;
  return source.tasks.some(({ job, ok, rejected, at }) => {
    return jobs.includes(job) && ok && rejected === 0 && at > since && at < firstAt;
  });
}

/** Runs that failed because all of their rows were held back: the rows say more. */
function isOfRowsOnly(complaint: Complaint): boolean {
  return (
    ofRows.includes(complaint.reason) && complaint.samples.every(({ detail }) => detail?.code === 'all_rows_rejected')
  );
}

function sampleOf(task: TaskFact): Sample {
  return {
    at: new Date(task.at).toISOString(),
    runId: task.runId,
    symbol: null,
    detail: task.detail,
    finding: null,
    message: task.message,
    blobKey: task.blobKey,
    artifacts: [...task.artifacts],
  };
}

/** The first, and the newest that are not it. Those of another failure than the first come before repetitions of it. */
function shown(samples: readonly Sample[]): Sample[] {
  const sorted = [...samples].sort((a, b) => a.at.localeCompare(b.at));
  const first = sorted[0];
  if (!first) return [];
  const newest = sorted.slice(1).reverse();
  const others = newest.filter((sample) => !isSameFailure(sample, first));
  const chosen = [...new Set([...others.slice(0, shownSamples - 2), ...newest])].slice(0, shownSamples - 1);
  return [first, ...chosen].sort((a, b) => a.at.localeCompare(b.at));
}

function isSameFailure(a: Sample, b: Sample): boolean {
  return JSON.stringify([a.detail, a.finding]) === JSON.stringify([b.detail, b.finding]);
}

/**
 * The HTTP status of the first of the failures, or `null` where one has none. An `unspecified` one, of a release before
 * there were codes, may have had any: the others decide.
 */
function statusOf(failures: readonly { readonly detail: FailureDetail | null }[]): number | null {
  const known = failures.filter(({ detail }) => detail?.code !== 'unspecified');
  const statuses = known.map(({ detail }) => (detail?.code === 'http_status' ? detail.status : null));
  const [newest = null] = statuses;
  return statuses.includes(null) ? null : newest;
}

function ratiosOf(rows: QuarantineFact): number[] {
  return rows.samples.flatMap(({ finding }) => (finding?.code === 'price_ratio' ? [finding.ratio] : []));
}

function sum<T>(all: readonly T[], of: (each: T) => number): number {
  return all.reduce((total, each) => total + of(each), 0);
}

/** Several complaints about one source that have the same cause, as one. */
export function together(first: Complaint, others: readonly Complaint[]): Complaint {
  const all = [first, ...others];
  return {
    ...first,
    jobs: [...new Set(all.flatMap(({ jobs }) => jobs))],
    count: sum(all, ({ count }) => count),
    firstAt: Math.min(...all.map(({ firstAt }) => firstAt)),
    lastAt: Math.max(...all.map(({ lastAt }) => lastAt)),
    samples: shown(all.flatMap(({ samples }) => samples)),
    goodSince: Math.min(...all.map(({ goodSince }) => goodSince)),
    acceptedSince: Math.min(...all.map(({ acceptedSince }) => acceptedSince)),
    symbols: all.map(({ symbols }) => symbols).reduce((a, b) => (b.hit > a.hit ? b : a)),
    healedAt: all.some((each) => each.healedAt === null) ? null : Math.max(...all.map((each) => each.healedAt ?? 0)),
    ratios: all.flatMap(({ ratios }) => ratios),
  };
}
