import * as z from 'zod';
import { quarantineReasons } from '../words/quarantine-reasons.ts';

const instant = z.iso.datetime();

/** Which rows of the quarantine to read anew: those that fit all that is given. */
export const replayRequestSchema = z
  .object({
    ids: z
      .array(z.string().regex(/^\d{1,18}$/, 'is no id of a row'))
      .min(1)
      .max(500)
      .optional(),
    sourceId: z
      .string()
      .regex(/^[a-z][a-z0-9-]{1,31}$/)
      .optional(),
    reason: z.enum(quarantineReasons).optional(),
    /** Vouches for the prices of these quotes, though they jump. Prices in the wrong unit are never believed. */
    believe: z.boolean().default(false),
  })
  .refine(({ ids, sourceId, reason }) => ids !== undefined || sourceId !== undefined || reason !== undefined, {
    message: 'name ids, a sourceId or a reason',
  })
  .meta({ id: 'ReplayRequest' });

export const replayAcceptedSchema = z
  .object({
    id: z.uuid(),
    status: z.literal('queued'),
    /** Raw blobs that are read anew, and rows of the quarantine that were chosen in them. */
    blobs: z.int(),
    rows: z.int(),
    /** Whether there are more than one request takes: ask again when this one is done. */
    more: z.boolean(),
  })
  .meta({ id: 'ReplayAccepted' });

export const replaySchema = z
  .object({
    id: z.uuid(),
    status: z.enum(['queued', 'done']),
    requestedAt: instant,
    blobs: z.int(),
    /** Of them, read by now; with what came of their rows. */
    read: z.int(),
    accepted: z.int(),
    rejected: z.int(),
    /** Rows that were new, or replaced what was stored. */
    written: z.int(),
  })
  .meta({ id: 'Replay' });
