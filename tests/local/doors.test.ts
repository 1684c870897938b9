import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../core/adapters/chromium/executable.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { addLongName, listSecrets, shortenName, signedWith } from '../support/open-doors.ts';
import { send } from '../support/raw-request.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

/*
 * A developer has web pages open while the local cloud runs. They get nothing, on no port: the emulator would run their
 * code as the developer's own.
 */

const cloud = sharedCloud();
const emulator = new URL(cloud.emulatorUrl);
const withKey = { authorization: signedWith(cloud.emulatorAccessKeyId) };

describe('the emulator', () => {
  const call = (headers: Record<string, string>) =>
    send(cloud.emulatorUrl, { method: 'POST', headers: { ...listSecrets, ...headers }, body: '{}' });

  it('answers whoever knows the key of this start', async () => {
    const answer = await call(withKey);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('SecretList');
  });

  it.each([
    ['without a key', {}],
    ['with the key that any emulator takes', { authorization: signedWith('test') }],
    ["with the account's number as key", { authorization: signedWith('000000000000') }],
    ['from a page', { ...withKey, origin: 'http://evil.example' }],
    ['from a page that hides its origin', { ...withKey, origin: 'null' }],
    ['from the dashboard itself', { ...withKey, origin: cloud.dashboardUrl }],
    ['from a page of another site', { ...withKey, 'sec-fetch-site': 'cross-site' }],
    ['from a page of this site', { ...withKey, 'sec-fetch-site': 'same-site' }],
    ['by another name', { ...withKey, host: `evil.example:${emulator.port}` }],
    ['by its address without the port', { ...withKey, host: '127.0.0.1' }],
    ['by another address', { ...withKey, host: `[::1]:${emulator.port}` }],
  ])('refuses a call %s', async (_what, headers) => {
    const answer = await call(headers);
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    expect(answer.body).not.toContain('SecretList');
  });

  it.each([
    ['a preflight', 'OPTIONS', '/', { origin: 'http://evil.example', 'access-control-request-method': 'POST' }],
    ['its own switches', 'POST', '/_ministack/reset', {}],
    ['the list of functions', 'GET', '/2015-03-31/functions/', {}],
    ['the list of buckets', 'GET', '/', {}],
    ['a call of a service below the REST API', 'POST', '/_aws/execute-api/', listSecrets],
    ['a call of a service in place of an API', 'POST', '/_aws/execute-api/any', listSecrets],
    [
      'a presigned URL with a key of another start',
      'GET',
      '/any/object?X-Amz-Credential=QTRL0000000000000000%2F20261129%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=00',
      {},
    ],
  ])('refuses %s', async (_what, method, path, headers) => {
    const answer = await send(cloud.emulatorUrl, { method, path, headers });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([403, undefined]);
  });

  it('does not believe a browser that says it were the dashboard', async () => {
    const { pathname } = new URL(cloud.apiUrl);
    const api = `/_aws/execute-api/${cloud.outputs['RestApiId']}/${cloud.outputs['RestApiStage']}${pathname}/livez`;
    const ask = (headers: Record<string, string>) => send(cloud.emulatorUrl, { path: api, headers });
    expect((await ask({})).status).toBe(200);
    expect((await ask({ origin: cloud.dashboardUrl })).status).toBe(403);
    expect((await ask({ origin: cloud.dashboardUrl, 'x-quotron-gate': 'guess' })).status).toBe(403);
  });
});

describe('the dashboard and the simulated upstreams', () => {
  it.each([
    ['dashboard', cloud.dashboardUrl, '/'],
    ["dashboard's API", cloud.dashboardUrl, '/api/v1/livez'],
    ['simulator', cloud.upstreamsUrl ?? '', '/yahoo/v1/finance/search?q=a'],
  ])('the %s answers to its own name only', async (_what, base, path) => {
    const { port } = new URL(base);
    for (const host of [
      `evil.example:${port}`,
      'evil.example',
      '127.0.0.1',
      `127.0.0.1.evil.example:${port}`,
      `[::1]:${port}`,
    ])
      expect((await send(base, { path, headers: { host } })).status, host).toBe(421);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`])
      expect((await send(base, { path, headers: { host } })).status, host).not.toBe(421);
  });

  it('faults are switched with the operate key only', async () => {
    const control = (headers: Record<string, string>) =>
      send(cloud.upstreamsUrl ?? '', { path: '/_control/faults', headers });
    expect((await control({})).status).toBe(401);
    expect((await control({ 'x-api-key': cloud.apiKeys.read })).status).toBe(401);
    expect((await control({ 'x-api-key': cloud.apiKeys.operate })).status).toBe(200);
  });

  it('downloads only what a presigned URL names', async () => {
    for (const path of ['/downloads/', '/downloads/_ministack/reset', '/downloads/2015-03-31/functions/'])
      expect((await send(cloud.dashboardUrl, { path })).status, path).toBe(404);
    for (const path of [
      '/2015-03-31/functions/',
      '/_localstack/health',
      '/_aws/execute-api/answers/x',
      '/bucket/raw/x',
    ])
      expect((await send(cloud.dashboardUrl, { path: `/downloads${path}?X-Amz-Signature=00` })).status, path).toBe(404);
  });
});

describe('another user of this machine', () => {
  const secrets = [
    new URL(cloud.databaseUrl).password,
    ...Object.values(cloud.apiKeys),
    cloud.emulatorAccessKeyId,
    String(databaseUrlOf('Api')).split(':')[2]?.split('@')[0] ?? '',
  ];

  /** The password that a function has lies in the synthesized template. */
  function databaseUrlOf(stack: string): string | undefined {
    const template = readFileSync(join(cloud.folder, `deploy/cdk.out/Quotron-local-${stack}.template.json`), 'utf8');
    return /postgres:\/\/[^"]+/.exec(template)?.[0];
  }

  /** Files below a folder that others may read, on a way that others may go. */
  function readable(folder: string): string[] {
    if ((statSync(folder).mode & 0o001) === 0) return [];
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return readable(path);
      return entry.isFile() && (statSync(path).mode & 0o004) !== 0 ? [path] : [];
    });
  }

  const filesBelow = (folder: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  const holds = (path: string, secret: string) => readFileSync(path, 'latin1').includes(secret);

  it('reads no file of the state that has a secret in it', () => {
    for (const secret of secrets) expect(secret.length).toBeGreaterThan(15);
    const leaks = readable(cloud.folder).filter((path) => {
      const text = readFileSync(path, 'latin1');
      return secrets.some((secret) => text.includes(secret));
    });
    expect(leaks).toEqual([]);
    for (const name of ['local.json', 'postgres/connection.json'])
      expect(statSync(join(cloud.folder, name)).mode & 0o077, name).toBe(0);
  });

  it('finds no key of this start where the programs that use it keep notes of their own', () => {
    const home = join(homedir(), '.cdk');
    const noted = existsSync(home) ? filesBelow(home).filter((path) => holds(path, cloud.emulatorAccessKeyId)) : [];
    expect(noted).toEqual([]);
    // The CDK does note it, in the folder that is closed to others.
    expect(
      filesBelow(join(cloud.folder, 'deploy/cdk-home')).some((path) => holds(path, cloud.emulatorAccessKeyId)),
    ).toBe(true);
  });

  it.runIf(process.getuid?.() === 0)('cannot open them, tried as the account `nobody`', () => {
    const asNobody = (path: string) => spawnSync('cat', [path], { uid: 65534, gid: 65534, stdio: 'ignore' }).status;
    for (const name of ['local.json', 'postgres/connection.json', 'deploy/cdk.out/tree.json', 'emulator/emulator.json'])
      expect(asNobody(join(cloud.folder, name)), name).not.toBe(0);
  });

  it('gains nothing by the login of a function: it is no superuser, as on AWS', async () => {
    const pool = createPool({ url: databaseUrlOf('Api') ?? '' });
    try {
      const { rows } = await pool.query(
        `SELECT current_user AS name, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls AS powerful
         FROM pg_roles WHERE rolname = current_user`,
      );
      expect(rows).toEqual([{ name: 'quotron_api', powerful: false }]);
      await expect(pool.query("COPY (SELECT 1) TO PROGRAM 'true'")).rejects.toThrow('permission denied');
      await expect(pool.query("SELECT pg_read_file('/etc/hostname')")).rejects.toThrow('permission denied');
      await expect(pool.query('DROP TABLE quote')).rejects.toThrow('must be owner');
    } finally {
      await pool.end();
    }
  });
});

describe('a page of another origin, in a real browser', () => {
  let browser: Browser;
  let site: Server;
  let page: Page;

  beforeAll(async () => {
    site = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<title>a page that a developer has open</title>');
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    const address = site.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { path, env } = await findChromium(process.env['QUOTRON_CHROMIUM']);
    browser = await chromium.launch({
      executablePath: path,
      env: { ...process.env, ...env },
      args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP *.example 127.0.0.1'],
    });
    page = await browser.newPage();
    await page.goto(`http://evil.example:${port}/`);
  });
  afterAll(async () => {
    await browser?.close();
    await new Promise((resolve) => site.close(resolve));
  });

  it('reads nothing from any port of the local cloud, by address or by a name of its own', async () => {
    const ports = [cloud.emulatorUrl, cloud.dashboardUrl, cloud.upstreamsUrl ?? '', cloud.databaseUrl].map(
      (url) => new URL(url).port,
    );
    expect(ports).toHaveLength(4);
    const paths = ['/', '/_localstack/health', '/api/v1/livez', '/_control/requests', '/2015-03-31/functions/'];
    const read = await page.evaluate(
      async ({ ports, paths, target }) => {
        const got: string[] = [];
        for (const port of ports)
          for (const host of ['127.0.0.1', 'localhost', 'rebound.example'])
            for (const path of paths)
              for (const init of [
                {},
                { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } },
                { method: 'POST', body: '{}', headers: target },
              ])
                try {
                  const answer = await fetch(`http://${host}:${port}${path}`, init);
                  got.push(`${host}:${port}${path} ${answer.status} ${await answer.text()}`);
                } catch {
                  // What a page is not allowed to read is an error for it.
                }
        return got;
      },
      { ports, paths, target: listSecrets },
    );
    expect(read).toEqual([]);
  });

  it('shows, runs and frames nothing of what they serve', async () => {
    const urls = [cloud.emulatorUrl, cloud.dashboardUrl, cloud.upstreamsUrl ?? ''].flatMap((base) =>
      ['/', '/favicon.svg', '/api/v1/livez', '/_localstack/health'].map((path) => `${base}${path}`),
    );
    const load = `(url, tag, address) => new Promise((resolve) => {
      const element = Object.assign(document.createElement(tag), { rel: 'stylesheet', [address]: url });
      element.onload = () => resolve([tag + ' ' + url]);
      element.onerror = () => resolve([]);
      document.body.append(element);
    })`;
    const ways = [
      ['img', 'src'],
      ['script', 'src'],
      ['link', 'href'],
    ];
    const loads = urls.flatMap((url) =>
      ways.map((way) => `(${load})(${[url, ...way].map((each) => JSON.stringify(each))})`),
    );
    const loaded = await page.evaluate(`Promise.all([${loads}]).then((all) => all.flat())`);
    expect(loaded).toEqual([]);
    // What the emulator and the simulator say in a frame no page can read. The dashboard would be clicked in it.
    const framed = await browser.newPage();
    await framed.goto(page.url());
    const ofDashboard = urls.filter((url) => url.startsWith(cloud.dashboardUrl));
    for (const url of ofDashboard)
      await framed.evaluate(`new Promise((onload) => {
        document.body.append(Object.assign(document.createElement('iframe'), { onload, src: ${JSON.stringify(url)} }));
      }).then(() => null)`);
    const inside = () => framed.frames().flatMap((frame) => (frame === framed.mainFrame() ? [] : frame.url()));
    await expect.poll(() => inside().filter((url) => url.startsWith('chrome-error:')).length).toBe(ofDashboard.length);
  });

  it('does nothing in the name of somebody who is signed in at the dashboard', async () => {
    const context = await browser.newContext();
    try {
      const headers = { origin: cloud.dashboardUrl };
      const session = `${cloud.apiUrl}/session`;
      const signedIn = await context.request.post(session, { data: { key: cloud.apiKeys.admin }, headers });
      expect(signedIn.status()).toBe(200);
      const visitor = await context.newPage();
      await visitor.goto(cloud.dashboardUrl);
      expect(await visitor.evaluate(async () => (await fetch('/api/v1/keys')).status)).toBe(200);
      const { port } = new URL(page.url());
      // Another port of 127.0.0.1 is the same site: the cookie is sent.
      for (const site of [`http://evil.example:${port}/`, `http://127.0.0.1:${port}/`, `http://localhost:${port}/`])
        for (const enctype of ['text/plain', 'multipart/form-data', 'application/x-www-form-urlencoded']) {
          const tab = await context.newPage();
          await tab.goto(site);
          const stop = `${cloud.apiUrl}/sources/yahoo/stop`;
          const fetched = await tab.evaluate(async (url) => {
            const init = { method: 'POST', credentials: 'include', body: '{}' } as const;
            const sent = [fetch(url, { ...init, mode: 'cors' }), fetch(url, { ...init, mode: 'no-cors' })];
            return (await Promise.allSettled(sent)).map(({ status }) => status);
          }, stop);
          expect(fetched).toEqual(['rejected', 'rejected']);
          const answer = tab.waitForResponse(stop);
          const form = JSON.stringify({ method: 'POST', action: stop, enctype });
          await tab.evaluate(`{
            const form = Object.assign(document.createElement('form'), ${form});
            document.body.append(form);
            form.submit();
          }`);
          expect([401, 403], `${site} ${enctype}`).toContain((await answer).status());
        }
      const paused = await cloud.rows("SELECT FROM source_state WHERE source_id = 'yahoo' AND paused");
      expect(paused).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('reads nothing where its own name has been pointed at this machine', async () => {
    for (const [base, path] of [
      [cloud.emulatorUrl, '/_localstack/health'],
      [cloud.emulatorUrl, '/2015-03-31/functions/'],
      [cloud.dashboardUrl, '/api/v1/livez'],
      [cloud.upstreamsUrl ?? '', '/_control/requests'],
    ] as const) {
      // A navigation: the page that comes is of the same origin as all that the port serves.
      const tab = await browser.newPage();
      const loaded = await tab.goto(`http://rebound.example:${new URL(base).port}${path}`);
      await tab.close();
      expect([403, 421], `${base}${path}`).toContain(loaded?.status());
    }
  });

  it('while the dashboard reads an answer over 4 MB from its own origin, and the page not even by its link', async () => {
    await addLongName(cloud.pool);
    const tab = await browser.newPage();
    try {
      await tab.goto(cloud.dashboardUrl);
      const got = await tab.evaluate(async (key) => {
        const answer = await fetch('/api/v1/instruments?query=LONGFORPAGE', { headers: { 'x-api-key': key } });
        return { status: answer.status, url: answer.url, length: (await answer.text()).length };
      }, cloud.apiKeys.read);
      expect(got.status).toBe(200);
      expect(got.url).toContain(`${cloud.dashboardUrl}/downloads/`);
      expect(got.length).toBeGreaterThan(3_000_000);
      const outcome = (given: Promise<unknown>) =>
        given.then(
          () => 'given',
          () => 'refused',
        );
      const ways = {
        fetched: await outcome(page.evaluate(async (link) => (await fetch(link)).status, got.url)),
        run: await outcome(page.addScriptTag({ url: got.url })),
      };
      expect(ways).toEqual({ fetched: 'refused', run: 'refused' });
    } finally {
      await tab.close();
      await shortenName(cloud.pool);
    }
  });
});
