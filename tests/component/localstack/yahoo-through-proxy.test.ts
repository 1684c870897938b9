import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../localstack/ports.ts';
import { readSettings } from '../../../localstack/settings.ts';
import { yahooThroughProxy } from '../../../localstack/yahoo-through-proxy.ts';

const key = 'PLANTED-key-of-the-proxy';
let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

/** A proxy that answers, with a simulator behind it or not. */
async function proxy(simulated: boolean): Promise<{ url: string; port: number }> {
  server = createServer((_request, response) => {
    if (simulated) response.setHeader('x-quotron-simulated', 'yahoo');
    response.end('{}');
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${port}/yahoo/k/${key}`, port };
}

describe('YFINANCE_PROXY_URL', () => {
  it('is the address of a proxy, with private addresses, and never quoted where it is wrong', () => {
    expect(readSettings({}).yahooProxy).toBeUndefined();
    expect(readSettings({ YFINANCE_PROXY_URL: ' http://10.0.0.5:5000/yahoo/ ' }).yahooProxy).toBe(
      'http://10.0.0.5:5000/yahoo',
    );
    for (const wrong of [
      'localhost:5000',
      'ftp://h/yahoo',
      `http://h/yahoo?key=${key}`,
      `http://h/yahoo#${key}`,
      'http://',
    ])
      expect(() => readSettings({ YFINANCE_PROXY_URL: wrong }), wrong).toThrow(/^YFINANCE_PROXY_URL (?!.*PLANTED)/);
  });

  it('is asked by the Yahoo source, which says so without the key', async () => {
    const { url } = await proxy(false);
    const { notes, ...rest } = await yahooThroughProxy(url, [1], null);
    expect(rest).toEqual({ url, simulated: false });
    expect(notes).toEqual([expect.stringContaining('/yahoo/k/[redacted]')]);
    expect(notes.join()).not.toContain(key);
  });

  it('has made-up prices where a simulator is behind it', async () => {
    const { url } = await proxy(true);
    expect(await yahooThroughProxy(url, [], null)).toMatchObject({ url, simulated: true });
  });

  it('is kept where nothing answers, which is said', async () => {
    const url = `http://u:${key}@127.0.0.1:${await freePort()}/yahoo`;
    const { notes, ...rest } = await yahooThroughProxy(url, [], null);
    expect(rest).toEqual({ url, simulated: false });
    expect(notes).toEqual([expect.stringMatching(/does not answer now \(ECONNREFUSED\)/)]);
    expect(notes.join()).not.toContain(key);
  });

  it("is ignored where it is this cloud's own, in one line, however its host is written", async () => {
    for (const host of [
      '127.0.0.1',
      'localhost',
      'LOCALHOST',
      '127.1',
      '[::1]',
      '0.0.0.0',
      'localhost.',
      '[::ffff:127.0.0.1]',
    ]) {
      const { url, notes } = await yahooThroughProxy(`http://${host}:4780/yahoo/k/${key}`, [4780, 4566], null);
      expect(url, host).toBeUndefined();
      expect(notes, host).toHaveLength(1);
      expect(notes[0]).toMatch(/^The Yahoo source ignores YFINANCE_PROXY_URL .*own proxy/);
      expect(notes[0]).not.toMatch(new RegExp(`\n|${key}`));
    }
  });

  it('yields to the base URL of the source', async () => {
    const { url, notes } = await yahooThroughProxy('http://10.0.0.5/yahoo', [4780], 'QUOTRON_SOURCE_YAHOO_URL');
    expect(url).toBeUndefined();
    expect(notes).toEqual([expect.stringContaining('QUOTRON_SOURCE_YAHOO_URL is set, too')]);
  });
});

describe('typos in the names that other programs know', () => {
  it.each([
    ['DB_PASSWORT', 'DB_PASSWORD'],
    ['DB_HSOT', 'DB_HOST'],
    ['YFINANCE_PROXY_URI', 'YFINANCE_PROXY_URL'],
    ['YFINANCE_PROXY', 'YFINANCE_PROXY_URL'],
  ])('%s is named, with %s', (name, meant) => {
    expect(readSettings({ [name]: 'x' }).unknown).toEqual([{ name, meant }]);
  });

  it('words of other programs are named only where a database is used', () => {
    expect(readSettings({ DB_USERNAME: 'x' }).unknown).toEqual([]);
    const unknown = readSettings({ DB_HOST: 'h', DB_NAME: 'n', DB_USER: 'u', DB_PASS: 'p' }).unknown;
    expect(unknown).toEqual([{ name: 'DB_PASS', meant: 'DB_PASSWORD' }]);
  });
});
