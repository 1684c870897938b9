import type { PlannedRun } from '../planning/plan.ts';
import type { WatchList } from '../planning/watch-list.ts';

/** A symbol on the list, at one source. */
export interface WatchedAt {
  readonly sourceId: string;
  /** In the source's namespace. */
  readonly sourceSymbol: string;
  readonly addedAt: Date;
  /** When the source first had it since it was added. */
  readonly foundAt: Date | null;
  /** Since when the source answers and has it not. */
  readonly missingSince: Date | null;
  readonly unknown: boolean;
  /** The run that fetches it for the first time, and how that ended: `null` while it has not. */
  readonly run: {
    readonly id: string;
    readonly ended: 'succeeded' | 'failed' | null;
    readonly reason: string | null;
    /** Its task waits for the source's quota until then. */
    readonly waitsUntil: Date | null;
  } | null;
}

/** A symbol on the list with the sources that are asked for it, in the order of their ids. */
export interface WatchedEntry {
  readonly symbol: string;
  readonly at: readonly WatchedAt[];
}

/** What is decided of under the list's lock. */
export interface WatchState {
  readonly list: WatchList;
  /** Symbols on the list, at whichever source. */
  readonly count: number;
  /** The one in question; `null` where it is not on the list. */
  readonly entry: WatchedEntry | null;
  /** First fetches that have not ended, by source. */
  readonly underWay: ReadonlyMap<string, number>;
}

/** What becomes of a symbol: rows that are new, and first fetches of the sources that it is to have one of. */
export interface WatchChange {
  readonly added: readonly { readonly sourceId: string; readonly sourceSymbol: string }[];
  readonly runs: readonly PlannedRun[];
}

/** The watch list. */
export interface WatchStore {
  list(): Promise<WatchList>;
  /** A page, by symbol. */
  page(of: { readonly after: string; readonly limit: number }): Promise<WatchedEntry[]>;
  one(symbol: string): Promise<WatchedEntry | null>;
  /** How many symbols are on it. */
  count(): Promise<number>;
  /**
   * Adds a symbol as `decide` says, in one transaction under the list's lock: of two callers at once, the second sees what the
   * first has added. What `decide` throws changes nothing.
   */
  add(symbol: string, now: Date, decide: (state: WatchState) => WatchChange): Promise<void>;
  /** Takes a symbol off the list, at all sources. Gives whether it was on it. What is stored of it stays. */
  remove(symbol: string): Promise<boolean>;
}

/** How far apart the planner has put the slots of jobs, in seconds, by `source/job`: the longer of now and of just before. */
export type PlannedPeriods = (now: number) => Promise<ReadonlyMap<string, number>>;
