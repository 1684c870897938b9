import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { chromiumBrowser } from '../../core/adapters/chromium/browser.ts';
import { createSealer } from '../../core/auth/seal.ts';
import { sessionSchema, sessionSecrets } from '../../core/auth/session.ts';
import { demoCredentials, demoTotpSecret } from '../../localstack/upstreams/demo-broker/demo-broker.ts';
import { runNow } from '../support/pipeline.ts';
import { everythingLogged, everythingStored, shown } from '../support/planted-secrets.ts';
import { useWorld } from '../support/use-world.ts';

/*
 * What comes after the password, on the simulated broker in a real browser: what a run ends as, how often anything signs
 * in, and what makes it sign in again.
 */
const world = useWorld({
  sources: ['demo-broker'],
  browser: true,
  pipeline: { credentials: (id) => (id === 'demo-broker' ? JSON.stringify(demoCredentials) : null) },
});
const { all } = world;
const fault = (name: string, differs: Record<string, unknown> = {}) =>
  world.fault({ source: 'demo-broker', fault: name, ...differs });
const over = () => world.upstreams.control.clear();
const logins = () => world.upstreams.control.requests(false)['demo-broker']?.['login'] ?? 0;
const positions = () => runNow('positions', undefined, 'demo-broker');
const ended = async () => (await all('SELECT status, reason, detail FROM task ORDER BY finished_at DESC LIMIT 1'))[0];
const start = () => world.pipeline({ browser: world.browser });

beforeEach(async () => {
  await all(`INSERT INTO source_credentials (source_id, is_set) VALUES ('demo-broker', true)`);
  await world.browser.forget();
});

const dialog = (text: string) => ({ within: 'dialog', html: `<h2>${text}</h2><button>Continue</button>` });

describe('a page after the password is recognized by what it is', () => {
  it.each<[string, string, Record<string, unknown>]>([
    ['second_factor_wanted', 'second-factor', {}],
    ['account_locked', 'locked', {}],
    ['terms_unaccepted', 'terms', {}],
    ['consent_wanted', 'cookie-wall-login', {}],
    [
      'password_change_wanted',
      'after-password',
      {
        path: '/account',
        html: '<form id="login"><p>Your password has expired.</p><input name="username"><input name="password" type="password"><input name="password2" type="password" placeholder="Repeat it"><button type="submit">Save</button></form>',
      },
    ],
    ['second_factor_wanted', 'after-password', { path: '/verify-device', html: '<h1>One more step</h1>' }],
    ['second_factor_wanted', 'after-password', { within: 'frame', html: '<p>Enter the code</p><input name="otp">' }],
    ['approval_wanted', 'after-password', { html: '<p>Confirm this login in your app to continue.</p>' }],
    ['survey_shown', 'after-password', { html: '<p>Please take our survey.</p><button>No, thanks</button>' }],
    ['signed_in_elsewhere', 'after-password', dialog('You are signed in elsewhere. Continue here?')],
    ['terms_unaccepted', 'after-password', dialog('Please accept our new terms and conditions.')],
    ['login_unrecognized', 'after-password', { html: '<h1>Lorem ipsum</h1>' }],
  ])('%s: %s %o', async (code, name, differs) => {
    const { cycle, artifacts } = start();
    fault(name, differs);
    await cycle(positions());
    expect(await ended()).toEqual({ status: 'failed', reason: 'auth_expired', detail: { code } });
    expect(artifacts.size).toBeGreaterThan(0);
    const before = logins();
    await cycle(positions());
    expect(await ended()).toMatchObject({ detail: { code } });
    expect(logins()).toBe(before);
    over();
    const keys = await world.keys();
    const path = '/sources/demo-broker/continue';
    expect((await world.api().ask(path, { method: 'POST', key: keys.operate })).status).toBe(200);
    await cycle(positions());
    expect(await ended()).toMatchObject({ status: 'succeeded' });
  });

  it('too many attempts: the time that it says, and no request before', async () => {
    const { cycle } = start();
    fault('locked', { minutes: 15 });
    const began = Date.now();
    await cycle(positions());
    const task = await ended();
    expect(task).toMatchObject({ reason: 'auth_expired', detail: { code: 'too_many_logins' } });
    const [held] = await all(
      `SELECT extract(epoch FROM login_held_until)::float8 * 1000 AS until, s.held_until = login_held_until AS paused
       FROM source_credentials JOIN source_state s USING (source_id)`,
    );
    expect(Number(held?.['until'])).toBeGreaterThan(began + 15 * 60_000 - 2_000);
    expect(Number(held?.['until'])).toBeLessThan(Date.now() + 16 * 60_000);
    // The time has come.
    over();
    await all(`UPDATE source_credentials SET login_held_until = now() - interval '1 second'`);
    await all('UPDATE source_state SET held_until = NULL');
    await cycle(positions());
    expect(await ended()).toMatchObject({ status: 'succeeded' });
  });
});

describe('one login in ten runs', () => {
  it.each(['locked', 'second-factor'])('with %s, two containers at once included', async (name) => {
    fault(name);
    // A container has a browser of its own, and closes its page at the end of each of its tasks.
    const own = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
    onTestFinished(() => own.close());
    const one = start();
    const other = world.pipeline({ browser: own });
    const nothing = () => runNow('none', undefined, 'none');
    for (let run = 0; run < 5; run++) {
      await Promise.all([one.cycle(positions()), other.cycle(positions())]);
      // The broker has one worker: the task of the other waited for its turn.
      await one.cycle(nothing());
      await other.cycle(nothing());
    }
    expect(await all('SELECT DISTINCT status, reason FROM task')).toEqual([
      { status: 'failed', reason: 'auth_expired' },
    ]);
    expect(await all('SELECT count(*)::int AS runs FROM run')).toEqual([{ runs: 10 }]);
    // The form, what was typed into it, and the page that came instead.
    expect(logins()).toBe(name === 'locked' ? 2 : 3);
  });

  it('not by a recovery either; new credentials begin again', async () => {
    fault('second-factor');
    const pipeline = start();
    await pipeline.cycle(positions());
    await pipeline.cycle(positions());
    const before = logins();
    expect((await pipeline.watch(new Date())).recovering).toEqual([]);
    const keys = await world.keys();
    const ask = (path: string) => world.api().ask(path, { method: 'POST', key: keys.operate });
    for (const action of ['recover', 'run']) {
      const refused = await ask(`/sources/demo-broker/${action}`);
      expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'login_on_hold' }]);
    }
    const health = await world.api().ask('/sources/demo-broker/health', { key: keys.read });
    expect(await health.json()).toMatchObject({
      data: {
        login: {
          detail: { code: 'second_factor_wanted' },
          until: null,
          hint: expect.stringContaining('quotron continue demo-broker'),
        },
      },
    });
    expect(logins()).toBe(before);
    over();
    await pipeline.state.call({ op: 'noteCredentials', sourceId: 'demo-broker', isSet: true, keyId: null });
    await pipeline.cycle(positions());
    expect(await ended()).toMatchObject({ status: 'succeeded' });
  });
});

describe('a login that ends after new credentials were set', () => {
  it('says nothing of them: nothing is on hold, and they are tried', async () => {
    const { state } = start();
    const sourceId = 'demo-broker';
    const detail = { code: 'account_locked' } as const;
    const { token } = await state.call({ op: 'acquireRenewal', sourceId, ttlSeconds: 60 });
    await state.call({ op: 'noteCredentials', sourceId, isSet: true, keyId: null });
    const hold = { op: 'holdLogin', sourceId, detail, seconds: null } as const;
    expect(await state.call({ ...hold, token: token ?? 0 })).toEqual({ kept: false });
    const next = await state.call({ op: 'acquireRenewal', sourceId, ttlSeconds: 60 });
    expect(next).toEqual({ token: expect.any(Number), held: null });
    // One that took longer than its right counts all the same.
    await all(`UPDATE lease SET expires_at = now() - interval '1 second'`);
    expect(await state.call({ ...hold, token: next.token ?? 0 })).toEqual({ kept: true });
    expect(await state.call({ op: 'acquireRenewal', sourceId, ttlSeconds: 60 })).toEqual({
      token: null,
      held: { detail, until: null },
    });
  });
});

describe('a second factor whose secret is among the credentials', () => {
  const withSecret = (totpSecret: string) =>
    world.pipeline({ browser: world.browser, credentials: () => JSON.stringify({ ...demoCredentials, totpSecret }) });

  it('is passed, and neither the secret nor what the site stores is in a blob, row, picture or log line', async () => {
    const secrets: string[] = [demoCredentials.password, demoTotpSecret];
    const pipeline = withSecret(demoTotpSecret);
    fault('second-factor');
    fault('session-storage');
    const logs = await everythingLogged(async () => {
      await pipeline.cycle(positions());
      expect(await ended()).toMatchObject({ status: 'succeeded' });
      const [row] = await all('SELECT sealed FROM auth_session');
      const opened = createSealer('the secret of these tests').open(String(row?.['sealed']), 'demo-broker');
      secrets.push(...sessionSecrets(sessionSchema.parse(JSON.parse(opened ?? 'null'))));
      fault('echo', { kinds: ['quote', 'page'] });
      await pipeline.cycle(positions());
    });
    // What the tab stored.
    expect(secrets.filter((each) => each.split('.').length === 3)).not.toEqual([]);
    const { blobs, artifacts } = pipeline;
    const kept = await Promise.all([...blobs.blobs.keys()].map(async (key) => JSON.stringify(await blobs.get(key))));
    const pages = [...artifacts.values()].map(({ bytes }) => bytes.toString('utf8'));
    const database = await everythingStored(world.pool);
    expect(
      shown(
        secrets.filter((each) => each !== ''),
        { blobs: kept.join(), artifacts: pages.join(), database, logs },
      ),
    ).toEqual([]);
  });

  it('with a wrong one is tried once, and is for a person then', async () => {
    const { cycle } = withSecret('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    fault('second-factor');
    for (let run = 0; run < 3; run++) await cycle(positions());
    expect(await all('SELECT DISTINCT status, detail FROM task')).toEqual([
      { status: 'failed', detail: { code: 'second_factor_wanted' } },
    ]);
    // The form and its password, the page of the code and its code.
    expect(logins()).toBe(4);
  });
});

describe('a right password is never reported as refused', () => {
  it.each<[string, Record<string, unknown>]>([
    ['hidden-error', {}],
    ['cookie-wall-login', { button: 'known' }],
    ['session-storage', {}],
    ['indexed-db', {}],
    ['late-cookie', {}],
  ])('%s: one login for three runs, in a new browser too', async (name, differs) => {
    fault(name, differs);
    const { cycle } = start();
    await cycle(positions());
    expect(await ended()).toEqual({ status: 'succeeded', reason: null, detail: null });
    const before = logins();
    await cycle(positions());
    await world.browser.close();
    await cycle(positions());
    expect(await all('SELECT status, count(*)::int AS tasks FROM task GROUP BY 1')).toEqual([
      { status: 'succeeded', tasks: 3 },
    ]);
    expect(logins()).toBe(before);
  });

  it('a wrong one is, by a form that a script sends as well', async () => {
    fault('hidden-error');
    const wrong = JSON.stringify({ ...demoCredentials, password: 'not-the-right-one' });
    await world.pipeline({ browser: world.browser, credentials: () => wrong }).cycle(positions());
    expect(await ended()).toMatchObject({ reason: 'auth_expired', detail: { code: 'login_refused' } });
  });

  it('the form again with an error under another name is a refusal where it says so, else none', async () => {
    const { cycle } = start();
    fault('after-password', { within: 'form', html: 'The password is incorrect.' });
    await cycle(positions());
    expect(await ended()).toMatchObject({ detail: { code: 'login_refused' } });
  });
});
