import * as z from 'zod';
import { barIntervals } from '../market/bar.ts';
import { keptDetailSchema } from './words/failure-details.ts';
import { jobKinds } from './words/job-kinds.ts';
import { runReasons } from './words/run-reasons.ts';
import { triggers } from './words/triggers.ts';

const instant = z.iso.datetime();
const sourceId = z.string().regex(/^[a-z][a-z0-9-]{1,31}$/);

/**
 * Since when a message waits for a database that is away. The function that reads the message sets it when it queues a copy; the
 * first sender leaves it out.
 */
const heldSince = instant.optional();

/**
 * What EventBridge sends each minute, and what tests and people send instead of it. The tick's own time is the
 * planner's clock; nothing reads the wall clock.
 */
export const tickSchema = z.object({
  time: instant,
  /** Plan these jobs now, whatever their schedule says: the first cycle and "run now". */
  run: z
    .object({
      sourceId: sourceId.optional(),
      job: z.string().optional(),
      trigger: z.enum(triggers),
      /** Makes the run's id: the same request twice is one run. */
      requestId: z.string().min(1).max(128),
    })
    .optional(),
  heldSince,
});
export type Tick = z.infer<typeof tickSchema>;

/** A range of bars: dates, the last one included. */
export const barRangeSchema = z.object({ from: z.iso.date(), to: z.iso.date(), interval: z.enum(barIntervals) });
export type BarRange = z.infer<typeof barRangeSchema>;

/** One part of a run, on the queue of its source. */
export const scrapeMessageSchema = z.object({
  runId: z.uuid(),
  part: z.int().nonnegative(),
  sourceId,
  job: z.string(),
  kind: z.enum(jobKinds),
  /** In the source's own namespace. */
  symbols: z.array(z.string()).min(1),
  /** Bars of this range in place of the job's own: a chunk of a backfill. */
  range: barRangeSchema.optional(),
  /** The canary of a recovery: its permits are noted as such. */
  canary: z.boolean().optional(),
  /** Use no stored state: a browser starts with a new profile and a new login. */
  fresh: z.boolean().optional(),
  heldSince,
});
export type ScrapeMessage = z.infer<typeof scrapeMessageSchema>;

/** A recovery that is pending or under way. While it must wait, it requeues this message. */
export const recoveryMessageSchema = z.object({ recoveryId: z.uuid(), heldSince });
export type RecoveryMessage = z.infer<typeof recoveryMessageSchema>;

/** A raw blob to ingest. Keys, never payloads. */
export const ingestMessageSchema = z.object({
  blobKey: z.string().min(1),
  runId: z.uuid(),
  part: z.int().nonnegative(),
  attempt: z.int().positive(),
  sourceId,
  job: z.string(),
  kind: z.enum(jobKinds),
  /** Set for a replay. `believe` are paths in the blob whose price a person vouches for. */
  replay: z.object({ id: z.uuid(), believe: z.array(z.string().max(500)).max(500) }).optional(),
  heldSince,
});
export type IngestMessage = z.infer<typeof ingestMessageSchema>;

/**
 * The result of one attempt (`scrape`), or that a blob was read (`ingest`): either makes the monitor judge the source.
 */
export const outcomeMessageSchema = z.discriminatedUnion('stage', [
  z.object({
    stage: z.literal('scrape'),
    runId: z.uuid(),
    part: z.int().nonnegative(),
    attempt: z.int().positive(),
    sourceId,
    ok: z.boolean(),
    reason: z.enum(runReasons).nullable(),
    /** One of another release may lack it. */
    detail: keptDetailSchema.nullable().default(null),
    message: z.string().max(500).nullable(),
    blobKey: z.string().nullable(),
    requests: z.int().nonnegative(),
    latencyMs: z.number().nonnegative(),
    /** Seconds of the upstream's `Retry-After`. */
    retryAfterSeconds: z.number().nonnegative().nullable(),
    /** S3 keys of screenshots and HTML of a failed page. */
    artifacts: z.array(z.string().max(500)).max(10).optional(),
    finishedAt: instant,
    heldSince,
  }),
  z.object({
    stage: z.literal('ingest'),
    runId: z.uuid(),
    part: z.int().nonnegative(),
    sourceId,
    batchId: z.string(),
    heldSince,
  }),
]);
export type OutcomeMessage = z.infer<typeof outcomeMessageSchema>;
export type ScrapeOutcome = Extract<OutcomeMessage, { stage: 'scrape' }>;

/** An export that is under way. Its worker requeues this message after each stretch of work. */
export const exportMessageSchema = z.object({ exportId: z.uuid(), heldSince });
export type ExportMessage = z.infer<typeof exportMessageSchema>;

/** A report that waits for the summary of a language model. */
export const summaryMessageSchema = z.object({ diagnosisId: z.uuid(), heldSince });
