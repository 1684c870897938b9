/** Who is asked for a symbol that is put on the watch list, whether there is room for it, and what that costs. Pure. */
import { runIdOf } from '../contracts/run-id.ts';
import type { JobKind } from '../contracts/words/job-kinds.ts';
import type { SourceDefinition, SourceJob } from '../sources/definition.ts';
import { daySeconds, type JobTiming, requestsFor, secondsBetween } from './job-schedule.ts';
import type { PlannedRun } from './plan.ts';
import { plannedShare } from './quota.ts';
import { timingsOf, usualDay } from './stretches.ts';
import { companionOf, type WatchedSymbol, type WatchList, wantedOf } from './watch-list.ts';

/** Prices are asked for at least this often, and bars once a day: a symbol more than that allows is refused. */
const slowestSeconds = { prices: 3_600, bars: daySeconds } as const;
const fresh = { found: false, unproven: false } as const;
/** First fetches of a source under way at once: of more symbols, the next round brings the first price. */
const mostUnderWay = 5;

export interface AddQuestion {
  readonly symbol: string;
  /** Sources that a person names, with their own names for the symbol; `null` for those that suit. */
  readonly named: readonly { readonly sourceId: string; readonly sourceSymbol?: string | undefined }[] | null;
  readonly sources: readonly SourceDefinition[];
  /** Sources that can be asked once their hold is over: not those that lack credentials, nor those that must not be shown. */
  readonly usable: ReadonlySet<string>;
  /** Sources that take requests now. */
  readonly ready: ReadonlySet<string>;
  readonly limit: number;
  readonly alwaysOpen: boolean;
  readonly now: Date;
}

export interface ListNow {
  readonly list: WatchList;
  readonly count: number;
  /** The symbol's rows: whether the source had it, and whether its first fetch is under way. */
  readonly known: readonly { readonly sourceId: string; readonly settled: boolean }[];
  readonly underWay: ReadonlyMap<string, number>;
}

export type AddRefusal =
  | { readonly refused: 'list_full' }
  | { readonly refused: 'unknown_source' | 'not_had' | 'quota_full' | 'name_taken'; readonly sourceId: string }
  | { readonly refused: 'nobody' };

export interface Addition {
  readonly added: readonly { readonly sourceId: string; readonly sourceSymbol: string }[];
  /** Sources that would suit, and whose quota has no room for one more. */
  readonly full: readonly string[];
  readonly runs: readonly PlannedRun[];
}

/** What becomes of the list when a symbol is added, or why it is refused. */
export function additionOf(question: AddQuestion, now: ListNow): Addition | AddRefusal {
  const { symbol, named, sources } = question;
  const isNew = ({ sourceId }: { sourceId: string }) => !now.known.some((known) => known.sourceId === sourceId);
  const added: { sourceId: string; sourceSymbol: string }[] = [];
  const full: string[] = [];
  if (named === null) {
    // Who has put a symbol on the list for some sources has chosen them.
    const { fit = [], none = [] } = now.known.length === 0 ? suiting(question, now.list) : {};
    added.push(...fit);
    full.push(...none.map(({ sourceId }) => sourceId));
    const [first] = full;
    if (added.length === 0 && first !== undefined) return { refused: 'quota_full', sourceId: first };
    if (added.length === 0 && now.known.length === 0) return { refused: 'nobody' };
  } else {
    for (const each of named) {
      const { sourceId } = each;
      const source = sources.find(({ id }) => id === sourceId);
      if (!source) return { refused: 'unknown_source', sourceId };
      const sourceSymbol = each.sourceSymbol ?? source.toSource(symbol);
      if (sourceSymbol === null) return { refused: 'not_had', sourceId };
      if (!isNew(each)) continue;
      if (isTaken(now.list, sourceId, sourceSymbol)) return { refused: 'name_taken', sourceId };
      if (!hasRoom(source, withOne(now.list, sourceId, { symbol, sourceSymbol, ...fresh }), question.alwaysOpen))
        return { refused: 'quota_full', sourceId };
      added.push({ sourceId, sourceSymbol });
    }
  }
  if (now.known.length === 0 && now.count >= question.limit) return { refused: 'list_full' };
  const again = now.known.filter(({ settled }) => !settled).map(({ sourceId }) => sourceId);
  const runs = [...added.map(({ sourceId }) => sourceId), ...again].flatMap((sourceId) => {
    const source = sources.find(({ id }) => id === sourceId);
    const name =
      added.find((each) => each.sourceId === sourceId)?.sourceSymbol ??
      now.list.get(sourceId)?.find((each) => each.symbol === symbol)?.sourceSymbol;
    const free = (now.underWay.get(sourceId) ?? 0) < mostUnderWay && question.ready.has(sourceId);
    return source && name !== undefined && free ? firstFetch(source, symbol, name, now.list, question.now) : [];
  });
  return { added, full, runs };
}

/** Sources that have the symbol, can be asked and show what they are asked for: with room in their quota, and without. */
function suiting({ symbol, sources, usable, alwaysOpen }: AddQuestion, list: WatchList) {
  const suit = sources.flatMap((source) => {
    const sourceSymbol = source.toSource(symbol);
    if (sourceSymbol === null || source.onlyWhenNamed || !usable.has(source.id)) return [];
    if (isTaken(list, source.id, sourceSymbol)) return [];
    const then = withOne(list, source.id, { symbol, sourceSymbol, ...fresh });
    return [{ sourceId: source.id, sourceSymbol, fits: hasRoom(source, then, alwaysOpen) }];
  });
  const of = (fits: boolean) =>
    suit.filter((each) => each.fits === fits).map(({ sourceId, sourceSymbol }) => ({ sourceId, sourceSymbol }));
  return { fit: of(true), none: of(false) };
}

function isTaken(list: WatchList, sourceId: string, sourceSymbol: string): boolean {
  return list.get(sourceId)?.some((each) => each.sourceSymbol === sourceSymbol) ?? false;
}

function withOne(list: WatchList, sourceId: string, one: WatchedSymbol): WatchList {
  return new Map([...list, [sourceId, [...(list.get(sourceId) ?? []), one]]]);
}

/** Whether a source's quota has room for what the list asks of it: none is left out, and each is asked for often enough. */
function hasRoom(source: SourceDefinition, list: WatchList, alwaysOpen: boolean): boolean {
  const count = list.get(source.id)?.length ?? 0;
  const timings = timingsOf(source, wantedOf(source, list, alwaysOpen));
  return timings.every((timing) => {
    const { job, symbols } = timing;
    if (count > (job.mostSymbols ?? Number.POSITIVE_INFINITY)) return false;
    if (job.cron === undefined) return secondsBetween(job, 0, timing.stretch) <= slowestOf(job);
    const requests = (requestsFor(job, symbols.length) * daySeconds) / secondsBetween(job, usualDay);
    return requests <= source.quota.perDay * plannedShare;
  });
}

function slowestOf(job: SourceJob & { readonly cron?: undefined }): number {
  const slowest = job.kind === 'bars' ? slowestSeconds.bars : slowestSeconds.prices;
  return Math.max(slowest, job.everySeconds);
}

/**
 * The run that fetches a symbol for the first time: through the ordinary queue, with one beside it that the source has. So
 * an answer without the symbol says that the source does not have it, and not that the source is down.
 */
function firstFetch(
  source: SourceDefinition,
  symbol: string,
  sourceSymbol: string,
  list: WatchList,
  now: Date,
): PlannedRun[] {
  const job = source.jobs.find(({ kind }) => kind !== 'bars') ?? source.jobs[0];
  if (!job) return [];
  const companion = job.kind === 'quotes' ? (companionOf(source, list) ?? source.toSource(source.canarySymbol)) : null;
  const slot = `watch/${symbol}/${now.toISOString()}`;
  const run: PlannedRun = {
    id: runIdOf({ sourceId: source.id, job: job.id, trigger: 'manual', slot }),
    sourceId: source.id,
    job: job.id,
    kind: job.kind,
    trigger: 'manual',
    slot,
    dueAt: now,
    tasks: [companion === null || companion === sourceSymbol ? [sourceSymbol] : [sourceSymbol, companion]],
  };
  return [run];
}

/** The jobs of a source that are due at intervals: how often depends on how many symbols there are. */
function intervalTimings(source: SourceDefinition, list: WatchList, alwaysOpen: boolean): JobTiming[] {
  return timingsOf(source, wantedOf(source, list, alwaysOpen)).filter(({ job }) => job.cron === undefined);
}

/** Seconds between two fetches of prices and bars of some sources, by two lists; with what is new, as if they have it. */
export function freshnessOf(
  sources: readonly SourceDefinition[],
  former: WatchList,
  present: WatchList,
  alwaysOpen: boolean,
): { sourceId: string; job: string; kind: JobKind; before: number; after: number }[] {
  const seconds = ({ job, stretch }: JobTiming) => Math.ceil(secondsBetween(job, 0, stretch));
  return sources.flatMap((source) => {
    const before = intervalTimings(source, former, alwaysOpen).map(seconds);
    const known = new Set(former.get(source.id)?.map(({ symbol }) => symbol));
    const had = present.get(source.id)?.map((each) => (known.has(each.symbol) ? each : { ...each, unproven: false }));
    return intervalTimings(source, new Map([[source.id, had ?? []]]), alwaysOpen).map((timing, at) => ({
      sourceId: source.id,
      job: timing.job.id,
      kind: timing.job.kind,
      before: before[at] ?? seconds(timing),
      after: seconds(timing),
    }));
  });
}
