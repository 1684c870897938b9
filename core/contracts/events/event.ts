import * as z from 'zod';
import { barIntervals, corporateActionTypes } from '../../market/bar.ts';
import { asOfBases, sessions } from '../../market/quote.ts';
import { recoveryStatuses } from '../http/recovery.ts';
import { channelKinds, channelStops } from '../words/alerts.ts';
import { healthStatuses } from '../words/health-status.ts';
import { jobKinds } from '../words/job-kinds.ts';
import { findingSeverities, findingStatuses, findingSubjects, priceRules } from '../words/price-findings.ts';
import { runReasons } from '../words/run-reasons.ts';
import { batchOrigins, watchChanges } from './words.ts';

/*
 * What Quotron reports to those who follow it. An event is written in the transaction of what it reports, so the two are
 * there together or not at all. Types stand here without the prefix `quotron.`, which the envelope adds
 * (`cloud-event.ts`). Prices are decimal texts.
 */

/** Rows, series, listings or symbols that one event has at the most. */
export const mostRows = 200;

/** Listings that `batch.completed` names; `listingCount` says how many there are. */
export const mostListings = 1_000;

const instant = z.iso.datetime();
const sourceId = z.string().min(1);
const count = z.int().nonnegative();
const reason = z.enum(runReasons);
const decimal = z.string();

/** A listing and its canonical symbol. */
const listing = { listingId: z.int(), symbol: z.string() };

/**
 * The block of the listings: 200 of them in order of registration. A listing's never changes, so its events of a source
 * have one key, and followers get them in order.
 */
const block = z.int().nonnegative();

/** Whether the rows came by themselves, or were read in bulk: then they are no news, and no alert fires on them. */
const origin = z.enum(batchOrigins).default('live');

const ofBatch = {
  batchId: z.string().regex(/^\d+$/),
  sourceId,
  runId: z.uuid(),
  part: count,
  blobKey: z.string(),
  parserVersion: z.string(),
  origin,
};

/** `written` counts new and changed rows, `revised` changed ones. */
const counts = { accepted: count, rejected: count, written: count, revised: count };

const quotes = z.object({
  ...ofBatch,
  block,
  rows: z
    .array(
      z.object({
        ...listing,
        asOf: instant,
        asOfBasis: z.enum(asOfBases),
        fetchedAt: instant,
        price: decimal,
        previousClose: decimal.nullable(),
        bid: decimal.nullable(),
        ask: decimal.nullable(),
        volume: decimal.nullable(),
        currency: z.string(),
        session: z.enum(sessions).nullable(),
        delaySeconds: z.number().nullable(),
        /** Nothing has agreed with the price yet. */
        provisional: z.boolean(),
      }),
    )
    .min(1)
    .max(mostRows),
});

/** What an event says of all its quotes. */
export const ofQuotes = quotes.omit({ rows: true });

const bars = z.object({
  ...ofBatch,
  block,
  series: z
    .array(
      z.object({
        ...listing,
        interval: z.enum(barIntervals),
        bars: count,
        /** The first and the last of their days. */
        from: z.iso.date(),
        to: z.iso.date(),
      }),
    )
    .min(1)
    .max(mostRows),
});

const finding = {
  findingId: z.string().regex(/^\d+$/),
  sourceId,
  block,
  ...listing,
  rule: z.enum(priceRules),
  severity: z.enum(findingSeverities),
  kind: z.enum(findingSubjects),
  interval: z.enum(barIntervals).nullable(),
  date: z.iso.date().nullable(),
  /** The market time of the row that it is about. */
  asOf: instant.nullable(),
  origin,
};

const incident = z.object({ incidentId: z.uuid(), sourceId, reason, count, at: instant });

/**
 * All events, by type. Adding a field or a type is compatible; taking one away, or changing what one means, is not: a test
 * compares the schemas with those of the last release.
 */
export const eventSchema = z.discriminatedUnion('type', [
  /** New quotes of a source, by block: none that was known before. */
  z.object({ type: z.literal('quotes.stored'), data: quotes }),
  /** Quotes whose content changed, as they are now: the former content is kept as a revision. */
  z.object({ type: z.literal('quotes.revised'), data: quotes }),
  /** New bars of a source: which series has how many, and of which days. */
  z.object({ type: z.literal('bars.stored'), data: bars }),
  /** Bars whose content changed: the former content is kept as a revision. */
  z.object({ type: z.literal('bars.revised'), data: bars }),
  /**
   * Bars, splits and payments that a source does not tell any more: they are kept, and neither served nor used until an
   * answer has them again. By listing and interval; those of a listing's splits and payments are of its days.
   */
  z.object({
    type: z.literal('bars.withdrawn'),
    data: z.object({
      ...ofBatch,
      block,
      bars: count,
      actions: count,
      listings: z
        .array(
          z.object({
            ...listing,
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
  /** Splits and payments that are new, or say something else now. */
  z.object({
    type: z.literal('actions.changed'),
    data: z.object({
      ...ofBatch,
      block,
      actions: z
        .array(
          z.object({
            ...listing,
            action: z.enum(corporateActionTypes),
            exDate: z.iso.date(),
            ratio: decimal.nullable(),
            amount: decimal.nullable(),
            currency: z.string().nullable(),
          }),
        )
        .min(1)
        .max(mostRows),
    }),
  }),
  /** A list of an index's members from a source was stored, or members of it changed. */
  z.object({ type: z.literal('constituents.stored'), data: z.object({ ...ofBatch, ...counts }) }),
  z.object({ type: z.literal('constituents.revised'), data: z.object({ ...ofBatch, ...counts }) }),
  /** A backfill, replay or import was stored, in place of an event for its new rows. */
  z.object({
    type: z.literal('batch.completed'),
    data: z.object({
      ...ofBatch,
      kind: z.enum(jobKinds),
      ...counts,
      listings: z.array(z.object(listing)).max(mostListings),
      listingCount: count,
      /** From the first to the last market time of its rows. */
      from: instant.nullable(),
      to: instant.nullable(),
    }),
  }),
  z.object({ type: z.literal('quarantine.added'), data: z.object({ ...ofBatch, ...counts }) }),
  /** From a day on a symbol means another listing, or a listing has another symbol. */
  z.object({
    type: z.literal('listing.changed'),
    data: z.object({
      /** The source whose answers say so, or the first one that has the listing. */
      sourceId,
      block,
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
  /** Something speaks against a row that is stored, or nothing does any more, or a person has decided. */
  z.object({ type: z.literal('finding.opened'), data: z.object(finding) }),
  z.object({ type: z.literal('finding.closed'), data: z.object({ ...finding, status: z.enum(findingStatuses) }) }),
  /** Sources differ on the price of a listing; `sourceId` is the one whose price it is. */
  z.object({
    type: z.literal('price.disputed'),
    data: z.object({
      sourceId,
      block,
      ...listing,
      /** How far the sources are apart, as a fraction. */
      spread: decimal.nullable(),
      /** Sources that have a price. */
      candidates: count,
      origin,
    }),
  }),
  z.object({ type: z.literal('incident.opened'), data: incident }),
  z.object({ type: z.literal('incident.resolved'), data: incident }),
  z.object({
    type: z.literal('source.health-changed'),
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
  /** Symbols were put on the watch list or taken off, or a source turned out to have them, or not. */
  z.object({
    type: z.literal('watch.changed'),
    data: z.object({
      sourceId,
      change: z.enum(watchChanges),
      symbols: z
        .array(z.object({ symbol: z.string(), sourceSymbol: z.string() }))
        .min(1)
        .max(mostRows),
    }),
  }),
  /** Nothing is sent to a channel of alerts any more: a person has switched it off, or its deliveries failed. */
  z.object({
    type: z.literal('channel.disabled'),
    data: z.object({
      channelId: z.uuid(),
      name: z.string(),
      kind: z.enum(channelKinds),
      because: z.enum(channelStops),
      at: instant,
    }),
  }),
]);
export type QuotronEvent = z.output<typeof eventSchema>;

/** An event as it is published: what has a default may be left out. */
export type NewEvent = z.input<typeof eventSchema>;
export type EventType = QuotronEvent['type'];

/** What the data of an event name: its source, and the block of its listings. */
interface NamedByType {
  readonly source: boolean;
  readonly block: boolean;
}

/** The same of each type. */
export const namedByType: ReadonlyMap<string, NamedByType> = new Map(
  eventSchema.options.flatMap(({ shape }) => {
    const named = { source: 'sourceId' in shape.data.shape, block: 'block' in shape.data.shape };
    return [...shape.type.values].map((type): [string, NamedByType] => [type, named]);
  }),
);

/** Each type with the schema of its data; types that share a schema stand each for itself. */
export function eventTypes() {
  return eventSchema.options.flatMap(({ shape }) =>
    [...shape.type.values].map((type) => ({ type, data: shape.data as z.ZodType })),
  );
}
