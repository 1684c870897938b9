import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { AsYahooError, openAuthority } from '../../functions/yahoo-proxy/as-yahoo/authority.ts';
import { hostsOf, makeAuthority, makeLeaf } from '../../functions/yahoo-proxy/as-yahoo/certificates.ts';
import { type StandaloneProxy, startStandalone } from '../../functions/yahoo-proxy/standalone.ts';
import { type RunningUpstreams, startUpstreams } from '../../localstack/upstreams/server.ts';
import { installPython, unchangedYfinance } from '../clients/yahoo-clients.ts';
import { notRunHere } from '../support/fault-table/not-run-here.ts';
import { ownAddress, whyNoPrivateHosts, withYahooAt, yahooHosts } from '../support/yahoo-hosts.ts';

const folder = mkdtempSync(join(tmpdir(), 'quotron-as-yahoo-'));
let upstreams: RunningUpstreams;
let proxy: StandaloneProxy;
let ca = '';

const start = (more: Partial<Parameters<typeof startStandalone>[0]> = {}) =>
  startStandalone({
    port: 0,
    host: '127.0.0.1',
    upstream: upstreams.urlOf('yahoo'),
    asYahoo: { folder: join(folder, 'ca'), port: 0, dns: [] },
    log: () => undefined,
    heartbeatMs: 0,
    ...more,
  });

beforeAll(async () => {
  upstreams = await startUpstreams({ port: 0 });
  proxy = await start();
  ca = readFileSync(proxy.asYahoo?.certificate ?? '', 'utf8');
});
afterAll(async () => {
  await proxy?.stop();
  await upstreams?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Asked {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A request over TLS to the proxy under the name of a host. */
function ask(
  host: string,
  path: string,
  more: { headers?: Record<string, string>; post?: string } = {},
): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: proxy.asYahoo?.port,
        servername: host,
        ca,
        path,
        method: more.post === undefined ? 'GET' : 'POST',
        headers: { host, ...more.headers },
        agent: false,
      },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          body += part;
        });
        answer.once('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
      },
    );
    sent.once('error', reject);
    sent.end(more.post);
  });
}

/** What a client that trusts an authority thinks of a server with a certificate: its name in TLS, or the reason against it. */
async function handshake(server: { certificate: string; key: string }, host: string, trusted: string): Promise<string> {
  const listening = createServer({ cert: server.certificate, key: server.key }, (socket) => socket.end());
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  listening.on('tlsClientError', () => undefined);
  try {
    return await new Promise((resolve) => {
      const socket: TLSSocket = connect({ host: '127.0.0.1', port, servername: host, ca: trusted }, () => {
        socket.end();
        resolve('taken');
      });
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.message));
    });
  } finally {
    await new Promise<void>((resolve) => listening.close(() => resolve()));
  }
}

describe('under Yahoo’s own hosts, for a client that trusts the authority and knows nothing else,', () => {
  it.each(yahooHosts)('the proxy answers as %s', async (host) => {
    const { status, body } = await ask(host, '/v8/finance/chart/AAPL?range=5d&interval=1d');
    expect([status, JSON.parse(body).chart.result[0].meta.symbol]).toEqual([200, 'AAPL']);
  });

  it('gives the cookies on / of fc.yahoo.com and on pages of the site, the crumb, and what is posted for', async () => {
    const cookie = await ask('fc.yahoo.com', '/');
    expect([cookie.status, cookie.headers['set-cookie']?.length]).toEqual([404, 2]);
    // The last as quantmod does, which wants both cookies, and yahooquery, which plays a browser.
    const asBrowser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    for (const [path, accept] of [
      ['/quote/AAPL', 'text/html'],
      ['/quote/AAPL', asBrowser],
      ['/', asBrowser],
    ] as const) {
      const page = await ask('finance.yahoo.com', path, { headers: { accept } });
      expect([path, page.status, page.headers['set-cookie']?.length]).toEqual([path, 200, 2]);
      expect(page.headers['content-type']).toContain('text/html');
    }
    const crumb = await ask('query1.finance.yahoo.com', '/v1/test/getcrumb');
    expect([crumb.status, crumb.body.length > 3]).toEqual([200, true]);
    const post = JSON.stringify({
      size: 3,
      query: { operator: 'eq', operands: ['region', 'us'] },
      quoteType: 'EQUITY',
    });
    const headers = { 'content-type': 'application/json' };
    expect((await ask('query1.finance.yahoo.com', '/v1/finance/screener', { post, headers })).status).toBe(200);
  });

  const at = '/at/2026-11-20T15:00:00Z';
  it.each([
    ...['/health', '/metrics', '/market/sp500', '/quote/AAPL', '/k/a-token/v1/test/getcrumb', '/no/such/route'],
    ...[`${at}/v7/finance/quote?symbols=AAPL`, `${at}/`, '/at'],
  ])('has no route %s, which Yahoo does not answer so', async (path) => {
    const { status, body } = await ask('query2.finance.yahoo.com', path);
    expect([status, JSON.parse(body).finance.error.code]).toEqual([501, 'Not Implemented']);
  });

  it('answers clients that would like HTTP/2 by HTTP/1.1, and says so before they ask', async () => {
    const offered = (protocols: string[]) =>
      new Promise<string>((resolve) => {
        const to = { host: '127.0.0.1', port: proxy.asYahoo?.port ?? 0, servername: 'query1.finance.yahoo.com', ca };
        const socket = connect({ ...to, ALPNProtocols: protocols }, () => {
          resolve(String(socket.alpnProtocol));
          socket.destroy();
        });
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      });
    expect(await offered(['h2', 'http/1.1'])).toBe('http/1.1');
    expect(await offered(['h2'])).toMatch(/NO_APPLICATION_PROTOCOL/);
    expect(await offered([])).toBe('false');
  });

  it.each([
    ['quotes of many symbols', '/v7/finance/quote?symbols=AAPL%2CMSFT%2CBTC-USD', ['quoteResponse', 'result', '2']],
    [
      'a chart with dividends and splits',
      '/v8/finance/chart/AAPL?period1=1760000000&period2=1790000000&interval=1d&includePrePost=true&events=div%7Csplit%7Cearn&useYfid=true&lang=en-US',
      ['chart', 'result', '0', 'timestamp', '0'],
    ],
    [
      'a search',
      '/v1/finance/search?q=apple&lang=en-US&region=US&quotesCount=6&newsCount=0',
      ['quotes', '0', 'symbol'],
    ],
    [
      'the profile of an instrument',
      '/v10/finance/quoteSummary/AAPL?formatted=false&modules=price%2CsummaryProfile',
      ['quoteSummary', 'result', '0', 'price'],
    ],
    [
      'the holdings of a fund',
      '/v10/finance/quoteSummary/SPY?formatted=false&modules=price%2CsummaryProfile%2CtopHoldings',
      ['quoteSummary', 'result', '0', 'price'],
    ],
  ])('answers what Ghostfolio asks: %s', async (_what, path, place) => {
    const { body } = await ask('query2.finance.yahoo.com', `${path}&crumb=Quotron.000`);
    const inner = place.reduce<unknown>((value, name) => {
      const fields = z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]).parse(value);
      return Object.entries(fields).find(([each]) => each === name)?.[1];
    }, JSON.parse(body));
    expect(inner, body.slice(0, 300)).toBeDefined();
  });

  it('answers for no other host, and for no page in a browser', async () => {
    const host = 'query1.finance.yahoo.com';
    const path = '/v8/finance/chart/AAPL?range=5d';
    for (const other of ['evil.example', '127.0.0.1', 'finance.yahoo.com.evil.example'])
      expect((await ask(host, path, { headers: { host: other } })).status, other).toBe(421);
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
      expect((await ask(host, path, { headers })).status).toBe(403);
    expect((await ask(host, path, { headers: { 'sec-fetch-site': 'none' } })).status).toBe(200);
  });

  it('asks for the key where there is one, in a header', async () => {
    const open = proxy;
    proxy = await start({ key: 'a-key' });
    try {
      const ofKey = async (headers: Record<string, string>) =>
        (await ask('query1.finance.yahoo.com', '/v8/finance/chart/AAPL?range=5d', { headers })).status;
      expect([await ofKey({}), await ofKey({ 'x-api-key': 'a-key' })]).toEqual([401, 200]);
    } finally {
      await proxy.stop();
      proxy = open;
    }
  });
});

describe('the authority', () => {
  const hour = 3_600_000;
  const period = { from: new Date(Date.now() - hour), until: new Date(Date.now() + hour) };
  const kept = () => ({ certificate: ca, key: readFileSync(join(folder, 'ca', 'ca.key'), 'utf8') });

  it('is trusted by a client for Yahoo’s hosts, and for no other host that its key certifies', async () => {
    const free = makeAuthority(['example.com', 'yahoo.com', 'www.finance.yahoo.com'], period);
    for (const host of yahooHosts)
      expect(await handshake(makeLeaf(kept(), yahooHosts, period), host, ca), host).toBe('taken');
    for (const host of ['example.com', 'yahoo.com', 'mail.yahoo.com', 'finance.yahoo.com.example.com']) {
      expect(await handshake(makeLeaf(kept(), [host], period), host, ca), host).toBe('permitted subtree violation');
      // One of them among Yahoo’s spoils the whole certificate.
      expect(await handshake(makeLeaf(kept(), [...yahooHosts, host], period), host, ca)).toBe(
        'permitted subtree violation',
      );
    }
    // The same certificate by an authority that may.
    expect(await handshake(makeLeaf(free, ['example.com'], period), 'example.com', free.certificate)).toBe('taken');
    expect(await handshake(makeLeaf(kept(), yahooHosts, period), yahooHosts[0] ?? '', free.certificate)).not.toBe(
      'taken',
    );
  });

  it('certifies servers only, for a few days', () => {
    const leaf = new X509Certificate(openAuthority(join(folder, 'ca'), yahooHosts, Date.now).leaf().certificate);
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(new X509Certificate(ca))).toBe(true);
    expect((leaf.validToDate.getTime() - Date.now()) / 86_400_000).toBeCloseTo(7, 1);
    expect(leaf.subjectAltName?.split(', ').map((name) => name.replace('DNS:', ''))).toEqual(yahooHosts);
    expect([new X509Certificate(ca).ca, hostsOf(ca).toSorted()]).toEqual([true, yahooHosts.toSorted()]);
  });

  it('stays the same from one start to the next, until it ends soon or is for other hosts', () => {
    const place = join(folder, 'kept');
    const textOf = () => readFileSync(join(place, 'ca.pem'), 'utf8');
    const open = (hosts = yahooHosts, days = 0) => openAuthority(place, hosts, () => Date.now() + days * 86_400_000);
    expect(open().isNew).toBe(true);
    const first = textOf();
    if (process.platform !== 'win32') expect(statSync(join(place, 'ca.key')).mode & 0o777).toBe(0o600);
    expect([open().isNew, open(yahooHosts, 690).isNew, textOf()]).toEqual([false, false, first]);
    expect(open(yahooHosts, 705).isNew).toBe(true);
    expect(open([...yahooHosts, 'news.yahoo.com']).isNew).toBe(true);
    expect(textOf()).not.toBe(first);
  });

  it('is not used where others can read its key, or where the key is another one’s', () => {
    const place = join(folder, 'spoilt');
    const key = join(place, 'ca.key');
    openAuthority(place, yahooHosts, Date.now);
    if (process.platform !== 'win32') {
      chmodSync(key, 0o640);
      expect(() => openAuthority(place, yahooHosts, Date.now)).toThrow(AsYahooError);
      chmodSync(key, 0o600);
    }
    expect(openAuthority(place, yahooHosts, Date.now).isNew).toBe(false);
    writeFileSync(key, makeAuthority(yahooHosts, period).key);
    expect(() => openAuthority(place, yahooHosts, Date.now)).toThrow(AsYahooError);
    writeFileSync(key, 'no key');
    expect(() => openAuthority(place, yahooHosts, Date.now)).toThrow(AsYahooError);
  });
});

describe('a client in whose hosts file Yahoo is this machine', () => {
  it('yfinance, unchanged, reads a quote and daily history', { timeout: 180_000 }, async (context) => {
    const address = ownAddress();
    const why = await whyNoPrivateHosts(address);
    if (why !== null) notRunHere(context, why);
    const python = await installPython();
    const here = await start({ host: address, asYahoo: { folder: join(folder, 'ca'), dns: [] } });
    try {
      expect(here.asYahoo?.port).toBe(443);
      const run = unchangedYfinance(python, withYahooAt(address));
      const read = await run(join(folder, 'ca', 'ca.pem'), 'AAPL');
      expect(read).toMatchObject({ currency: 'USD', name: 'Apple Inc.', sector: 'Technology' });
      expect(read.history.length).toBeGreaterThan(15);
      // Without the certificate it trusts nobody there.
      const other = join(folder, 'other.pem');
      writeFileSync(
        other,
        makeAuthority(yahooHosts, { from: new Date(), until: new Date(Date.now() + 1e7) }).certificate,
      );
      await expect(run(other, 'AAPL')).rejects.toThrow('yfinance failed');
    } finally {
      await here.stop();
    }
  });
});
