import { isDeepStrictEqual } from 'node:util';
import type { Failure } from '../../../core/contracts/failure.ts';
import { runIdOf } from '../../../core/contracts/run-id.ts';
import type { PlannedRun } from '../../../core/planning/plan.ts';
import { BlobError } from '../../../core/ports/raw-store.ts';
import { type knownSource, parserOf } from '../../../core/sources/catalogue.ts';
import type { BatchReading } from './batch-readings.ts';
import type { Envelopes } from './kept-blobs.ts';
import type { StoredRows } from './stored-rows.ts';

/** A run that was due, as it was planned. */
export type DueRun = Pick<PlannedRun, 'id' | 'sourceId' | 'job' | 'trigger' | 'slot' | 'tasks'>;

/**
 * Every run that was due is there with its tasks, and every task has ended once, as its answers say. While work is under way
 * a task may be open that no batch has ended, and so may attempts.
 */
export function workBreaches(
  stored: StoredRows,
  readings: readonly BatchReading[],
  failures: Failures,
  { due, underWay, cut }: { due: readonly DueRun[]; underWay: boolean; cut: ReadonlySet<string> },
): string[] {
  return [
    ...runBreaches(stored, due, cut),
    ...taskBreaches(stored, readings, underWay),
    ...attemptBreaches(stored, failures, underWay),
  ];
}

/** The failures that each kept blob has, or `null` where it cannot be read. */
type Failures = ReadonlyMap<string, readonly (Failure | null)[] | null>;

const taskKey = ({ runId, part }: { runId: string; part: number }) => `${runId}/${part}`;

function runBreaches(stored: StoredRows, due: readonly DueRun[], cut: ReadonlySet<string>): string[] {
  const breaches: string[] = [];
  const tasksOf = Map.groupBy(stored.tasks, (task) => task.runId);
  const runs = new Map(stored.runs.map((run) => [run.id, run]));
  for (const run of stored.runs) {
    if (run.id !== runIdOf(run)) breaches.push(`run ${run.id}: not the run of ${run.sourceId} ${run.job} ${run.slot}`);
    const parts = (tasksOf.get(run.id) ?? []).map(({ part }) => part);
    // Parts of a cancelled backfill that were never sent are deleted.
    if (cut.has(run.id) || run.cancelled) continue;
    const whole = parts.every((part, index) => part === index);
    if (parts.length === 0 || !whole) breaches.push(`run ${run.id}: its tasks are ${JSON.stringify(parts)}`);
  }
  for (const each of due) {
    const name = `due run ${each.sourceId} ${each.job} ${each.trigger} ${each.slot}`;
    if (!runs.has(each.id)) breaches.push(`${name}: it is gone`);
    const tasks = tasksOf.get(each.id) ?? [];
    const symbols = tasks.map((task) => task.symbols);
    if (!isDeepStrictEqual(symbols, each.tasks))
      breaches.push(`${name}: its tasks are ${JSON.stringify(symbols)}, not ${JSON.stringify(each.tasks)}`);
  }
  const orphans = [...stored.tasks, ...stored.batches, ...stored.attempts].filter(({ runId }) => !runs.has(runId));
  for (const runId of new Set(orphans.map((each) => each.runId))) breaches.push(`run ${runId}: it is gone`);
  return breaches;
}

function taskBreaches(stored: StoredRows, readings: readonly BatchReading[], underWay: boolean): string[] {
  const breaches: string[] = [];
  const attemptsOf = Map.groupBy(stored.attempts, taskKey);
  const readingsOf = Map.groupBy(readings, ({ batch }) => taskKey(batch));
  for (const task of stored.tasks) {
    const key = taskKey(task);
    const name = `task ${key}`;
    const read = readingsOf.get(key) ?? [];
    // What an attempt brought that another has taken over ends the task only where it is a success.
    const mayBeOpen =
      underWay &&
      read.every(
        ({ batch, verdict }) => batch.replay !== null || (verdict.status === 'failed' && batch.attempt < task.attempt),
      );
    if (!task.finished && !mayBeOpen) breaches.push(`${name}: open, ${task.status}`);
    const attempts = attemptsOf.get(key) ?? [];
    const numbers = attempts.map(({ attempt }) => attempt);
    if (numbers.length !== task.attempt || numbers.some((number, index) => number !== index + 1))
      breaches.push(`${name}: it is at attempt ${task.attempt}, and its attempts are ${JSON.stringify(numbers)}`);
    if (!task.finished) continue;
    const end = read.find(({ batch }) => batch.id === task.batchId);
    if (task.batchId !== null && !end) {
      breaches.push(`${name}: ended by batch ${task.batchId}, which is not of it`);
      continue;
    }
    if (end) {
      const { status, reason, detail } = end.verdict;
      const { accepted, rejected } = end.batch;
      const is = [task.status, task.reason, task.detail, task.accepted, task.rejected];
      const wanted = [status, reason, detail, accepted, rejected];
      if (!isDeepStrictEqual(is, wanted))
        breaches.push(`${name}: ended as ${JSON.stringify(is)}, its batch says ${JSON.stringify(wanted)}`);
      continue;
    }
    // What the monitor ended because nothing had come of it, an answer that came late has taken over.
    const late = read.find(({ batch, verdict }) => batch.replay === null && verdict.status === 'succeeded');
    if (late && isDeepStrictEqual(task.detail, noOutcome)) {
      breaches.push(`${name}: ended without an outcome, and batch ${late.batch.id} is one`);
      continue;
    }
    if (task.status === 'succeeded') {
      breaches.push(`${name}: succeeded without a batch`);
      continue;
    }
    const told = attempts.some(
      (each) => each.ok === false && each.reason === task.reason && isDeepStrictEqual(each.detail, task.detail),
    );
    if (!told && !endedUnheard(task))
      breaches.push(`${name}: failed as ${task.reason} (${JSON.stringify(task.detail)}), and no attempt said so`);
  }
  return breaches;
}

const noOutcome = { code: 'no_outcome' };

/** Ends that no attempt tells: the monitor's, and a person's. */
function endedUnheard({ reason, detail }: StoredRows['tasks'][number]): boolean {
  return (
    (reason === 'timeout' && isDeepStrictEqual(detail, noOutcome)) ||
    isDeepStrictEqual(detail, { code: 'backfill_cancelled' })
  );
}

function attemptBreaches(stored: StoredRows, failures: Failures, underWay: boolean): string[] {
  const breaches: string[] = [];
  const tasks = new Set(stored.tasks.map(taskKey));
  const attempts = new Set<string>();
  for (const attempt of stored.attempts) {
    const name = `attempt ${taskKey(attempt)}-${attempt.attempt}`;
    attempts.add(`${taskKey(attempt)} ${attempt.attempt}`);
    if (!tasks.has(taskKey(attempt))) breaches.push(`${name}: its task is gone`);
    if (!attempt.finished && !underWay) breaches.push(`${name}: it never ended`);
    if (attempt.ok === false && attempt.reason === null) breaches.push(`${name}: failed without a reason`);
    if (attempt.blobKey === null) continue;
    const found = failures.get(attempt.blobKey);
    // Whether the attempt was right about a blob that cannot be read is open.
    if (found === null) continue;
    if (!found) breaches.push(`${name}: its blob ${attempt.blobKey} is not kept`);
    // Of one that died untold the monitor knows only that there is an answer.
    else if (attempt.ok !== found.includes(null) && !(attempt.ok && attempt.batchSought))
      breaches.push(
        `${name}: told ${attempt.ok ? 'a success' : 'a failure'}, and its blob has ${JSON.stringify(found)}`,
      );
  }
  for (const batch of stored.batches)
    if (!attempts.has(`${taskKey(batch)} ${batch.attempt}`)) breaches.push(`batch ${batch.id}: its attempt is gone`);
  return breaches;
}

/** The failures in each blob, as the scraper judges them; and that `ingest` judges them alike. */
export async function failuresIn(
  envelopes: Envelopes,
  find: typeof knownSource | undefined,
  breaches: string[],
): Promise<Failures> {
  const failures = new Map<string, (Failure | null)[] | null>();
  for (const [key, envelope] of envelopes) {
    if (envelope instanceof BlobError) {
      failures.set(key, null);
      continue;
    }
    const parser = await parserOf(envelope.sourceId, find);
    const found = envelope.exchanges.map((exchange) => parser.failureIn(envelope.kind, exchange));
    const parsed = envelope.exchanges.map((exchange) => parser.parse(envelope.kind, exchange).failure);
    if (!isDeepStrictEqual(found, parsed))
      breaches.push(`blob ${key}: the scraper finds ${JSON.stringify(found)}, ingest ${JSON.stringify(parsed)}`);
    failures.set(key, found);
  }
  return failures;
}
