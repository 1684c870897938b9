import { createHmac, randomBytes } from 'node:crypto';

/*
 * Standard Webhooks (https://www.standardwebhooks.com): what a signed webhook looks like, and when it is tried again.
 */

const prefix = 'whsec_';

/** A new secret of a webhook: 32 random bytes. */
export function newWebhookSecret(): string {
  return prefix + randomBytes(32).toString('base64');
}

/** The id of a message, the same for each attempt at a delivery. */
export function webhookIdOf(deliveryId: string): string {
  return `msg_${deliveryId.replaceAll('-', '')}`;
}

/** The headers by which a receiver checks a message. `at` is when this attempt is made, in milliseconds since the epoch. */
export function signedHeaders(of: {
  readonly secret: string;
  readonly webhookId: string;
  readonly at: number;
  readonly body: string;
}): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(of.at / 1000));
  const key = Buffer.from(of.secret.slice(prefix.length), 'base64');
  const signature = createHmac('sha256', key).update(`${of.webhookId}.${timestamp}.${of.body}`).digest('base64');
  return { 'webhook-id': of.webhookId, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
