import type { AlertCondition, QuietHours } from '../contracts/http/alerts.ts';
import type {
  ChannelKind,
  ChannelState,
  ChannelStop,
  DeliveryError,
  DeliveryStatus,
  RuleStop,
} from '../contracts/words/alerts.ts';
import type { KeyUse } from '../contracts/words/licence.ts';
import type { AfterRow } from './after-row.ts';

export interface AlertRule {
  readonly id: string;
  readonly name: string;
  readonly condition: AlertCondition;
  readonly channelIds: readonly string[];
  readonly quietHours: QuietHours | null;
  /** The key that made it; `null` when that is gone. */
  readonly owner: { readonly keyId: string; readonly name: string; readonly use: KeyUse } | null;
  readonly enabled: boolean;
  /** Why it is not evaluated. */
  readonly stopped: RuleStop | null;
  readonly met: boolean | null;
  readonly evaluatedAt: Date | null;
  readonly lastAlertAt: Date | null;
  readonly createdAt: Date;
}

export interface AlertChannel {
  readonly id: string;
  readonly name: string;
  readonly kind: ChannelKind;
  readonly target: string;
  readonly state: ChannelState;
  readonly failingSince: Date | null;
  readonly disabled: ChannelStop | null;
  readonly disabledAt: Date | null;
  readonly lastDeliveredAt: Date | null;
  readonly lastError: DeliveryError | null;
  readonly createdAt: Date;
}

export interface AlertDelivery {
  readonly id: string;
  readonly ruleId: string | null;
  readonly ruleName: string | null;
  readonly kind: AlertCondition['kind'] | null;
  readonly channelId: string;
  readonly channelName: string;
  readonly eventId: string;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly nextAt: Date | null;
  readonly finishedAt: Date | null;
  readonly lastError: DeliveryError | null;
  readonly lastStatus: number | null;
}

export interface NewRule {
  readonly id: string;
  readonly name: string;
  readonly condition: AlertCondition;
  readonly channelIds: readonly string[];
  readonly quietHours: QuietHours | null;
  readonly keyId: string;
  /** Whether the condition held when it was made: it alerts when it becomes true. `null` where nothing is known. */
  readonly met: boolean | null;
  readonly at: Date;
}

export interface NewChannel {
  readonly id: string;
  readonly name: string;
  readonly kind: ChannelKind;
  readonly target: string;
  readonly sealed: string;
  readonly keyId: string | null;
  readonly at: Date;
}

/** Rules, channels and deliveries, as people keep them. */
export interface AlertStore {
  rules(of: { readonly after: AfterRow | null; readonly limit: number; readonly now: Date }): Promise<AlertRule[]>;
  rule(id: string, now: Date): Promise<AlertRule | null>;
  /**
   * Adds a rule. The same id again is the same rule. `full` where there are as many as there may be, `no_channel` where one
   * of its channels does not exist.
   */
  addRule(rule: NewRule): Promise<'added' | 'full' | 'no_channel'>;
  removeRule(id: string, at: Date): Promise<boolean>;
  /** Starts or stops a rule. `met` is how its condition stands then. */
  enableRule(id: string, enabled: boolean, met: boolean | null): Promise<boolean>;

  channels(of: { readonly after: AfterRow | null; readonly limit: number }): Promise<AlertChannel[]>;
  channel(id: string): Promise<AlertChannel | null>;
  /** Adds a channel. The same id again is the same channel: `existing`, and what it holds stays as it was. */
  addChannel(channel: NewChannel): Promise<'added' | 'existing' | 'full'>;
  /** Removes a channel with its secrets. What waits for it is given up. Gives the names of rules that used it alone. */
  removeChannel(id: string, at: Date): Promise<{ readonly rulesLeft: readonly string[] } | null>;
  /** Switches a channel on again, or off. */
  enableChannel(id: string, enabled: boolean, at: Date): Promise<boolean>;
  /** The public key that seals what channels hold; `null` before the sender has run for the first time. */
  sealingKey(): Promise<string | null>;

  deliveries(of: {
    readonly ruleId: string | null;
    readonly channelId: string | null;
    readonly status: DeliveryStatus | null;
    readonly after: AfterRow | null;
    readonly limit: number;
    readonly now: Date;
  }): Promise<AlertDelivery[]>;
  delivery(id: string, now: Date): Promise<AlertDelivery | null>;
  /** A delivery of no rule, to see whether a channel works. The same id again is the same one. */
  addTest(of: {
    readonly id: string;
    readonly channelId: string;
    readonly body: unknown;
    readonly at: Date;
  }): Promise<void>;
  /** Sends again what was given up. `false` where there is no such delivery, or it was not given up. */
  retry(id: string, at: Date): Promise<boolean>;
}
