import { inTransaction } from '../../../core/adapters/postgres/database/pool.ts';
import { conditionOf } from '../../../core/adapters/postgres/recovery/effects.ts';
import {
  canaryPatienceSeconds,
  type RecoveryRow,
  type RecoveryStore,
} from '../../../core/adapters/postgres/recovery/recovery-store.ts';
import {
  jobOfRun,
  listingOf,
  permitRefusal,
  planRun,
  resultOfRun,
  unsentOf,
} from '../../../core/adapters/postgres/recovery/runs.ts';
import { markSent } from '../../../core/adapters/postgres/work/runs.ts';
import { scrapeQueueName } from '../../../core/contracts/queues.ts';
import type { RunReason } from '../../../core/contracts/words/run-reasons.ts';
import { calendarFor, lastSession, type MarketCalendar, oldestExpected } from '../../../core/market/calendar.ts';
import { proofOf } from '../../../core/recovery/due.ts';
import { limitReasons } from '../../../core/recovery/strategy.ts';
import type { SourceDefinition, SourceJob } from '../../../core/sources/definition.ts';
import type { Recovering, StepOutcome } from '../recover-source.ts';
import { verified } from './end.ts';

/** A recovery under way. */
export interface Going {
  readonly recovery: RecoveryRow;
  readonly store: RecoveryStore;
  readonly recovering: Recovering;
  /** `null` for the proxy. */
  readonly source: SourceDefinition | null;
  /** Whether the canary uses nothing that is kept from before. */
  readonly fresh: boolean;
}

const dayMs = 86_400_000;

/** How long until the next look at a run that is under way: most have ended within seconds. */
export function lookAgainSeconds({ seconds_left: left }: RecoveryRow): number {
  return (left ?? 0) > canaryPatienceSeconds - 20 ? 1 : 5;
}

/** How late a source's prices may be by its nature, in minutes of trading, unless its definition says otherwise. */
const usualLatenessMinutes = 30;

/**
 * Asks for the canary symbol through the ordinary queue, scraper and ingest, once a permit may be had, and waits for what
 * becomes of it. Ends the recovery when that proves that the source works.
 */
export async function askCanary(going: Going): Promise<StepOutcome> {
  const { recovery, store, recovering, source } = going;
  const now = () => new Date(recovering.now());
  const left = recovery.seconds_left ?? 0;
  const unproven = async (reason: RunReason, message: string): Promise<StepOutcome> => {
    await store.doStep(recovery.id, 'canary', now(), async () => ({
      status: 'failed',
      detail: `${reason}: ${message}`,
    }));
    return 'next';
  };
  const job = source && (await canaryJob(recovery, recovering, source));
  const symbol = source && recovering.nameFor(source.id).toSource(source.canarySymbol);
  if (!source || !job || symbol === null) return unproven('bad_request', 'The source does not know its canary symbol.');

  if (recovery.canary_run_id === null) {
    const refused = await permitRefusal(recovering.pool, source.id, 1);
    if (refused) {
      const why = permitWords[refused.why];
      if (refused.seconds > left)
        return unproven(limitReasonOf(recovery, why.reason), `${why.words} for another ${refused.seconds} s.`);
      await store.tellStep(recovery.id, 'canary', `Waits for a permit: ${why.words}.`);
      return { waitSeconds: Math.max(1, Math.ceil(refused.seconds)) };
    }
  }
  const runId = recovery.canary_run_id ?? (await planCanary(going, source, job, symbol));
  await sendUnsent(going, source.id, runId);

  const { end, waitsSeconds, artifacts } = await resultOfRun(recovering.pool, runId);
  if (!end) {
    if (left > 0)
      return { waitSeconds: waitsSeconds > 0 ? Math.min(15, Math.ceil(waitsSeconds)) : lookAgainSeconds(recovery) };
    return waitsSeconds > 0
      ? unproven(
          limitReasonOf(recovery, 'rate_limited'),
          'The canary waits for its quota, or for the time the source asked for.',
        )
      : unproven('timeout', 'The canary gave no outcome in time.');
  }
  const listing = await listingOf(recovering.pool, source.id, symbol, source.canarySymbol);
  const calendar = listing && calendarFor(listing);
  const tolerance = (source.latenessMinutes ?? usualLatenessMinutes) * 60_000;
  const proof = proofOf(end, oldestOf(job, calendar, recovering.now(), tolerance));
  if (!proof.verified) {
    const kept = artifacts.length > 0 ? ` Kept: ${artifacts.join(', ')}` : '';
    return unproven(proof.reason, `${proof.message}${kept}`);
  }
  const message = `${source.canarySymbol} was asked for and came: ${end.accepted} accepted, the newest of ${newest(end.newestAsOf)}.`;
  await store.doStep(recovery.id, 'canary', now(), async () => ({ status: 'done', detail: message }));
  return verified(going, message);
}

/** What it is a limit of: what the source failed of, where that was one. */
function limitReasonOf({ reason }: RecoveryRow, otherwise: RunReason): RunReason {
  return reason !== null && limitReasons.has(reason) ? reason : otherwise;
}

/**
 * The job that fails: that its quotes work says nothing of its bars. Where none does, the quotes of the source, or whatever
 * it collects first.
 */
async function canaryJob(
  { canary_run_id: runId }: RecoveryRow,
  { pool }: Recovering,
  source: SourceDefinition,
): Promise<SourceJob | undefined> {
  const asked = runId === null ? (await conditionOf(pool, source.id)).failing?.job : await jobOfRun(pool, runId);
  return (
    source.jobs.find((job) => job.id === asked) ?? source.jobs.find((job) => job.kind === 'quotes') ?? source.jobs[0]
  );
}

/**
 * The oldest time that the newest row of a canary may be of. A bar is of the beginning of its time, and one of a day of
 * that day: the day of the session that is expected.
 */
function oldestOf(job: SourceJob, calendar: MarketCalendar | null, now: number, toleranceMs: number): number {
  const oldest = oldestExpected(calendar, now, toleranceMs);
  if (job.kind !== 'bars') return oldest;
  const opened = calendar === null ? oldest : (lastSession(calendar, oldest)?.opensAt ?? oldest);
  return opened - dayMs;
}

const permitWords = {
  held: { reason: 'rate_limited', words: 'the source wants to be left alone' },
  minute_quota: { reason: 'quota_exhausted', words: "the minute's quota is used up" },
  day_quota: { reason: 'quota_exhausted', words: "the day's quota is used up" },
} as const;

function planCanary(
  { recovery, recovering, fresh }: Going,
  source: SourceDefinition,
  job: SourceJob,
  symbol: string,
): Promise<string> {
  return inTransaction(recovering.pool, async (db) => {
    const id = await planRun(db, {
      sourceId: source.id,
      job: job.id,
      kind: job.kind,
      trigger: 'canary',
      slot: recovery.id,
      dueAt: new Date(recovering.now()),
      tasks: [[symbol]],
      fresh,
    });
    await db.query('UPDATE recovery SET canary_run_id = $2 WHERE id = $1', [recovery.id, id]);
    return id;
  });
}

/** Sends the tasks of a run that were planned and not sent: by this delivery, or by one that broke off. */
export async function sendUnsent({ recovering }: Going, sourceId: string, runId: string): Promise<void> {
  const tasks = await unsentOf(recovering.pool, runId);
  if (tasks.length === 0) return;
  await recovering.queue.send(scrapeQueueName(sourceId), tasks);
  await markSent(recovering.pool, tasks);
}

function newest(ms: number | null): string {
  return ms === null ? 'an unknown time' : new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
