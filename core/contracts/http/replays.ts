import * as z from 'zod';
import { quarantineReasons } from '../words/quarantine-reasons.ts';

const instant = z.iso.datetime();

/** Of these fields at least one must be given. */
const choosing = ['ids', 'sourceId', 'reason'] as const;

/** Quarantined rows that match all given fields. */
const chosenRows = {
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
};

const named = (request: Readonly<Record<string, unknown>>) => choosing.some((field) => request[field] !== undefined);
const oneIsNamed = { message: 'name ids, a sourceId or a reason' };
// JSON Schema cannot know what a condition says.
const anyOf = choosing.map((field) => ({ required: [field] }));

/** Which quarantined rows to replay. */
export const replayRequestSchema = z
  .strictObject({
    ...chosenRows,
    /** Accepts the prices of these quotes, however far they are from what is known: a person vouches for them. */
    believe: z.boolean().default(false),
  })
  .refine(named, oneIsNamed)
  .meta({ id: 'ReplayRequest', anyOf });

/** Which quarantined rows nothing is to be done about, and why. */
export const discardRequestSchema = z
  .strictObject({ ...chosenRows, because: z.string().trim().min(1).max(500).describe('Why; kept with the rows') })
  .refine(named, oneIsNamed)
  .meta({ id: 'DiscardRequest', anyOf });

export const discardedSchema = z
  .object({
    discarded: z.int(),
    /** Whether there are more than one request takes: send it again. */
    more: z.boolean(),
  })
  .meta({ id: 'Discarded' });

export const replayAcceptedSchema = z
  .object({
    id: z.uuid(),
    status: z.literal('queued'),
    /** Raw blobs that are read again, and the quarantined rows selected in them. */
    blobs: z.int(),
    rows: z.int(),
    /** Whether there are more than one request takes: send another one when this is done. */
    more: z.boolean(),
  })
  .meta({ id: 'ReplayAccepted' });

export const replaySchema = z
  .object({
    id: z.uuid(),
    /** `failed`: all were tried, and some cannot be read any more. */
    status: z.enum(['queued', 'done', 'failed']),
    requestedAt: instant,
    blobs: z.int(),
    /** How many of them have been read, and the result of their rows. */
    read: z.int(),
    /** How many of them are gone, damaged or too large. */
    failed: z.int().default(0),
    accepted: z.int(),
    rejected: z.int(),
    /** How many rows have left the quarantine: 0 where all were held back again. */
    released: z.int(),
    /** Rows that were new, or replaced what was stored. */
    written: z.int(),
  })
  .meta({ id: 'Replay' });
