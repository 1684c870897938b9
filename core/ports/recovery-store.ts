import type { Failure } from '../contracts/failure.ts';
import type { RecoveryStatus } from '../contracts/http/recovery.ts';
import type { ScrapeMessage } from '../contracts/messages.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { PlannedRun } from '../planning/plan.ts';
import type { RecoveryFacts } from '../recovery/due.ts';
import type {
  NewRecovery,
  PermitRefusal,
  Recovery,
  RunProgress,
  SourceCondition,
  StepResult,
} from '../recovery/recovery.ts';
import type { RecoveryStepName, RepairStep } from '../recovery/strategy.ts';

/** Recoveries as records: requested by anyone; found and listed as far as the caller may see their source. */
export interface RecoveryRecords {
  /** Whether the service `recovery` is running. */
  running(): Promise<boolean>;
  /**
   * Requests a recovery. A source has one at a time: of one that has another under way none is made, and `active` is that
   * one's id. The same id twice is one recovery.
   */
  create(recovery: NewRecovery): Promise<{ created: boolean; active: string | null }>;
  /** Whether there is one of this id, whoever may see it. */
  has(id: string): Promise<boolean>;
  /** Throws `LicenceError` for one of a source that must not be seen. */
  find(id: string): Promise<Recovery | null>;
  /** The latest requested first. `cursorAt` is `requestedAt` in microseconds, for the next page. */
  list(of: {
    readonly sourceId: string | null;
    readonly status: RecoveryStatus | null;
    readonly after: { readonly requestedAt: string; readonly id: string } | null;
    readonly limit: number;
  }): Promise<(Recovery & { readonly cursorAt: string })[]>;
}

/** What the monitor does about recoveries each minute. */
export interface RecoveryWatch {
  /** Recoveries that have not begun: their message may be lost. */
  pending(): Promise<string[]>;
  /** Fails recoveries that no worker will finish: long past their deadline, or never begun. Gives their sources. */
  endAbandoned(now: Date): Promise<string[]>;
  /** Notes which verified recoveries held, as far as that is known at `now`. Gives the sources of those that did not. */
  noteHeld(now: Date): Promise<string[]>;
  /** What decides whether a recovery is due, by source. `locked` says that no credentials are set, needed or not. */
  facts(sourceIds: readonly string[], now: Date): Promise<ReadonlyMap<string, RecoveryFacts>>;
}

/** How a recovery ends: its last step, if that ends with it, and what people read. */
export interface RecoveryEnd {
  readonly step: { readonly name: RecoveryStepName; readonly result: StepResult } | null;
  readonly message: string;
}

/** How a recovery ends without a proof: why the source does not work. */
export interface UnprovenEnd extends RecoveryEnd {
  readonly failure: Failure | null;
  /** Changes the page selectors of the source once more: the other ones did not help. */
  readonly takeBackSelectors: boolean;
}

/**
 * The progress of one recovery. Each call is one transaction. Deadlines and leases go by the store's own clock. A step that
 * has ended stays as it is, and so does a recovery: done twice, nothing changes.
 */
export interface RecoveryProgress {
  /** The lease of a worker on a recovery: its token, or `null` while another worker has it. */
  take(id: string, worker: string): Promise<number | null>;
  /** Gives the lease back. Gives whether `token` still was its holder's. */
  release(id: string, token: number): Promise<boolean>;
  /** Begins a recovery that is pending. It has failed `patienceSeconds` from now. */
  begin(
    id: string,
    as: { readonly strategy: string; readonly reason: RunReason | null; readonly patienceSeconds: number },
    now: Date,
  ): Promise<void>;
  beginStep(id: string, name: RecoveryStepName, now: Date): Promise<void>;
  /** Says what a step that is under way waits for. For people. */
  describeStep(id: string, name: RecoveryStepName, detail: string): Promise<void>;
  endStep(id: string, name: RecoveryStepName, result: StepResult, now: Date): Promise<void>;
  /** Does a repair of a source and ends its step. A repair whose step has ended is not done again. */
  repair(
    id: string,
    name: RepairStep,
    of: { readonly sourceId: string; readonly reason: RunReason | null },
    now: Date,
  ): Promise<void>;
  /** Plans the canary's run and notes it. With `patienceSeconds` the deadline is moved to at least so long from now. */
  planCanary(id: string, run: PlannedRun, patienceSeconds?: number): Promise<void>;
  /** Plans the run of the fallback, notes it, and moves the deadline to at least `patienceSeconds` from now. */
  planFallback(id: string, run: PlannedRun, patienceSeconds: number): Promise<void>;
  /** Verified, and `rerun` is planned. */
  finishVerified(id: string, end: RecoveryEnd & { readonly rerun: PlannedRun | null }, now: Date): Promise<void>;
  /** Mitigated: another source brought the missing rows. */
  finishMitigated(id: string, end: UnprovenEnd, now: Date): Promise<void>;
  finishFailed(id: string, end: UnprovenEnd, now: Date): Promise<void>;
}

/** What a recovery looks up about sources, their runs and the proxy. */
export interface RecoveryLookups {
  conditionOf(sourceId: string): Promise<SourceCondition>;
  /** The job of a run; `null` for an unknown run. */
  jobOfRun(runId: string): Promise<string | null>;
  /** Why a canary of one request would get no permit now; `null` when it would. */
  permitRefusal(sourceId: string): Promise<PermitRefusal | null>;
  runProgress(runId: string): Promise<RunProgress>;
  /** Tasks of a run that were planned and not sent yet. */
  unsent(runId: string): Promise<ScrapeMessage[]>;
  markSent(tasks: readonly ScrapeMessage[]): Promise<void>;
  /** Where a symbol is listed, by the source's name for it or else the canonical one; `null` for an unknown one. */
  listingOf(
    sourceId: string,
    symbol: string,
    canonical: string,
  ): Promise<{ readonly mic: string; readonly zone: string; readonly assetClass: string } | null>;
  /** The canonical symbols of a source's symbols, as far as they are registered. */
  canonicalSymbols(sourceId: string, symbols: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Those of some sources that are healthy and not paused, in the same order. `unlocked`: credentials are set. */
  healthySources(ids: readonly string[], now: Date): Promise<{ readonly id: string; readonly unlocked: boolean }[]>;
  /** What the proxy's own call for a cached answer came to since an instant; `null` while there was none. */
  heartbeatSince(key: string, since: Date): Promise<{ readonly failure: RunReason | null } | null>;
  /** Why the proxy calls no upstream at the moment; `null` while it does. */
  proxyPause(): Promise<RunReason | null>;
}

export interface RecoveryStore extends RecoveryRecords, RecoveryWatch, RecoveryProgress, RecoveryLookups {}
