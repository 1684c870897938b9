import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addLongName, listSecrets, shortenName, signedWith } from '../support/open-doors.ts';
import { send } from '../support/raw-request.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

/* Whoever has a link has one object for five minutes, and nothing else. */

const cloud = sharedCloud();

describe('a presigned URL, which names the key of a function', () => {
  let link: URL;
  let key: string;
  beforeAll(async () => {
    await addLongName(cloud.pool);
    const { pathname } = new URL(cloud.apiUrl);
    const answer = await send(cloud.dashboardUrl, {
      path: `${pathname}/instruments?query=LONGFORPAGE`,
      headers: { 'x-api-key': cloud.apiKeys.read },
    });
    expect(answer.status).toBe(303);
    link = new URL(String(answer.headers['location']));
    key = link.searchParams.get('X-Amz-Credential')?.split('/')[0] ?? '';
    expect(key).toMatch(/^ASIA/);
  });
  afterAll(() => shortenName(cloud.pool));

  const object = () => link.pathname.replace('/downloads', '');
  const get = (path: string, headers = {}, method = 'GET') =>
    send(cloud.emulatorUrl, { path: `${path}${link.search}`, headers, method });

  it('gives its object, at the dashboard and at the emulator', async () => {
    const served = await send(cloud.dashboardUrl, { path: `${link.pathname}${link.search}` });
    expect([served.status, served.body.includes('LONGFORPAGE')]).toEqual([200, true]);
    expect((await get(object())).body).toBe(served.body);
  });

  it('is for who follows it, and for no page that reads it', async () => {
    const from = (mode: string, path = object() + link.search) =>
      send(cloud.emulatorUrl, { path, headers: { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': mode } });
    expect((await from('navigate')).body).toContain('LONGFORPAGE');
    for (const mode of ['cors', 'no-cors', 'same-origin']) expect((await from(mode)).status, mode).toBe(403);
    for (const path of ['/_aws/execute-api/any/v1/healthz', `${object()}${link.search}0`, '/_ministack/health'])
      expect((await from('navigate', path)).status, path).toBe(403);
  });

  it.each([
    ['the list of functions, with the settings of each', '/2015-03-31/functions/'],
    ['the switches of the emulator', '/_ministack/reset'],
    ['the queues', '/?Action=ListQueues&'],
    ['its bucket', '/'],
  ])('opens nothing else: %s', async (_what, path) => {
    const search = path.includes('?') ? link.search.slice(1) : link.search;
    expect((await send(cloud.dashboardUrl, { path: `/downloads${path}${search}` })).status).toBe(404);
    expect((await send(cloud.emulatorUrl, { path: `${path}${search}` })).status).toBe(403);
  });

  it.each([
    ['valid for longer', 'X-Amz-Expires', '604800'],
    ['of a later time', 'X-Amz-Date', '20991231T235959Z'],
    ['of a signature that is cut', 'X-Amz-Signature', '00'],
    ['shown as a page', 'response-content-type', 'text/html'],
    ['for a list of the bucket', 'list-type', '2'],
    ['for the rights of its object', 'acl', ''],
  ])('is refused when it is altered: %s', async (_what, name, value) => {
    const altered = new URL(link);
    altered.searchParams.set(name, value);
    expect((await send(cloud.dashboardUrl, { path: altered.pathname + altered.search })).status).toBe(403);
    expect((await send(cloud.emulatorUrl, { path: object() + altered.search })).status).toBe(403);
  });

  it('names no other object', async () => {
    const other = await send(cloud.dashboardUrl, { path: `${link.pathname}x${link.search}` });
    const above = await send(cloud.dashboardUrl, { path: `${link.pathname}%2f..${link.search}` });
    expect([other.status, above.status]).toEqual([403, 403]);
  });

  it('is for reading, whatever is said beside it', async () => {
    for (const method of ['PUT', 'POST', 'DELETE']) expect((await get(object(), {}, method)).status, method).toBe(403);
    const answer = await get(object(), listSecrets);
    expect(answer.body).not.toContain('SecretList');
    expect(answer.body).toContain('LONGFORPAGE');
  });

  it.each([
    ['a made-up signature', () => signedWith(key)],
    ['an old kind of signature', () => `AWS ${key}:c2lnbmF0dXJl`],
    ['no signature', () => `AWS4-HMAC-SHA256 Credential=${key}/20261129/us-east-1/secretsmanager/aws4_request`],
  ])('lends nobody its key: %s', async (_what, said) => {
    const answer = await send(cloud.emulatorUrl, {
      method: 'POST',
      headers: { ...listSecrets, authorization: said() },
      body: '{}',
    });
    expect(answer.status).toBe(403);
    expect(answer.body).not.toContain('SecretList');
  });
});
