import type { AlertBody } from '../alerts/body.ts';
import type { Concerned } from '../alerts/concerned.ts';
import type { AlertCondition, QuietHours } from '../contracts/http/alerts.ts';
import type { KeyUse } from '../contracts/words/licence.ts';

/** A rule that is to be evaluated: started, and of a key that is valid. */
export interface WatchedRule {
  readonly id: string;
  readonly name: string;
  readonly condition: AlertCondition;
  readonly quietHours: QuietHours | null;
  /** What the key that made it may see. */
  readonly use: KeyUse;
  readonly met: boolean | null;
  /** What it last alerted on, where that is once each. */
  readonly metOn: string | null;
  readonly pendingEvent: string | null;
  readonly evaluatedAt: Date | null;
  /** Another evaluation was kept meanwhile when it is another one. */
  readonly revision: string;
}

/** What came of evaluating a rule. */
export interface Evaluation {
  readonly met: boolean | null;
  readonly metOn: string | null;
  /** The event to look at again, when the price can be relied on. */
  readonly pendingEvent: string | null;
  readonly at: Date;
  readonly alert: { readonly eventId: string; readonly body: AlertBody; readonly heldUntil: Date | null } | null;
}

/** What a source said of a listing. */
export interface StatedPrice {
  readonly listingId: number;
  readonly source: string;
  readonly asOf: Date;
  readonly price: string;
}

/** Rules, as they are evaluated. */
export interface AlertRules {
  /** Whether no person has stopped the service. */
  running(): Promise<boolean>;
  concerned(of: Concerned, now: Date): Promise<WatchedRule[]>;
  /** Those that wait for a price that can be relied on, and those of coverage that were not looked at since. */
  due(of: { readonly now: Date; readonly coverageBefore: Date; readonly limit: number }): Promise<WatchedRule[]>;
  /** A rule as it is now; `null` for one that is not evaluated any more. */
  again(id: string, now: Date): Promise<WatchedRule | null>;
  /**
   * Keeps an evaluation and its alert, together. `changed`, and nothing is kept, where another one was kept since the rule was
   * read. An alert of the same event is raised once.
   */
  keep(rule: WatchedRule, evaluation: Evaluation): Promise<'kept' | 'changed'>;
  /** Whether an open finding, or an accepted one, calls a price wrong. */
  isWrong(of: StatedPrice): Promise<boolean>;
  /** Open findings; of one source, or of some, or of all. */
  openFindings(sourceIds: readonly string[] | null): Promise<number>;
  /** Rows that wait in quarantine. */
  quarantined(sourceIds: readonly string[] | null): Promise<number>;
}
