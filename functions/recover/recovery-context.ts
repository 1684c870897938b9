import type { Clock } from '../../core/ports/clock.ts';
import type { MessageQueue } from '../../core/ports/message-queue.ts';
import type { RecoveryStore } from '../../core/ports/recovery-store.ts';
import type { Recovery } from '../../core/recovery/recovery.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';

export interface RecoverDependencies {
  readonly store: RecoveryStore;
  /** Has `recoveries` and the scrape queue of each source. */
  readonly queue: MessageQueue;
  readonly sources: readonly SourceDefinition[];
  readonly now: Clock;
  /** Holder of the lease. */
  readonly worker: string;
}

/** What a step works with: one recovery as it was read before the step, its source, and the ports. */
export interface RecoveryContext extends RecoverDependencies {
  readonly recovery: Recovery;
  /** `null` for the proxy. */
  readonly source: SourceDefinition | null;
  /** The canary starts without anything stored from before. */
  readonly fresh: boolean;
}

/** What a step came to: go on to the next, the recovery has ended, or look again later. */
export type StepOutcome = 'next' | 'ended' | { readonly waitSeconds: number };
