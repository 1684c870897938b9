import { describe, expect, it } from 'vitest';
import { useCli } from '../../support/cli-in-process.ts';

const id = '0198a7c0-0000-5000-8000-000000000001';
const at = '2026-11-22T19:40:00.000Z';
const cli = useCli();
const { answers, ask } = cli;

const rule = (differs: Record<string, unknown> = {}) => ({
  ...{ id, name: 'Apple', kind: 'price_above', channelIds: [id], quietHours: null, enabled: true, stopped: null },
  ...{ when: { kind: 'price_above', symbol: 'AAPL', price: 300, rearmPercent: 0 }, met: false, evaluatedAt: at },
  ...{ owner: { keyId: id, name: 'ops', use: 'internal' }, lastAlertAt: null, createdAt: at },
  ...differs,
});
const channel = (differs: Record<string, unknown> = {}) => ({
  ...{ id, name: 'ops', kind: 'webhook', target: 'example.com', state: 'active', failingSince: null, disabled: null },
  ...{ disabledAt: null, lastDeliveredAt: null, lastError: null, createdAt: at },
  ...differs,
});
const delivery = (differs: Record<string, unknown> = {}) => ({
  ...{ id, webhookId: 'msg_1', ruleId: null, ruleName: null, kind: null, channelId: id, channelName: 'ops' },
  ...{ eventId: id, status: 'waiting', attempts: 0, createdAt: at, nextAt: at, finishedAt: null, lastError: null },
  ...{ lastStatus: null },
  ...differs,
});

describe('alerts', () => {
  it('lists rules in words, without letting a name steer the terminal', async () => {
    answers['GET /alerts/rules'] = [rule(), rule({ name: '\u001b[31mX', stopped: 'key_revoked', met: true })];
    const { code, stdout } = await ask('alerts', 'list');
    expect(code).toBe(0);
    expect(stdout).toContain('price above AAPL price=300');
    expect(stdout).toContain('key_revoked');
    expect(stdout).not.toContain('\u001b');
  });

  it('adds a rule of each kind, with quiet hours', async () => {
    answers['POST /alerts/rules'] = rule({ met: true });
    const { code, stdout } = await ask(
      ...['alerts', 'add', 'price-above', 'AAPL', '--price', '300', '--rearm', '0.5', '--channel', id],
      ...['--quiet', '22:00-07:00@Europe/Berlin'],
    );
    expect([code, stdout]).toEqual([0, expect.stringContaining('holds already')]);
    expect(cli.asked.at(-1)?.body).toEqual({
      name: 'price-above AAPL 300',
      when: { kind: 'price_above', symbol: 'AAPL', price: '300', rearmPercent: 0.5 },
      channelIds: [id],
      quietHours: { from: '22:00', to: '07:00', zone: 'Europe/Berlin' },
    });
    await ask('alerts', 'add', 'quarantine-over', '--count', '0', '--source', 'yahoo', '--channel', id, '--name', 'q');
    expect(cli.asked.at(-1)?.body).toEqual({
      name: 'q',
      when: { kind: 'quarantine_over', count: 0, sourceId: 'yahoo' },
      channelIds: [id],
    });
    expect((await ask('alerts', 'add', 'dispute', '--channel', id, '--quiet', 'at night')).code).toBe(2);
    expect((await ask('alerts', 'add', 'dispute')).code).toBe(2);
  });

  it('removes, stops and starts rules', async () => {
    answers[`DELETE /alerts/rules/${id}`] = rule();
    answers[`POST /alerts/rules/${id}/stop`] = rule({ enabled: false, stopped: 'person' });
    expect((await ask('alerts', 'remove', id)).stdout).toBe('Apple is removed.\n');
    expect((await ask('alerts', 'stop', id)).stdout).toContain('person');
  });

  it('adds channels, and shows the secret of a webhook once', async () => {
    answers['POST /alerts/channels'] = { ...channel(), secret: 'whsec_abc' };
    const { stdout, stderr } = await ask(
      'alerts',
      'channels',
      'add',
      'webhook',
      'https://example.com/x',
      '--name',
      'ops',
    );
    expect(stdout).toBe(`${id}\nwhsec_abc\n`);
    expect(stderr).toContain('not shown again');
    expect(cli.asked.at(-1)?.body).toEqual({ kind: 'webhook', name: 'ops', url: 'https://example.com/x' });
    answers['POST /alerts/channels'] = { ...channel({ kind: 'email' }), secret: null };
    await ask('alerts', 'channels', 'add', 'email', 'anna@example.com');
    expect(cli.asked.at(-1)?.body).toEqual({ kind: 'email', name: 'email', address: 'anna@example.com' });
  });

  it('lists channels, and fails when one was switched off by itself', async () => {
    answers['GET /alerts/channels'] = [channel()];
    expect(await ask('alerts', 'channels')).toMatchObject({ code: 0, stdout: expect.stringContaining('example.com') });
    answers['GET /alerts/channels'] = [channel({ state: 'disabled', disabled: 'gone', disabledAt: at })];
    expect(await ask('alerts', 'channels')).toMatchObject({ code: 1, stdout: expect.stringContaining('gone') });
    answers[`POST /alerts/channels/${id}/start`] = channel();
    expect(await ask('alerts', 'channels', 'start', id)).toMatchObject({ code: 0 });
  });

  it.each([
    [{ status: 'delivered', finishedAt: at, attempts: 1 }, 0, 'It has arrived.'],
    [{ attempts: 1, lastError: 'rejected', lastStatus: 404 }, 1, 'It has not arrived: rejected 404'],
  ])('a test that came to %j ends with %i', async (differs, code, says) => {
    answers[`POST /alerts/channels/${id}/test`] = delivery();
    answers[`GET /alerts/deliveries/${id}`] = delivery(differs);
    expect(await ask('alerts', 'test', id)).toMatchObject({ code, stdout: `${says}\n` });
  });

  it('lists deliveries, and sends dead ones again', async () => {
    answers['GET /alerts/deliveries'] = [delivery({ status: 'dead', lastError: 'timeout', attempts: 9 })];
    const { stdout } = await ask('alerts', 'deliveries', '--status', 'dead', '--channel', id);
    expect(cli.asked.at(-1)?.path).toBe(`/alerts/deliveries?limit=50&status=dead&channelId=${id}`);
    expect(stdout).toMatch(/a test +ops +dead +9 .* timeout/);
    answers[`POST /alerts/deliveries/${id}/retry`] = delivery();
    expect((await ask('alerts', 'retry', id)).stdout).toBe(`${id}: waiting\n`);
  });
});
