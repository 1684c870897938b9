import * as z from 'zod';
import type { Webhook } from '../../core/contracts/operations-secret.ts';
import { parseJson } from '../../core/contracts/parse-json.ts';

/** What people are told. */
export interface Notice {
  readonly title: string;
  readonly text: string;
  /** Something is wrong now, or is over. */
  readonly kind: 'wrong' | 'over' | 'note';
}

const alarmSchema = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string().nullish(),
  NewStateValue: z.enum(['ALARM', 'OK', 'INSUFFICIENT_DATA']),
  NewStateReason: z.string().optional(),
});

const longest = { title: 200, text: 3_000 };

/** A message of the topic: an alarm of CloudWatch, or a text (a budget, a message of AWS's own). */
export function noticeOf({ subject, message }: { subject: string | null; message: string }): Notice {
  const alarm = alarmSchema.safeParse(parseJson(message)).data;
  if (!alarm) return cut({ title: subject ?? 'A message of AWS', text: message, kind: 'note' });
  const over = alarm.NewStateValue !== 'ALARM';
  return cut({
    title: `${over ? 'Over' : 'Alarm'}: ${alarm.AlarmName}`,
    text: [alarm.AlarmDescription, over ? null : alarm.NewStateReason].filter((part) => part).join('\n'),
    kind: over ? 'over' : 'wrong',
  });
}

function cut({ title, text, kind }: Notice): Notice {
  return { title: title.slice(0, longest.title), text: text.slice(0, longest.text), kind };
}

/** A request that tells a notice to a webhook. */
export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const ntfy = {
  wrong: { priority: 4, tags: ['rotating_light'] },
  over: { priority: 2, tags: ['white_check_mark'] },
  note: { priority: 3, tags: [] },
} as const;

/**
 * The request in the form of the service. Slack reads `&`, `<` and `>` as markup, so they are escaped, and nobody is mentioned.
 * ntfy gets JSON at the root of its server, with the topic that the path names: headers take no text but ASCII.
 */
export function requestOf({ form, url }: Webhook, { title, text, kind }: Notice): WebhookRequest {
  const headers = { 'content-type': 'application/json' };
  if (form === 'slack') {
    const escaped = (value: string) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    return { url, headers, body: JSON.stringify({ text: `*${escaped(title)}*\n${escaped(text)}` }) };
  }
  const address = new URL(url);
  const topic = address.pathname.replace(/^\/+/, '');
  address.pathname = '/';
  return { url: address.href, headers, body: JSON.stringify({ topic, title, message: text, ...ntfy[kind] }) };
}
