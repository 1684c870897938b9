import { needsCredentials } from '../../../core/auth/credentials.ts';
import type { WatchedSourceView, WatchedView } from '../../../core/contracts/http/watch.ts';
import { runReasons } from '../../../core/contracts/words/run-reasons.ts';
import type { WatchHold, WatchState } from '../../../core/contracts/words/watch-states.ts';
import { shownBreaker } from '../../../core/health/breaker.ts';
import { heldUntil } from '../../../core/health/holds.ts';
import { type JobTiming, nextRun, secondsBetween } from '../../../core/planning/job-schedule.ts';
import { timingsOf } from '../../../core/planning/stretches.ts';
import { type WatchList, wantedOf } from '../../../core/planning/watch-list.ts';
import type { StoredSource } from '../../../core/ports/source-reader.ts';
import type { WatchedAt, WatchedEntry } from '../../../core/ports/watch-store.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';

export interface WatchContext {
  readonly sources: readonly SourceDefinition[];
  readonly rows: readonly StoredSource[];
  readonly list: WatchList;
  readonly alwaysOpen: boolean;
  readonly now: number;
}

/** Why a source takes no requests now, and until when; `null` while it does. */
export function holdOf(
  source: SourceDefinition,
  row: StoredSource,
  now: number,
): { readonly hold: WatchHold; readonly until: string | null } | null {
  const iso = (at: Date | null) => at?.toISOString() ?? null;
  if (row.paused) return { hold: 'paused', until: iso(row.pausedUntil) };
  if (needsCredentials(source) && !row.credentialsSet) return { hold: 'credentials_missing', until: null };
  if (row.loginHeld !== null) return { hold: 'login_on_hold', until: iso(row.loginHeldUntil) };
  const breaker = { state: row.breaker, until: row.breakerUntil?.getTime() ?? null };
  if (shownBreaker(breaker, now) === 'open') return { hold: 'breaker_open', until: iso(row.breakerUntil) };
  const until = iso(heldUntil(source.quota.perDay, row, now));
  if (until === null) return null;
  return { hold: row.dayUsed >= source.quota.perDay ? 'day_used' : 'asked_to_wait', until };
}

const best: readonly WatchState[] = ['collected', 'waiting', 'on_hold', 'failed', 'unknown'];

/** Shows watched symbols at the sources of the context. What a source's whole list costs is worked out once. */
export function watchedViews(context: WatchContext): (entry: WatchedEntry) => WatchedView {
  const prices = new Map(context.sources.map((source) => [source.id, pricesOf(source, context)]));
  return (entry) => {
    const sources = entry.at.flatMap((at) => {
      const source = context.sources.find(({ id }) => id === at.sourceId);
      const row = context.rows.find(({ sourceId }) => sourceId === at.sourceId);
      return source && row ? [sourceView(entry.symbol, at, source, row, prices.get(source.id), context.now)] : [];
    });
    const state = best.find((each) => sources.some((source) => source.state === each)) ?? 'waiting';
    return { symbol: entry.symbol, state, sources };
  };
}

interface Prices {
  readonly timing: JobTiming | undefined;
  readonly symbols: ReadonlySet<string>;
}

/** The job of a source that fetches prices, and of which symbols. */
function pricesOf(source: SourceDefinition, { list, alwaysOpen }: WatchContext): Prices {
  const timing = timingsOf(source, wantedOf(source, list, alwaysOpen)).find(({ job }) => job.kind !== 'bars');
  return { timing, symbols: new Set(timing?.symbols) };
}

function sourceView(
  symbol: string,
  at: WatchedAt,
  source: SourceDefinition,
  row: StoredSource,
  prices: Prices | undefined,
  now: number,
): WatchedSourceView {
  const timing = prices?.timing;
  const next = timing && prices?.symbols.has(symbol) ? nextRun({ ...timing, symbols: [symbol] }, now) : null;
  const held = at.foundAt === null ? holdOf(source, row, now) : null;
  const state = stateOf(at, held !== null);
  const reason = state === 'failed' ? (at.run?.reason ?? 'unexplained') : null;
  return {
    sourceId: at.sourceId,
    symbol: at.sourceSymbol,
    state,
    addedAt: at.addedAt.toISOString(),
    collectedAt: at.foundAt?.toISOString() ?? null,
    missingSince: at.missingSince?.toISOString() ?? null,
    hold: state === 'on_hold' ? (held?.hold ?? null) : null,
    until: (state === 'on_hold' ? held?.until : state === 'waiting' ? waitsUntil(at, now) : null) ?? null,
    reason: reason === null ? null : (runReasons.find((known) => known === reason) ?? 'unexplained'),
    runId: at.run?.id ?? null,
    everySeconds:
      timing === undefined || timing.job.cron !== undefined
        ? null
        : Math.ceil(secondsBetween(timing.job, now, timing.stretch)),
    nextRunAt: next === null ? null : new Date(next).toISOString(),
  };
}

function stateOf({ foundAt, unknown, run }: WatchedAt, isHeld: boolean): WatchState {
  if (unknown) return 'unknown';
  if (foundAt !== null) return 'collected';
  if (isHeld) return 'on_hold';
  return run?.ended === 'failed' ? 'failed' : 'waiting';
}

function waitsUntil({ run }: WatchedAt, now: number): string | null {
  const until = run?.ended === null ? run.waitsUntil : null;
  return until !== null && until.getTime() > now ? until.toISOString() : null;
}
