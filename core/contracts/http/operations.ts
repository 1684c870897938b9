import * as z from 'zod';
import { scopes } from '../words/access.ts';
import { causes } from '../words/causes.ts';
import { keptDetailSchema } from '../words/failure-details.ts';
import { healthStatuses } from '../words/health-status.ts';
import { jobKinds } from '../words/job-kinds.ts';
import { keyUses, licenceClasses } from '../words/licence.ts';
import { quarantineReasons } from '../words/quarantine-reasons.ts';
import { keptFindingSchema } from '../words/row-findings.ts';
import { runReasons } from '../words/run-reasons.ts';
import { serviceIds } from '../words/services.ts';
import { triggers } from '../words/triggers.ts';
import { decimal } from './envelope.ts';

const instant = z.iso.datetime();

/** What a score is made of: each 0 to 1, `null` without data. */
const scorePartsSchema = z.object({
  /** Share of tasks that succeeded, the newest weighing most. */
  success: z.number().nullable(),
  /** Share of listings whose newest market time is what the exchange's calendar expects. */
  freshness: z.number().nullable(),
  /** Share of rows that passed the checks. */
  accepted: z.number().nullable(),
  /** 1 while answers take no longer than they used to, 0 from five times as long. */
  latency: z.number().nullable(),
  /** Share of the day's quota that is left. */
  quota: z.number().nullable(),
});

export const sourceHealthSchema = z
  .object({
    status: z.enum(healthStatuses),
    reason: z.enum(runReasons).nullable(),
    /** What it means to a person: the same in incidents and the report (docs/reasons.md). `null` while healthy. */
    cause: z.enum(causes).nullable().default(null),
    /** What exactly is wrong; `null` while healthy. */
    detail: keptDetailSchema.nullable(),
    /** The same in a sentence. */
    message: z.string().nullable(),
    /** Since when the status is what it is. */
    since: instant.nullable(),
    /** 0 to 100; `null` while unknown. */
    score: z.int().min(0).max(100).nullable(),
    parts: scorePartsSchema,
    /** Score by hour, oldest first, at most 24. */
    trend: z.array(z.object({ at: instant, score: z.number().nullable(), status: z.enum(healthStatuses) })),
    lastSuccessAt: instant.nullable(),
    lastFailure: z
      .object({
        at: instant,
        reason: z.enum(runReasons),
        cause: z.enum(causes).nullable().default(null),
        detail: keptDetailSchema,
        message: z.string().nullable(),
        runId: z.uuid(),
      })
      .nullable(),
    /** Why nothing signs in at the source; `null` while logins are made. */
    login: z
      .object({
        /** What the source wants. */
        detail: keptDetailSchema,
        since: instant,
        /** When logins are made again by themselves; `null` where a person has to act. */
        until: instant.nullable(),
        /** What to do, in a sentence. */
        hint: z.string(),
      })
      .nullable()
      .default(null),
    /** Open: no planned requests. Half-open: one run tries whether the source works again. */
    breaker: z.object({
      state: z.enum(['closed', 'open', 'half_open']),
      until: instant.nullable(),
      /** Why it opened. */
      reason: z.enum(runReasons).nullable(),
      /** How often it has opened in a row, each time for longer. */
      opened: z.int(),
    }),
    /** Open incidents, newest first. `GET /incidents/{id}` has the evidence. */
    incidents: z.array(
      z.object({
        id: z.uuid(),
        reason: z.enum(runReasons),
        cause: z.enum(causes).nullable().default(null),
        openedAt: instant,
        lastSeenAt: instant,
        count: z.int().positive(),
      }),
    ),
    quota: z.object({
      minute: z.object({ used: z.int(), limit: z.int() }),
      day: z.object({ used: z.int(), limit: z.int() }),
    }),
    /** Until when the source gets no request, because it asked for a pause or its day has none left; `null` where it may be asked. */
    heldUntil: instant.nullable().default(null),
    nextRunAt: instant.nullable(),
  })
  .meta({ id: 'SourceHealth' });
export type SourceHealthView = z.infer<typeof sourceHealthSchema>;

/** What credentials are: a key, or a login without or with the secret of a second factor. */
const credentialsForm = z.enum(['api-key', 'login', 'totp-login']);

/** Whether a source's credentials are set. Their value is never returned. */
export const credentialsStateSchema = z
  .object({
    sourceId: z.string(),
    form: credentialsForm,
    /** The fields of the body of a PUT. */
    fields: z.array(z.string()),
    isSet: z.boolean(),
    changedAt: instant.nullable(),
    /** What to do while they are not set. */
    hint: z.string().nullable(),
  })
  .meta({ id: 'Credentials' });
export type CredentialsState = z.infer<typeof credentialsStateSchema>;

export const sourceSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    kind: z.enum(['api', 'browser']),
    /** Its data are made up: they come from a simulator, or some did. Never on AWS. */
    simulated: z.boolean().default(false),
    paused: z.boolean(),
    /** When a pause ends automatically; `null` for one that a person ends, and without a pause. */
    pausedUntil: instant.nullable(),
    /** `null` for a source that needs none. A source without its credentials is `unknown` and does not run. */
    credentials: z
      .object({
        form: credentialsForm,
        isSet: z.boolean(),
        changedAt: instant.nullable(),
        hint: z.string().nullable(),
      })
      .nullable(),
    jobs: z.array(
      z.object({
        id: z.string(),
        kind: z.enum(jobKinds),
        /**
         * Seconds between runs; `null` where a cron expression says when. Longer than in the catalogue where there are
         * more symbols than the quota allows.
         */
        everySeconds: z.int().nullable(),
        /** Minute, hour, day, month and weekday, on the clocks of `zone`. */
        cron: z.string().nullable(),
        zone: z.string().nullable(),
        /** Whether each symbol is only fetched while its market trades, and some minutes before and after. */
        inSession: z.boolean(),
        /** By schedule and calendar; `null` while it is not run. */
        nextRunAt: instant.nullable(),
        /** How many symbols it collects. `GET /sources/{id}/symbols` lists them. */
        symbolCount: z.int(),
      }),
    ),
    terms: z.object({ url: z.url(), licence: z.enum(licenceClasses), reviewed: z.iso.date() }),
    lastRun: z
      .object({
        id: z.uuid(),
        job: z.string(),
        status: z.string(),
        dueAt: instant,
        finishedAt: instant.nullable(),
        accepted: z.int(),
        rejected: z.int(),
      })
      .nullable(),
    health: sourceHealthSchema,
  })
  .meta({ id: 'Source' });
export type SourceView = z.infer<typeof sourceSchema>;

/** A symbol that jobs of a source collect. */
export const sourceSymbolSchema = z
  .object({ symbol: z.string(), jobs: z.array(z.string()) })
  .meta({ id: 'SourceSymbol' });

export const runStatuses = ['planned', 'running', 'succeeded', 'partial', 'failed'] as const;
export const taskStatuses = ['planned', 'queued', 'running', 'fetched', 'succeeded', 'failed'] as const;

export const runSchema = z
  .object({
    id: z.uuid(),
    sourceId: z.string(),
    job: z.string(),
    trigger: z.enum(triggers),
    status: z.enum(runStatuses),
    reason: z.enum(runReasons).nullable(),
    /** What that means to a person. */
    cause: z.enum(causes).nullable().default(null),
    dueAt: instant,
    createdAt: instant,
    finishedAt: instant.nullable(),
    tasks: z.int(),
    accepted: z.int(),
    rejected: z.int(),
  })
  .meta({ id: 'Run' });
export type RunView = z.infer<typeof runSchema>;

export const attemptSchema = z
  .object({
    attempt: z.int(),
    startedAt: instant,
    finishedAt: instant.nullable(),
    ok: z.boolean().nullable(),
    reason: z.enum(runReasons).nullable(),
    cause: z.enum(causes).nullable().default(null),
    /** Which failure it was; `null` for a success. `unspecified` where it was kept before there were codes. */
    detail: keptDetailSchema.nullable(),
    message: z.string().nullable(),
    blobKey: z.string().nullable(),
    requests: z.int().nullable(),
    latencyMs: z.number().nullable(),
    /** A failed page: its screenshot, and its HTML as text. */
    artifacts: z.array(z.object({ name: z.string(), url: z.string() })),
  })
  .meta({ id: 'Attempt' });

export const runDetailSchema = runSchema
  .extend({
    parts: z.array(
      z.object({
        part: z.int(),
        status: z.enum(taskStatuses),
        reason: z.enum(runReasons).nullable(),
        cause: z.enum(causes).nullable().default(null),
        detail: keptDetailSchema.nullable(),
        message: z.string().nullable(),
        symbols: z.array(z.string()),
        /** The progress of the part: planned, queued, first started by a worker, */
        plannedAt: instant,
        queuedAt: instant.nullable(),
        startedAt: instant.nullable(),
        /** answered, read into the tables, ended. */
        fetchedAt: instant.nullable(),
        ingestedAt: instant.nullable(),
        finishedAt: instant.nullable(),
        batchId: z.string().nullable(),
        attempts: z.array(attemptSchema),
      }),
    ),
  })
  .meta({ id: 'RunDetail' });
export type RunDetailView = z.infer<typeof runDetailSchema>;

/** Statistics of a batch, by currency. Prices in major units. */
export const batchStatisticsSchema = z
  .object({
    currency: z.string(),
    count: z.int(),
    rejected: z.int(),
    mean: decimal.nullable(),
    median: decimal.nullable(),
    min: decimal.nullable(),
    max: decimal.nullable(),
    up: z.int(),
    down: z.int(),
    unchanged: z.int(),
    volume: decimal.nullable(),
  })
  .meta({ id: 'BatchStatistics' });

export const quarantineSchema = z
  .object({
    id: z.string(),
    /** When it was held back last: a replay that rejects it again makes it another row. */
    at: instant,
    /** When it was held back first, whatever replays came after. */
    firstSeenAt: instant,
    sourceId: z.string(),
    reason: z.enum(quarantineReasons),
    symbol: z.string().nullable(),
    /** What a check found wrong with it. */
    finding: keptFindingSchema,
    /** The same for people. */
    detail: z.string(),
    path: z.string(),
    /** The row as it was read, where it could be read. Times are ISO 8601. */
    row: z.record(z.string(), z.unknown()).nullable(),
    runId: z.uuid(),
    blobKey: z.string(),
    batchId: z.string(),
    /** When it left the quarantine: a replay found it in order, or it was discarded. */
    resolvedAt: instant.nullable(),
    /** Who decided that nothing is to be done about it, and why. */
    discarded: z.object({ at: instant, by: z.uuid().nullable(), because: z.string() }).nullable(),
  })
  .meta({ id: 'QuarantinedRow' });
export type QuarantineView = z.infer<typeof quarantineSchema>;

export const serviceSchema = z
  .object({
    id: z.enum(serviceIds),
    running: z.boolean(),
    /** While it is stopped: when it resumes automatically. */
    stoppedUntil: instant.nullable(),
    changedAt: instant.nullable(),
  })
  .meta({ id: 'Service' });
export type ServiceView = z.infer<typeof serviceSchema>;

export const queueSchema = z
  .object({
    name: z.string(),
    waiting: z.int(),
    inFlight: z.int(),
    /** Messages in the queue's dead-letter queue. */
    dead: z.int(),
  })
  .meta({ id: 'Queue' });
export type QueueView = z.infer<typeof queueSchema>;

/** A message that kept failing. The body is cut at 4 KB and is untrusted data. */
export const deadLetterSchema = z
  .object({
    queue: z.string(),
    messageId: z.string(),
    sentAt: instant.nullable(),
    receiveCount: z.int(),
    body: z.string(),
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetterView = z.infer<typeof deadLetterSchema>;

export const signInSchema = z
  .union([z.strictObject({ key: z.string().max(200) }), z.strictObject({ token: z.string().max(200) })])
  .meta({ id: 'SignIn', description: 'An API key, or the one-time token that `npm start` prints' });
export const sessionSchema = z
  .object({ name: z.string(), scopes: z.array(z.enum(scopes)), use: z.enum(keyUses), expiresAt: instant })
  .meta({ id: 'Session' });
export type SessionView = z.infer<typeof sessionSchema>;

/** One hour or day of a source's health. */
export const healthSampleSchema = z
  .object({
    at: instant,
    /** Of an hour the last; of a day the worst. */
    status: z.enum(healthStatuses),
    /** Of an hour the last; of a day the mean. */
    score: z.number().nullable(),
    lowest: z.number().nullable(),
    /** Tasks that ended in this time. */
    succeeded: z.int(),
    failed: z.int(),
    /** What the score was made of, as `score`; all `null` before these were kept. */
    parts: scorePartsSchema,
  })
  .meta({ id: 'HealthSample' });
export type HealthSampleView = z.infer<typeof healthSampleSchema>;

/** Pauses a source or stops a service. Without `until`, until someone starts it again. */
export const stopRequestSchema = z
  .strictObject({
    until: instant.nullable().optional().describe('When it resumes automatically: within the next year'),
  })
  .meta({ id: 'StopRequest' });

/** "Run now". Without `job`, every job of the source. */
export const runRequestSchema = z.strictObject({ job: z.string().max(64).optional() }).meta({ id: 'RunRequest' });

/** The requested runs, by job; `id` is that of the first. They appear under /runs within seconds. */
export const runAcceptedSchema = z
  .object({ id: z.uuid(), status: z.literal('planned'), runs: z.array(z.object({ job: z.string(), id: z.uuid() })) })
  .meta({ id: 'RunAccepted' });

/** The events that wait for the relay: how many, and the age of the oldest in seconds. */
export const eventsWaitingSchema = z.object({ waiting: z.int(), oldestSeconds: z.number() });

export const servicesSchema = z
  .object({
    services: z.array(serviceSchema),
    queues: z.array(queueSchema),
    /** `null` of an API that does not say it. */
    events: eventsWaitingSchema.nullable().default(null),
  })
  .meta({ id: 'Services' });

export const redriveRequestSchema = z.strictObject({ queue: z.string().min(1).max(80) }).meta({ id: 'RedriveRequest' });
export const redriveSchema = z
  .object({
    queue: z.string(),
    moved: z.int(),
    /** Whether there may be more: one request moves a bounded number. */
    more: z.boolean(),
  })
  .meta({ id: 'Redrive' });
