import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesByDns, whyNotByDns } from '../../core/adapters/http/dns-names.ts';
import { httpUpstream } from '../../core/adapters/http/upstream.ts';
import { startStandalone } from '../../functions/yahoo-proxy/standalone.ts';
import { type DnsServer, startDns } from '../support/dns-server.ts';
import { yahooHosts } from '../support/yahoo-hosts.ts';

/** Of documentation: nobody answers there. */
const elsewhere = '203.0.113.7';
const public1 = '93.184.215.14';
let dns: DnsServer;
/** One that reads the hosts file, in which Yahoo is this machine. */
let looping: DnsServer;
beforeAll(async () => {
  dns = await startDns({ localhost: public1, 'fc.yahoo.com': public1 });
  looping = await startDns(Object.fromEntries(yahooHosts.map((host) => [host, '127.0.0.1'])));
});
afterAll(async () => {
  await dns?.stop();
  await looping?.stop();
});

const resolved = (server: DnsServer, name: string) =>
  new Promise((resolve) => {
    namesByDns([server.address])(name, {}, (error, addresses) => resolve(error?.code ?? addresses));
  });

describe('names by DNS', () => {
  it('are those of DNS where the hosts file says otherwise', async () => {
    expect(await resolved(dns, 'localhost')).toEqual([{ address: public1, family: 4 }]);
    expect(await resolved(dns, 'query1.finance.yahoo.com')).toBe('ENOTFOUND');
  });

  it('are said to lead nowhere, or back, where they do', async () => {
    expect(await whyNotByDns([dns.address], 'fc.yahoo.com')).toBeNull();
    expect(await whyNotByDns([dns.address], 'query1.finance.yahoo.com')).toContain('ENOTFOUND');
    expect(await whyNotByDns([looping.address], 'fc.yahoo.com')).toContain('127.0.0.1');
    const special = await startDns({ 'fc.yahoo.com': elsewhere });
    expect(await whyNotByDns([special.address], 'fc.yahoo.com')).toContain(elsewhere);
    await special.stop();
  });

  it('are none where they lead back to this machine, and nothing is called', async () => {
    const origins = ['https://fc.yahoo.com'];
    const options = { origins, allowPrivate: false, timeoutMs: 10_000, maxBytes: 1_000 };
    const call = httpUpstream(options, namesByDns([looping.address]));
    const answer = await call({ method: 'GET', url: new URL('https://fc.yahoo.com/'), headers: {} });
    expect([answer.response, answer.error?.code]).toEqual([null, 'connection']);
  });

  it('a proxy that would call itself says so at its start, and answers nothing in Yahoo’s place', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quotron-as-yahoo-'));
    const lines: string[] = [];
    const asYahoo = { folder, port: 0, dns: [looping.address] };
    const proxy = await startStandalone({
      port: 0,
      host: '127.0.0.1',
      asYahoo,
      heartbeatMs: 0,
      log: (line) => lines.push(line),
    });
    try {
      await expect.poll(() => lines.filter((line) => line.includes('127.0.0.1'))).toHaveLength(1);
      const answer = await fetch(`${proxy.url}/yahoo/v8/finance/chart/AAPL?range=5d`);
      expect(answer.status).toBe(502);
    } finally {
      await proxy.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
