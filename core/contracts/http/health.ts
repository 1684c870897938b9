import * as z from 'zod';
import { causes } from '../words/causes.ts';
import { healthStatuses, scoreCaps, systemStatuses } from '../words/health-status.ts';
import { runReasons } from '../words/run-reasons.ts';

const instant = z.iso.datetime();
const checkStatus = z.enum(['pass', 'warn', 'fail']);

/** What is not well: a source, a stopped service, or a check of /health that warns. */
export const attentionSchema = z
  .object({
    kind: z.enum(['source', 'service', 'check']),
    /** The id of the source or service, or the name of the check. */
    id: z.string(),
    /** What a person calls it. */
    title: z.string(),
    /** Of a source its status; a stopped service is `paused`; `null` for a check. */
    status: z.enum(healthStatuses).nullable(),
    reason: z.enum(runReasons).nullable(),
    /** What it means to a person, as in the source's health. */
    cause: z.enum(causes).nullable().default(null),
    /** Until when the source gets no request; `null` where it may be asked. */
    until: instant.nullable().default(null),
  })
  .meta({ id: 'Attention' });
export type Attention = z.infer<typeof attentionSchema>;

/** How the installation does as a whole: one judgement, which /health, the command line and the report show. */
export const systemHealthSchema = z
  .object({
    status: z.enum(systemStatuses),
    /** 0 to 100; `null` while no source was judged. */
    score: z.int().min(0).max(100).nullable(),
    /** The mean of the sources that run, before any cap. */
    mean: z.int().min(0).max(100).nullable(),
    /** What holds the score below the mean; `null` where nothing does. */
    cap: z.object({ rule: z.enum(scoreCaps), most: z.int() }).nullable(),
    /** The same in a sentence, the worst first. */
    headline: z.string(),
    sources: z.object({
      total: z.int(),
      healthy: z.int(),
      /** Sources that were not judged: not run yet, or without their credentials. */
      unknown: z.int(),
    }),
    /** Worst first. Empty where the status is `healthy`. */
    attention: z.array(attentionSchema),
  })
  .meta({ id: 'SystemHealth' });
export type SystemHealth = z.infer<typeof systemHealthSchema>;

/** `application/health+json`. */
export const healthSchema = z
  .object({
    status: checkStatus,
    version: z.string(),
    /** Whether data are made up: some sources are simulated. Never on AWS. */
    simulated: z.boolean().default(false),
    /** The ids of these sources. */
    simulatedSources: z.array(z.string()).default([]),
    sources: z.object({ total: z.int(), healthy: z.int() }),
    /** `null` without a key, and where the database cannot be reached. */
    system: systemHealthSchema.nullable(),
    checks: z.record(
      z.string(),
      z.array(z.object({ status: checkStatus, observedValue: z.unknown(), output: z.string().optional() })),
    ),
  })
  .meta({ id: 'Health' });
export type HealthView = z.infer<typeof healthSchema>;

/** One minute or hour of what was stored, and of what waited for the relay of events. */
export const flowSampleSchema = z
  .object({
    at: instant,
    batches: z.int(),
    /** Rows that were new or changed. */
    rows: z.int(),
    /** Events that waited as the monitor looked, of an hour the most; `null` where it did not look. */
    waiting: z.int().nullable(),
    /** The age of the oldest of them, of an hour the greatest. */
    oldestSeconds: z.number().nullable(),
  })
  .meta({ id: 'FlowSample' });
export type FlowSampleView = z.infer<typeof flowSampleSchema>;

/** One hour or day of the installation's health. */
export const systemSampleSchema = z
  .object({
    at: instant,
    /** Of an hour the last; of a day the worst. */
    status: z.enum(systemStatuses),
    /** Of an hour the last; of a day the mean. */
    score: z.number().nullable(),
    lowest: z.number().nullable(),
  })
  .meta({ id: 'SystemHealthSample' });
