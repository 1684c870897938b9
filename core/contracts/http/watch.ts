import * as z from 'zod';
import { jobKinds } from '../words/job-kinds.ts';
import { runReasons } from '../words/run-reasons.ts';
import { watchHolds, watchStates } from '../words/watch-states.ts';

const instant = z.iso.datetime();

/** A source's own name for a symbol, where a person gives it. */
const sourceSymbol = z
  .string()
  .regex(/^[A-Za-z0-9^][A-Za-z0-9.^=&_-]{0,63}$/, 'has up to 64 letters, digits and . - ^ = & _');

/** Which sources are to collect a symbol: without it, all that have it, have their credentials and room in their quota. */
export const watchRequestSchema = z
  .strictObject({
    sources: z
      .array(
        z.strictObject({
          id: z.string().min(1).max(64),
          /** What the source calls it, where its rule does not know it: CoinGecko's id of a coin. */
          symbol: sourceSymbol.optional(),
        }),
      )
      .min(1)
      .max(20),
  })
  .meta({ id: 'WatchRequest' });

/** A watched symbol at one source. */
const watchedSourceSchema = z.object({
  sourceId: z.string(),
  /** What the source calls it. */
  symbol: z.string(),
  state: z.enum(watchStates),
  addedAt: instant,
  /** When the source first had it; `null` before. */
  collectedAt: instant.nullable(),
  /** Since when the source has others and not this one; `null` while it has it. */
  missingSince: instant.nullable(),
  /** Of `on_hold`: why. */
  hold: z.enum(watchHolds).nullable(),
  /** When a hold ends by itself, or the quota has room for the first fetch. */
  until: instant.nullable(),
  /** Of `failed`: why the first fetch failed. */
  reason: z.enum(runReasons).nullable(),
  /** The run that fetches it first; `null` where the next round does. */
  runId: z.uuid().nullable(),
  /** Seconds between two fetches of its price; `null` where the source has set times. */
  everySeconds: z.number().nullable(),
  nextRunAt: instant.nullable(),
});

export const watchedSchema = z
  .object({
    symbol: z.string(),
    /** The best of its sources. */
    state: z.enum(watchStates),
    sources: z.array(watchedSourceSchema),
  })
  .meta({ id: 'WatchedSymbol' });
export type WatchedView = z.infer<typeof watchedSchema>;
export type WatchedSourceView = WatchedView['sources'][number];

/** The answer to adding a symbol: how it stands, and what it costs. */
export const watchAddedSchema = watchedSchema
  .extend({
    /** Whether it was not collected before, from one of these sources at least. */
    added: z.boolean(),
    /** Seconds between two fetches of a source's prices and bars before and from now on: more symbols share one quota. */
    freshness: z.array(
      z.object({
        sourceId: z.string(),
        job: z.string(),
        kind: z.enum(jobKinds),
        before: z.number(),
        after: z.number(),
      }),
    ),
    /** Sources that have it and are not asked for it: their quota has no room for one more symbol. */
    withoutRoom: z.array(z.string()),
    /** Symbols on the list, and how many it may have. */
    list: z.object({ count: z.int(), limit: z.int() }),
  })
  .meta({ id: 'WatchAdded' });
export type WatchAddedView = z.infer<typeof watchAddedSchema>;

export const watchRemovedSchema = z
  .object({
    symbol: z.string(),
    /** Whether it was on the list. */
    removed: z.boolean(),
    list: z.object({ count: z.int(), limit: z.int() }),
  })
  .meta({ id: 'WatchRemoved' });

/** How many symbols the list may have, unless a setting says otherwise. */
export const usualWatchLimit = 1_000;

/** The command that puts a symbol on the watch list, as it is typed into a shell. */
export function commandToWatch(symbol: string): string {
  return `quotron watch add ${shellSymbol(symbol)}`;
}

/** A symbol as a word for a shell: `^GSPC` and `EURUSD=X` need quotes. */
export function shellSymbol(symbol: string): string {
  return /^[A-Z0-9._-]+$/.test(symbol) ? symbol : `'${symbol}'`;
}
