import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { alertRules } from '../../core/adapters/postgres/alerts/alert-rules.ts';
import { alertStore } from '../../core/adapters/postgres/alerts/alert-store.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { coverageReader } from '../../core/adapters/postgres/prices/coverage-reader.ts';
import { quoteReader } from '../../core/adapters/postgres/prices/quote-reader.ts';
import { plannedPeriods, readWatchList } from '../../core/adapters/postgres/work/watch-list.ts';
import { channelSecretOf, shownTarget } from '../../core/alerts/channel-secret.ts';
import { createOpener, sealTo } from '../../core/auth/seal-to.ts';
import { newWebhookSecret } from '../../core/auth/standard-webhooks.ts';
import type { CloudEvent } from '../../core/contracts/events/cloud-event.ts';
import { eventSchema, type NewEvent } from '../../core/contracts/events/event.ts';
import { type AlertCondition, alertConditionSchema, type CreateChannel } from '../../core/contracts/http/alerts.ts';
import { localInstallation } from '../../core/contracts/installation.ts';
import { inEnvelope } from '../../core/events/envelope.ts';
import { storedSources } from '../../core/sources/catalogue.ts';
import type { EvaluatingAlerts } from '../../functions/evaluate-alerts/evaluate-alerts.ts';
import { secretOfDouble } from './bundles/cloud-double.ts';

/** Opens what channels of tests hold, as a function does that gets its key from the double of AWS. */
export const opener = createOpener(secretOfDouble);

/** Adds a channel; gives its id and, for a webhook, its secret. */
export async function addChannel(pool: Pool, channel: CreateChannel, at = new Date(), id: string = randomUUID()) {
  const secret = channel.kind === 'webhook' ? newWebhookSecret() : null;
  await alertStore(pool).addChannel({
    ...{ id, name: channel.name, kind: channel.kind, target: shownTarget(channel), keyId: null, at },
    sealed: sealTo(opener.publicKey, JSON.stringify(channelSecretOf(channel, secret)), id),
  });
  return { id, secret: secret ?? '' };
}

/** Adds a rule of a key; gives its id. */
export async function addRule(
  pool: Pool,
  of: {
    readonly when: z.input<typeof alertConditionSchema>;
    readonly channelIds: readonly string[];
    readonly keyId: string;
    readonly met?: boolean | null;
    readonly quietHours?: { readonly from: string; readonly to: string; readonly zone: string };
    readonly at: Date;
  },
): Promise<string> {
  const id = randomUUID();
  const condition: AlertCondition = alertConditionSchema.parse(of.when);
  const { channelIds, keyId, at, met = null, quietHours = null } = of;
  await alertStore(pool).addRule({
    id,
    name: `rule on ${condition.kind}`,
    condition,
    channelIds,
    quietHours,
    keyId,
    met,
    at,
  });
  return id;
}

/** What evaluates rules, by a clock of the test. `rings` counts how often the sender was woken. */
export function evaluator(pool: Pool, now: () => number): EvaluatingAlerts & { readonly rings: () => number } {
  let rings = 0;
  return {
    rules: alertRules(pool),
    prices: { quotes: quoteReader(pool), periods: plannedPeriods(pool), catalogue: storedSources },
    coverage: {
      ...{ coverage: coverageReader(pool), watched: () => readWatchList(pool) },
      ...{ catalogue: storedSources, alwaysOpen: false },
    },
    now,
    async ring() {
      rings++;
    },
    rings: () => rings,
  };
}

let position = 0;

/** An event in its envelope. */
export function eventOf(event: NewEvent, at: Date): CloudEvent {
  position++;
  return inEnvelope(
    { id: randomUUID(), position: String(position), at, event: eventSchema.parse(event) },
    localInstallation,
  );
}
