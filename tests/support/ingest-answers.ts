/** Answers of an upstream that take the way of a task: attempt, raw blob, `ingest`, `monitor`. Part of `World`. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresPlanStore } from '../../core/adapters/postgres/work/plan-store.ts';
import type { Exchange } from '../../core/contracts/blob.ts';
import type { IngestMessage, ScrapeMessage, ScrapeOutcome } from '../../core/contracts/messages.ts';
import { runIdOf } from '../../core/contracts/run-id.ts';
import { rawBlobKey } from '../../core/contracts/s3-keys.ts';
import { type FailureDetail, keptDetailSchema } from '../../core/contracts/words/failure-details.ts';
import type { JobKind } from '../../core/contracts/words/job-kinds.ts';
import { keptFindingSchema, type RowFinding } from '../../core/contracts/words/row-findings.ts';
import type { PlannedRun } from '../../core/planning/plan.ts';
import type { RawStore } from '../../core/ports/raw-store.ts';
import { holdAfter, retryAfterOf } from '../../core/scraping/retry-after.ts';
import { ingestQueueOf, knownSource, parserOf } from '../../core/sources/catalogue.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import type { Pipeline, PipelineStores } from './pipeline.ts';

/** Answers of one upstream, as an attempt at a task would have kept them. */
export interface IngestedBlob {
  /** A source's id: `yahoo`. */
  readonly source: string;
  readonly kind: JobKind;
  /** A job of the source; its first one of this kind unless given. */
  readonly job?: string | undefined;
  /** At least one. `request.symbols` are in the source's namespace. */
  readonly exchanges: readonly Exchange[];
}

/** How the task of a blob ended. */
export interface IngestResult {
  /** `succeeded` or `failed`; `fetched` while the service `ingest` is stopped. */
  readonly status: string;
  /** A reason of docs/reasons.md, or `null`. */
  readonly reason: string | null;
  /** Which failure it was, with its figures. */
  readonly detail: FailureDetail | null;
  readonly message: string | null;
  readonly accepted: number;
  readonly rejected: number;
  /** The rows of it that are in quarantine, in the order of the answer. */
  readonly held: readonly HeldRow[];
}

/** A row in quarantine. */
export interface HeldRow {
  /** A reason of docs/reasons.md: `unit_suspect`. */
  readonly reason: string;
  readonly symbol: string | null;
  /** The row as it was read; `null` for one that could not be. */
  readonly row: unknown;
  /** What is wrong with it: a code with its figures, and the same for people. */
  readonly detail: RowFinding & { readonly text: string };
}

const taskRow = z.object({
  status: z.string(),
  reason: z.string().nullable(),
  detail: keptDetailSchema.nullable(),
  message: z.string().nullable(),
  accepted: z.int().nullable(),
  rejected: z.int().nullable(),
});
const heldRow = z
  .object({
    reason: z.string(),
    symbol: z.string().nullable(),
    row: z.unknown(),
    finding: keptFindingSchema,
    detail: z.string(),
  })
  .transform(({ finding, detail: text, ...held }): HeldRow => ({ ...held, detail: { ...finding, text } }));

/** What an attempt has fetched and kept, and the two messages that it sends then. */
export interface FetchedAnswers {
  readonly message: IngestMessage;
  readonly outcome: ScrapeOutcome;
}

/** Where an attempt is begun and its blob kept. */
interface Fetching {
  readonly pool: Pool;
  readonly stages: Pick<Pipeline, 'state'>;
  readonly stores: { readonly blobs: RawStore };
  /** Milliseconds since the epoch. */
  readonly now: number;
}

interface Cloud extends Fetching {
  readonly stages: Pipeline;
  readonly stores: PipelineStores;
}

/** See `World.ingest`. */
export async function ingestAnswers(blob: IngestedBlob, cloud: Cloud): Promise<IngestResult> {
  const { pool, stages, stores } = cloud;
  const { message, outcome } = await fetchAnswers(blob, cloud);
  await stores.queue.send(ingestQueueOf(message.sourceId), [message]);
  await stores.queue.send('outcomes', [outcome]);
  await stages.monitor();
  await stages.ingest();
  await stages.monitor();
  await stages.judge();

  const { rows: ended } = await pool.query(
    'SELECT status, reason, detail, message, accepted, rejected FROM task WHERE run_id = $1 AND part = $2',
    [message.runId, message.part],
  );
  const { rows: held } = await pool.query(
    'SELECT reason, symbol, row, finding, detail FROM quarantine WHERE run_id = $1 AND part = $2 ORDER BY id',
    [message.runId, message.part],
  );
  const { accepted, rejected, ...end } = taskRow.parse(ended[0]);
  return { ...end, accepted: accepted ?? 0, rejected: rejected ?? 0, held: z.array(heldRow).parse(held) };
}

/** Plans a task for answers, begins its attempt and keeps its blob. Its messages are for the caller to send, or to lose. */
export async function fetchAnswers(
  { source: sourceId, kind, job: jobId, exchanges }: IngestedBlob,
  { pool, stages, stores, now }: Fetching,
): Promise<FetchedAnswers> {
  const source = knownSource(sourceId);
  const job = source.jobs.find((each) => (jobId === undefined ? each.kind === kind : each.id === jobId));
  const last = exchanges.at(-1);
  if (!job) throw new Error(`Source ${sourceId} has no job ${jobId ?? `of the kind ${kind}`}.`);
  if (!last) throw new Error('A blob has at least one exchange.');
  const symbols = [...new Set(exchanges.flatMap((exchange) => exchange.request.symbols))];
  const task = await plannedTask(pool, { source, kind, job: job.id, symbols, now: new Date(now) });
  const { runId, part } = task;

  // Its requests have been made: neither quota nor a `Retry-After` can forbid them any more.
  await pool.query('DELETE FROM permit WHERE source_id = $1', [sourceId]);
  await pool.query('UPDATE source_state SET held_until = NULL WHERE source_id = $1', [sourceId]);
  const begun = await stages.state.call({ op: 'beginAttempt', runId, part, worker: 'world', requests: 1 });
  if (!begun.go) throw new Error(`The attempt could not begin: ${begun.why}.`);

  const { attempt } = begun;
  const createdAt = last.fetchedAt;
  const blobKey = rawBlobKey({ sourceId, createdAt, runId, part, attempt });
  const of = { runId, part, attempt, sourceId, job: job.id, kind };
  await stores.blobs.put(blobKey, { version: 1, ...of, createdAt, exchanges: [...exchanges] });

  const parser = await parserOf(sourceId);
  const failures = exchanges.map((exchange) => parser.failureIn(kind, exchange));
  const ok = failures.includes(null);
  const failure = ok ? null : (failures[0] ?? null);
  const hold = holdAfter(last, failures.at(-1) ?? null, now);
  if (hold !== null && hold > 0) await stages.state.call({ op: 'holdSource', sourceId, seconds: hold });
  const outcome: ScrapeOutcome = {
    stage: 'scrape',
    runId,
    part,
    attempt,
    sourceId,
    ok,
    reason: failure?.reason ?? null,
    detail: failure?.detail ?? null,
    message: failure?.message ?? null,
    blobKey,
    requests: exchanges.length,
    latencyMs: exchanges.reduce((sum, exchange) => sum + exchange.latencyMs, 0),
    retryAfterSeconds: retryAfterOf(last, now),
    artifacts: [],
    finishedAt: new Date(now).toISOString(),
  };
  return { message: { blobKey, ...of }, outcome };
}

/** A run with one task that a person asked for, planned and sent. */
async function plannedTask(
  pool: Pool,
  of: { source: SourceDefinition; kind: JobKind; job: string; symbols: string[]; now: Date },
): Promise<ScrapeMessage> {
  const sourceId = of.source.id;
  const due = { trigger: 'manual', slot: randomUUID(), dueAt: of.now } as const;
  const run: PlannedRun = {
    id: runIdOf({ sourceId, job: of.job, trigger: due.trigger, slot: due.slot }),
    sourceId,
    job: of.job,
    kind: of.kind,
    ...due,
    tasks: [of.symbols],
  };
  const plans = postgresPlanStore(pool);
  await plans.plan(of.now, [], () => ({ runs: [run], plannedTo: new Map() }));
  const task: ScrapeMessage = {
    runId: run.id,
    part: 0,
    sourceId,
    job: of.job,
    kind: of.kind,
    symbols: of.symbols,
  };
  await plans.markSent([task]);
  return task;
}
