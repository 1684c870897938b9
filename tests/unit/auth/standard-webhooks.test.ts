import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { newWebhookSecret, signedHeaders, webhookIdOf } from '../../../core/auth/standard-webhooks.ts';

describe('a signed webhook', () => {
  const secret = newWebhookSecret();
  const body = JSON.stringify({ type: 'quotron.alert.test', data: { text: 'ä €' } });
  const webhookId = webhookIdOf('0198a7c0-1c2d-5e3f-8a4b-5c6d7e8f9a0b');
  const headers = signedHeaders({ secret, webhookId, at: Date.now(), body });

  it('is one for the library of Standard Webhooks', () => {
    expect(new Webhook(secret).verify(body, { ...headers })).toEqual(JSON.parse(body));
    expect(headers['webhook-id']).toBe('msg_0198a7c01c2d5e3f8a4b5c6d7e8f9a0b');
  });

  it('is refused with another body, another secret, or from another time', () => {
    expect(() => new Webhook(secret).verify(`${body} `, { ...headers })).toThrow();
    expect(() => new Webhook(newWebhookSecret()).verify(body, { ...headers })).toThrow();
    const old = signedHeaders({ secret, webhookId, at: Date.now() - 600_000, body });
    expect(() => new Webhook(secret).verify(body, { ...old })).toThrow();
  });
});
