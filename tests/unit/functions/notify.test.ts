import { describe, expect, it, vi } from 'vitest';
import { requestOf } from '../../../core/alerts/notice.ts';
import { operationsSecretSchema, webhookSchema } from '../../../core/contracts/operations-secret.ts';
import { noticeOf } from '../../../functions/notify/notice.ts';
import { sendNotice } from '../../../functions/notify/send-notice.ts';

const alarm = (state: string) =>
  JSON.stringify({
    AlarmName: 'Quotron-prod-Pipeline-NoTicks',
    AlarmDescription: 'schedule has not run. What to do: docs/runbook.md#no-ticks',
    NewStateValue: state,
    NewStateReason: 'Threshold Crossed',
    AWSAccountId: '123456789012',
  });
const slack = webhookSchema.parse({ form: 'slack', url: 'https://hooks.example.com/services/T/B/secret' });
const ntfy = webhookSchema.parse({ form: 'ntfy', url: 'https://ntfy.example.com/quotron-alarms' });

describe('a notice', () => {
  it.each([
    ['ALARM', 'wrong', 'Alarm: Quotron-prod-Pipeline-NoTicks', /docs\/runbook\.md#no-ticks\nThreshold/],
    ['OK', 'over', 'Over: Quotron-prod-Pipeline-NoTicks', /docs\/runbook\.md#no-ticks$/],
  ])('of an alarm in the state %s', (state, kind, title, text) => {
    expect(noticeOf({ subject: 'ALARM', message: alarm(state) })).toEqual({
      kind,
      title,
      text: expect.stringMatching(text),
    });
  });

  it.each(['AWS Budget: 80 % of 50 USD', '{"not": "an alarm"}', '[', 'null'])('of another message: %s', (message) => {
    expect(noticeOf({ subject: 'AWS Budgets', message })).toEqual({
      kind: 'note',
      title: 'AWS Budgets',
      text: message,
    });
  });

  it('is no longer than the services take', () => {
    const { title, text } = noticeOf({ subject: 's'.repeat(5_000), message: 'm'.repeat(50_000) });
    expect([title.length, text.length]).toEqual([200, 3_000]);
  });
});

describe('the request', () => {
  it('to Slack has no markup but its own, and mentions nobody', () => {
    const { body, url } = requestOf(slack, {
      kind: 'wrong',
      title: '<!channel> & *x*',
      text: '<https://evil.example|ok>',
    });
    expect(url).toBe(slack.url);
    expect(JSON.parse(body)).toEqual({
      text: '*&lt;!channel&gt; &amp; *x**\n&lt;https://evil.example|ok&gt;',
    });
  });

  it('to ntfy names the topic of the address, and says how urgent it is', () => {
    const said = { title: 'Alarm: ü', text: 'text' };
    const made = requestOf(ntfy, { kind: 'wrong', ...said });
    expect(made.url).toBe('https://ntfy.example.com/');
    expect(JSON.parse(made.body)).toEqual({
      topic: 'quotron-alarms',
      title: 'Alarm: ü',
      message: 'text',
      priority: 4,
      tags: ['rotating_light'],
    });
    expect(JSON.parse(requestOf(ntfy, { kind: 'over', ...said }).body)).toMatchObject({ priority: 2 });
  });
});

describe('sending', () => {
  const request = requestOf(slack, { kind: 'note', title: 't', text: 'x' });

  it('posts once, and follows no redirect', async () => {
    const send = vi.fn<typeof fetch>().mockResolvedValue(new Response('ok'));
    await sendNotice(request, send);
    expect(send).toHaveBeenCalledOnce();
    expect(send.mock.calls[0]?.[1]).toMatchObject({ method: 'POST', redirect: 'error', body: request.body });
  });

  it.each([
    ['a refusal', async () => new Response('no', { status: 404 }), '404'],
    [
      'nobody there',
      async () => Promise.reject(new TypeError('connect hooks.example.com/services/T/B/secret')),
      'TypeError',
    ],
  ] as const)('fails with %s, without the address, which is a secret', async (_, answer, why) => {
    const failed = await sendNotice(request, answer).then(
      () => null,
      (error: unknown) => String(error),
    );
    expect(failed).toContain(why);
    expect(failed).not.toContain('secret)');
    expect(failed).not.toContain('services');
  });
});

it.each([
  { webhook: { form: 'slack', url: 'http://hooks.example.com/x' } },
  { webhook: { form: 'pager', url: 'https://hooks.example.com/x' } },
  { canaryKey: 7 },
])('the secret of operations is read by its schema: %j', (value) => {
  expect(operationsSecretSchema.safeParse(value).success).toBe(false);
});

it('the secret of operations begins empty', () => {
  expect(operationsSecretSchema.parse({})).toEqual({});
});
