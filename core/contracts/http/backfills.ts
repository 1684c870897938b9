import * as z from 'zod';
import { barIntervals } from '../../market/bar.ts';

const instant = z.iso.datetime();

/** Most chunks of one backfill: about a day and a half of work at Yahoo's share. */
export const mostChunks = 5_000;

/** Bars to be read for the past: of these symbols, from one date to another, both included. */
export const backfillRequestSchema = z
  .strictObject({
    sourceId: z.string().min(1).max(64),
    symbols: z.array(z.string().min(1).max(40)).min(1).max(500),
    interval: z.enum(barIntervals).default('1d'),
    from: z.iso.date(),
    /** Today unless said. */
    to: z.iso.date().optional(),
  })
  .meta({ id: 'BackfillRequest' });

export const backfillStatuses = ['planned', 'running', 'succeeded', 'partial', 'failed', 'cancelled'] as const;

/** A backfill and how far it is. Its chunks are the tasks of the run of the same id. */
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
      /** With a worker, or on the way to one. */
      running: z.int(),
      /** For their turn, their quota, or another try. */
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
