import * as z from 'zod';
import { barIntervals } from '../../market/bar.ts';

const instant = z.iso.datetime();

/** The maximum number of chunks of one backfill: about a day and a half of work within Yahoo's quota. */
export const mostChunks = 5_000;

/** A request for bars of the past: of these symbols, from one date to another, both included. */
export const backfillRequestSchema = z
  .strictObject({
    sourceId: z.string().min(1).max(64),
    symbols: z.array(z.string().min(1).max(40)).min(1).max(500),
    interval: z.enum(barIntervals).default('1d'),
    from: z.iso.date(),
    /** Default: today. */
    to: z.iso.date().optional(),
    /** Only says what it would cost. */
    dryRun: z.boolean().optional(),
  })
  .meta({ id: 'BackfillRequest' });

/** What a backfill would cost, and when it would be done: the answer to a dry run. */
export const backfillForecastSchema = z
  .object({
    sourceId: z.string(),
    interval: z.enum(barIntervals),
    symbols: z.array(z.string()),
    from: z.iso.date(),
    to: z.iso.date(),
    /** Requests to the source, logins and retries not counted. */
    calls: z.int(),
    /** Calls as a fraction of the source's quota of a day, of which backfills may use half. */
    shareOfDay: z.number(),
    /** On how many days (UTC) it would make calls. */
    days: z.int(),
    /** When it would be done at the earliest. */
    doneAt: instant,
  })
  .meta({ id: 'BackfillForecast' });
export type BackfillForecastView = z.infer<typeof backfillForecastSchema>;

export const backfillStatuses = ['planned', 'running', 'succeeded', 'partial', 'failed', 'cancelled'] as const;

/** A backfill and its progress. Its chunks are the tasks of the run of the same id. */
export const backfillSchema = z
  .object({
    id: z.uuid(),
    sourceId: z.string(),
    interval: z.enum(barIntervals),
    symbols: z.array(z.string()),
    from: z.iso.date(),
    to: z.iso.date(),
    status: z.enum(backfillStatuses),
    createdAt: instant,
    finishedAt: instant.nullable(),
    chunks: z.object({
      total: z.int(),
      done: z.int(),
      failed: z.int(),
      /** Being worked on or queued. */
      running: z.int(),
      /** Waiting for their turn, their quota or a retry. */
      waiting: z.int(),
      cancelled: z.int(),
    }),
    /** Bars that passed the checks so far. */
    rows: z.int(),
    /** When it will be done, judged by its pace so far, or by the quota before there is one; `null` once it has ended. */
    etaAt: instant.nullable(),
  })
  .meta({ id: 'Backfill' });
export type BackfillView = z.infer<typeof backfillSchema>;
