import type { WebhookRequest } from '../../core/alerts/notice.ts';

const timeoutMs = 5_000;

/** Sends to the webhook. The error has the status and never the address, which is a secret. */
export async function sendNotice({ url, headers, body }: WebhookRequest, send: typeof fetch = fetch): Promise<void> {
  const answer = await send(url, {
    method: 'POST',
    headers,
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: unknown) => {
    throw new WebhookError(error instanceof Error ? error.name : 'unknown');
  });
  if (!answer.ok) throw new WebhookError(String(answer.status));
}

/** The webhook was not reached, or refused. */
export class WebhookError extends Error {
  override readonly name = 'WebhookError';

  constructor(why: string) {
    super(`The webhook of alarms did not take a message (${why}). Compare its address in the secret of operations.`);
  }
}
