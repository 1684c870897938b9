import * as z from 'zod';
import { failureSchema } from '../failure.ts';
import { causes } from '../words/causes.ts';
import { keptDetailSchema } from '../words/failure-details.ts';
import { runReasons } from '../words/run-reasons.ts';

const instant = z.iso.datetime();

/** One failure that an incident rests on. */
export const evidenceSchema = z
  .object({
    at: instant,
    runId: z.uuid().nullable(),
    part: z.int().nullable(),
    /** Which failure it was. `unspecified` in evidence of a release before there were codes. */
    detail: keptDetailSchema,
    message: z.string().nullable(),
    blobKey: z.string().nullable(),
    /** S3 keys of screenshots and HTML of a failed page. */
    artifacts: z.array(z.string()),
  })
  .meta({ id: 'Evidence' });
export type Evidence = z.infer<typeof evidenceSchema>;

/** Something that is, or was, wrong with a source: at most one open incident for each reason. */
export const incidentSchema = z
  .object({
    id: z.uuid(),
    sourceId: z.string(),
    reason: z.enum(runReasons),
    /** What it means to a person, by its newest evidence: the same as in the source's health. */
    cause: z.enum(causes).nullable().default(null),
    status: z.enum(['open', 'resolved']),
    openedAt: instant,
    lastSeenAt: instant,
    resolvedAt: instant.nullable(),
    /** The number of failures. */
    count: z.int().positive(),
    /** How often it came back after it had seemed over: of a source that fails and works in turn. */
    cameBack: z.int().nonnegative().default(0),
    /** The first and the newest of them, oldest first, at most ten. */
    evidence: z.array(evidenceSchema),
  })
  .meta({ id: 'Incident' });
export type IncidentView = z.infer<typeof incidentSchema>;

export const recoveryStatuses = ['pending', 'running', 'verified', 'mitigated', 'failed'] as const;
export type RecoveryStatus = (typeof recoveryStatuses)[number];

export const recoveryStepSchema = z.object({
  name: z.string(),
  status: z.enum(['running', 'done', 'skipped', 'failed']),
  startedAt: instant,
  finishedAt: instant.nullable(),
  /** For people. */
  detail: z.string().nullable(),
  /** Why it failed, where that is known. */
  failure: failureSchema.nullable().default(null),
});
export type RecoveryStep = z.infer<typeof recoveryStepSchema>;

/** An attempt to make a source work again, step by step. `verified` only after a canary brought an accepted row of this session. */
export const recoverySchema = z
  .object({
    id: z.uuid(),
    sourceId: z.string(),
    trigger: z.enum(['automatic', 'manual']),
    strategy: z.string().nullable(),
    status: z.enum(recoveryStatuses),
    /** Why the source failed when it began; of a failed recovery, why its canary failed. */
    reason: z.enum(runReasons).nullable(),
    /** What that failure of the canary means to a person. */
    cause: z.enum(causes).nullable().default(null),
    /** Which failure of the canary it ended with; `null` for one that is verified or under way. */
    detail: keptDetailSchema.nullable(),
    message: z.string().nullable(),
    steps: z.array(recoveryStepSchema),
    requestedAt: instant,
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
    /**
     * Of a verified recovery, what was changed before its proof succeeded. `other_selectors` alone: the same proof had
     * failed before that change. None: nothing was changed, it works again by itself. `null` for one that is not verified.
     */
    healedBy: z.array(z.string()).nullable().default(null),
    /** The newest canary. */
    canaryRunId: z.uuid().nullable(),
    /** The source that replaced this one, and its run. */
    fallback: z.object({ sourceId: z.string(), runId: z.uuid() }).nullable(),
    /** Whether the source stayed healthy for an hour afterwards; `null` before that is known. */
    held: z.boolean().nullable(),
  })
  .meta({ id: 'Recovery' });
export type RecoveryView = z.infer<typeof recoverySchema>;

/** `POST /sources/{id}/recover`: the recovery is under way; `Location` shows it. */
export const recoveryAcceptedSchema = z
  .object({ id: z.uuid(), status: z.literal('pending'), sourceId: z.string() })
  .meta({ id: 'RecoveryAccepted' });

/**
 * `POST /sources/recover`: some sources by name, or what fails, everywhere or of a kind. A healthy source is recovered only
 * by its name. `proxy` is the Yahoo proxy, `yahoo-proxy`. `all` is deprecated and means `failing`.
 */
export const recoverRequestSchema = z
  .union([
    z.strictObject({ ids: z.array(z.string().min(1).max(64)).min(1).max(50) }),
    z.strictObject({ failing: z.literal(true) }),
    z.strictObject({ kind: z.enum(['api', 'browser', 'proxy']) }),
    z.strictObject({ all: z.literal(true) }).meta({ deprecated: true }),
  ])
  .meta({ id: 'RecoverRequest' });

/** Why a source is not recovered now. */
export const recoveryRefusals = [
  'unknown_source',
  'recovery_running',
  'source_paused',
  'credentials_missing',
  'login_on_hold',
] as const;
export type RecoveryRefusal = (typeof recoveryRefusals)[number];

/** What became of the request for each source, in the order of the catalogue. */
export const recoveriesAcceptedSchema = z
  .array(
    z.object({
      sourceId: z.string(),
      accepted: z.boolean(),
      /** Of the recovery; of the one that runs already where that is why. */
      id: z.uuid().nullable(),
      refusal: z.object({ code: z.enum(recoveryRefusals), message: z.string() }).nullable(),
    }),
  )
  .meta({ id: 'RecoveriesAccepted' });
