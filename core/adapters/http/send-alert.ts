import { cut, requestOf, type WebhookRequest } from '../../alerts/notice.ts';
import { signedHeaders } from '../../auth/standard-webhooks.ts';
import type { SendOutcome } from '../../contracts/alert-deliveries.ts';
import type { DeliveryError } from '../../contracts/words/alerts.ts';
import type { AlertMessage, SendAlert, SendMail } from '../../ports/alert-sender.ts';
import type { UpstreamAnswer } from '../../ports/upstream.ts';
import { retryAfterOf } from '../../scraping/retry-after.ts';
import { httpUpstream, type ResolveName } from './upstream.ts';

/** As long as Standard Webhooks advises senders to wait. */
const timeoutMs = 15_000;
/** Nothing is done with what receivers answer. */
const mostBytes = 16 * 1024;

export interface SendingAlerts {
  /** Hosts (with their ports) whose addresses may be private. */
  readonly hosts: readonly string[];
  /** `null` where no mail can be sent. */
  readonly mail: SendMail | null;
  readonly now: () => number;
  readonly timeoutMs?: number | undefined;
  readonly resolve?: ResolveName;
}

/** Sends alerts over HTTP, each in the form of its channel; mails are handed to `mail`. */
export function alertSender(of: SendingAlerts): SendAlert {
  return async (channel, message) => {
    switch (channel.kind) {
      case 'webhook': {
        const body = JSON.stringify(message.body);
        const { webhookId } = message;
        const headers = signedHeaders({ secret: channel.secret, webhookId, at: of.now(), body });
        return post({ url: channel.url, headers: { ...headers, 'content-type': 'application/json' }, body }, of);
      }
      case 'slack':
        return post(requestOf({ form: 'slack', url: channel.url }, noticeOf(message)), of);
      case 'ntfy': {
        const request = requestOf({ form: 'ntfy', url: channel.url }, noticeOf(message));
        const token = channel.token === null ? {} : { authorization: `Bearer ${channel.token}` };
        return post({ ...request, headers: { ...request.headers, ...token } }, of);
      }
      case 'email':
        return mail(channel.address, message, of);
    }
  };
}

function noticeOf({ body: { data } }: AlertMessage) {
  return cut({ title: data.title, text: data.text, kind: 'note' });
}

async function mail(to: string, { body, webhookId }: AlertMessage, of: SendingAlerts): Promise<SendOutcome> {
  if (of.mail === null) return failed('not_configured');
  const { title, text } = body.data;
  try {
    await of.mail({ to, subject: title, text, id: webhookId });
    return { delivered: true, error: null, status: null, retryAfterSeconds: null };
  } catch {
    // Its message may hold the address.
    return failed('rejected');
  }
}

async function post({ url, headers, body }: WebhookRequest, of: SendingAlerts): Promise<SendOutcome> {
  const target = new URL(url);
  const excepted = of.hosts.includes(target.host);
  if (target.protocol !== 'https:' && !excepted) return failed('refused_address');
  const call = httpUpstream(
    {
      origins: [target.origin],
      allowPrivate: excepted,
      timeoutMs: of.timeoutMs ?? timeoutMs,
      maxBytes: mostBytes,
    },
    of.resolve,
  );
  return outcomeOf(
    await call({
      method: 'POST',
      url: target,
      headers: { ...headers, 'user-agent': 'Quotron' },
      body,
      redirect: 'manual',
    }),
    of.now(),
  );
}

const ofConnection: Partial<Record<string, DeliveryError>> = { refused: 'refused_address', timeout: 'timeout' };

function outcomeOf({ response, error }: UpstreamAnswer, now: number): SendOutcome {
  // The head decides: what became of its body does not matter.
  if (response === null) return failed(ofConnection[error?.code ?? ''] ?? 'connection');
  const { status } = response;
  if (status >= 200 && status < 300) return { delivered: true, error: null, status, retryAfterSeconds: null };
  const why = status === 410 ? 'gone' : status >= 300 && status < 400 ? 'redirected' : 'rejected';
  return { ...failed(why), status, retryAfterSeconds: retryAfterOf({ response }, now) };
}

function failed(error: DeliveryError): SendOutcome {
  return { delivered: false, error, status: null, retryAfterSeconds: null };
}
