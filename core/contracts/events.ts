import * as z from 'zod';
import { barIntervals } from '../market/bar.ts';
import { recoveryStatuses } from './http/recovery.ts';
import { healthStatuses } from './words/health-status.ts';
import { jobKinds } from './words/job-kinds.ts';
import { runReasons } from './words/run-reasons.ts';

/*
 * What Quotron reports to those who follow it. An event says what has happened and where it can be read, by id: it
 * carries no prices. It is written in the transaction of what it reports, so the two are there together or not at all.
 */

const instant = z.iso.datetime();
const sourceId = z.string().min(1);
const count = z.int().nonnegative();
const reason = z.enum(runReasons);

/** Rows of one raw blob, in the transaction that stored them. `written` counts new and changed rows, `revised` changed ones. */
const ofBatch = {
  batchId: z.string().regex(/^\d+$/),
  sourceId,
  runId: z.uuid(),
  part: count,
  blobKey: z.string(),
  parserVersion: z.string(),
};
const batch = z.object({
  ...ofBatch,
  accepted: count,
  rejected: count,
  written: count,
  revised: count,
});

const incident = z.object({ incidentId: z.uuid(), sourceId, reason, count, at: instant });

const stored = jobKinds.map((kind) => `${kind}.stored` as const);
const revised = jobKinds.map((kind) => `${kind}.revised` as const);

/** All events, by type. Adding a field or a type is compatible; taking one away, or changing what one means, is not. */
export const eventSchema = z.discriminatedUnion('type', [
  /** Accepted rows of a batch, whether new or known before. */
  z.object({ type: z.enum(stored), data: batch }),
  /** Rows whose content changed: the former content is kept as a revision. */
  z.object({ type: z.enum(revised), data: batch }),
  z.object({ type: z.literal('quarantine.added'), data: batch }),
  /**
   * Bars, splits and payments that a source does not tell any more: they are kept, and neither served nor used until an
   * answer has them again. By listing and interval; those of a listing's splits and payments are of its days.
   */
  z.object({
    type: z.literal('bars.withdrawn'),
    data: z.object({
      ...ofBatch,
      bars: count,
      actions: count,
      listings: z
        .array(
          z.object({
            listingId: z.int(),
            interval: z.enum(barIntervals),
            bars: count,
            actions: count,
            /** The first and the last of their days. */
            from: z.iso.date(),
            to: z.iso.date(),
          }),
        )
        .min(1),
    }),
  }),
  /** From a day on a symbol means another listing, or a listing has another symbol. */
  z.object({
    type: z.literal('listing.changed'),
    data: z.object({
      /** The source whose answers say so, or the first one that has the listing. */
      sourceId,
      change: z.enum(['currency', 'symbol', 'instrument', 'venue']),
      /** Whether answers led to it, and not a person. */
      automatic: z.boolean(),
      symbol: z.string(),
      formerSymbol: z.string(),
      listingId: z.int(),
      formerListingId: z.int(),
      currency: z.string(),
      from: z.iso.date(),
    }),
  }),
  z.object({ type: z.literal('incident.opened'), data: incident }),
  z.object({ type: z.literal('incident.resolved'), data: incident }),
  z.object({
    type: z.literal('source.health_changed'),
    data: z.object({
      sourceId,
      /** `null` for the first judgement. */
      from: z.enum(healthStatuses).nullable(),
      to: z.enum(healthStatuses),
      reason: reason.nullable(),
      score: z.number().nullable(),
      at: instant,
    }),
  }),
  z.object({
    type: z.literal('recovery.started'),
    data: z.object({
      recoveryId: z.uuid(),
      sourceId,
      strategy: z.string(),
      reason: reason.nullable(),
      patienceSeconds: z.number().positive(),
    }),
  }),
  z.object({
    type: z.literal('recovery.finished'),
    data: z.object({
      recoveryId: z.uuid(),
      sourceId,
      status: z.enum(recoveryStatuses),
      reason: reason.nullable(),
      /** For people. */
      message: z.string(),
    }),
  }),
]);
export type QuotronEvent = z.infer<typeof eventSchema>;
