/** Closed lists of alerts. */

/** What a rule watches for. */
export const alertKinds = [
  'price_above',
  'price_below',
  'move',
  'source_failed',
  'coverage_below',
  'findings_over',
  'quarantine_over',
  'dispute',
] as const;

/** Which way a price has to move for a rule of `move`. */
export const moveDirections = ['up', 'down', 'either'] as const;

/** How an alert reaches people. */
export const channelKinds = ['webhook', 'slack', 'ntfy', 'email'] as const;
export type ChannelKind = (typeof channelKinds)[number];

/** How a channel stands: it works, its deliveries fail, or nothing is sent to it any more. */
export const channelStates = ['active', 'failing', 'disabled'] as const;
export type ChannelState = (typeof channelStates)[number];

/** Why nothing is sent to a channel any more. */
export const channelStops = ['person', 'gone', 'failing', 'unreadable'] as const;
export type ChannelStop = (typeof channelStops)[number];

/** Why a rule is not evaluated: a person has stopped it, or the key that made it is not valid any more. */
export const ruleStops = ['person', 'key_revoked', 'key_expired', 'key_missing'] as const;
export type RuleStop = (typeof ruleStops)[number];

/** How a delivery stands. `waiting`: it is due, or will be tried again; `held`: quiet hours; `dead`: given up, and kept. */
export const deliveryStatuses = ['waiting', 'held', 'delivered', 'dead'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/**
 * Why an attempt at a delivery failed, or why it was given up. `refused_address`: a private one, or one that may not be
 * called; `redirected`: redirects are not followed; `rejected`: an answer that is not a 2xx; `gone`: 410.
 */
export const deliveryErrors = [
  'timeout',
  'connection',
  'refused_address',
  'redirected',
  'rejected',
  'gone',
  'unreadable',
  'not_configured',
  'channel_disabled',
  'channel_removed',
] as const;
export type DeliveryError = (typeof deliveryErrors)[number];

/** What an alert leaves out: the use of the key that made the rule does not allow what the source gave. */
export const withheldReasons = ['licence'] as const;
