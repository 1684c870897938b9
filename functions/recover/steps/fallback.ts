import { inTransaction } from '../../../core/adapters/postgres/database/pool.ts';
import { conditionOf } from '../../../core/adapters/postgres/recovery/effects.ts';
import { fallbackPatienceSeconds } from '../../../core/adapters/postgres/recovery/recovery-store.ts';
import {
  canonicalSymbols,
  healthySources,
  planRun,
  resultOfRun,
} from '../../../core/adapters/postgres/recovery/runs.ts';
import { needsCredentials } from '../../../core/auth/credentials.ts';
import { type RunReason, runReasons } from '../../../core/contracts/words/run-reasons.ts';
import type { SourceDefinition, SourceJob } from '../../../core/sources/definition.ts';
import type { StepOutcome } from '../recover-source.ts';
import { type Going, lookAgainSeconds, sendUnsent } from './canary.ts';
import { failed } from './end.ts';

/**
 * Asks the first healthy source of the fallbacks for what the failing job asks for, on that source's own quota. Ends the
 * recovery: `mitigated` when the other source brought rows, else `failed` of what the canary failed of.
 */
export async function askFallback(going: Going): Promise<StepOutcome> {
  const { recovery, store, recovering, source } = going;
  const now = () => new Date(recovering.now());
  const proof = proofIn(recovery.steps.find((step) => step.name === 'canary')?.detail ?? null);
  const end = async (status: 'skipped' | 'failed', detail: string): Promise<StepOutcome> => {
    await store.doStep(recovery.id, 'fallback', now(), async () => ({ status, detail }));
    return failed(going, proof);
  };
  if (!source) return end('skipped', 'It has no fallback.');
  let { fallback_source_id: otherId, fallback_run_id: runId } = recovery;
  if (otherId === null || runId === null) {
    const plan = await choose(going, source);
    if (typeof plan === 'string') return end('skipped', plan);
    otherId = plan.other.id;
    runId = await inTransaction(recovering.pool, async (db) => {
      const id = await planRun(db, {
        sourceId: plan.other.id,
        job: plan.job.id,
        kind: plan.job.kind,
        trigger: 'fallback',
        slot: recovery.id,
        dueAt: now(),
        tasks: plan.tasks,
      });
      await db.query(
        `UPDATE recovery SET fallback_source_id = $2, fallback_run_id = $3,
                             deadline_at = greatest(deadline_at, clock_timestamp() + make_interval(secs => $4))
         WHERE id = $1`,
        [recovery.id, plan.other.id, id, fallbackPatienceSeconds],
      );
      return id;
    });
    const symbols = plan.tasks.flat().length;
    await store.tellStep(recovery.id, 'fallback', `Asks ${plan.other.title} for ${symbols} symbols.`);
    await sendUnsent(going, otherId, runId);
    return { waitSeconds: lookAgainSeconds(recovery) };
  }
  await sendUnsent(going, otherId, runId);
  const { end: came } = await resultOfRun(recovering.pool, runId);
  if (!came && (recovery.seconds_left ?? 0) > 0) return { waitSeconds: lookAgainSeconds(recovery) };
  if (!came || came.accepted === 0)
    return end('failed', `${otherId} did not help: ${came?.reason ?? 'no outcome in time'}.`);
  const detail = `${otherId} gave ${came.accepted} rows in its place.`;
  await store.doStep(recovery.id, 'fallback', now(), async () => ({ status: 'done', detail }));
  await store.finish(
    recovery.id,
    {
      status: 'mitigated',
      reason: proof?.reason ?? null,
      message: `The source itself is not well (${proof?.message ?? 'not proven'}). ${detail}`,
    },
    now(),
  );
  return 'ended';
}

interface Plan {
  readonly other: SourceDefinition;
  readonly job: SourceJob;
  readonly tasks: readonly (readonly string[])[];
}

/** Whom to ask for what; or why nobody. */
async function choose({ recovering }: Going, source: SourceDefinition): Promise<Plan | string> {
  if (source.fallbacks.length === 0) return 'The source has no fallback.';
  const { failing } = await conditionOf(recovering.pool, source.id);
  if (!failing) return 'No job of the source has failed, so nothing is missing.';
  const healthy = await healthySources(recovering.pool, source.fallbacks, new Date(recovering.now()));
  const canonical = await canonicalOf(source, failing.job, failing.tasks.flat(), recovering);
  for (const { id, unlocked } of healthy) {
    const other = recovering.sources.find((each) => each.id === id);
    const job = other?.jobs.find((each) => each.kind === failing.kind);
    if (!other || !job || (needsCredentials(other) && !unlocked)) continue;
    const { toSource } = recovering.nameFor(other.id);
    const symbols = canonical.flatMap((symbol) => toSource(symbol) ?? []).slice(0, job.mostSymbols);
    if (symbols.length === 0) continue;
    const tasks: string[][] = [];
    for (let from = 0; from < symbols.length; from += job.symbolsPerTask)
      tasks.push(symbols.slice(from, from + job.symbolsPerTask));
    return { other, job, tasks };
  }
  return healthy.length === 0
    ? `None of its fallbacks (${source.fallbacks.join(', ')}) is healthy.`
    : `None of its fallbacks (${source.fallbacks.join(', ')}) has what is missing.`;
}

/** The canonical symbols of what a job asks for: as they are registered, or else as the job names them. */
async function canonicalOf(
  source: SourceDefinition,
  jobId: string,
  symbols: readonly string[],
  recovering: Going['recovering'],
): Promise<string[]> {
  const registered = await canonicalSymbols(recovering.pool, source.id, symbols);
  const { toSource } = recovering.nameFor(source.id);
  const named = source.jobs.find((job) => job.id === jobId)?.symbols ?? [];
  return symbols.flatMap(
    (symbol) => registered.get(symbol) ?? named.find((canonical) => toSource(canonical) === symbol) ?? [],
  );
}

/** What the canary failed of, as its step says. */
function proofIn(detail: string | null): { reason: RunReason; message: string } | null {
  const [word = '', ...rest] = (detail ?? '').split(': ');
  const reason = runReasons.find((each) => each === word);
  return reason ? { reason, message: rest.join(': ') } : null;
}
