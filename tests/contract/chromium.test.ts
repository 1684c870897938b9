import { createSocket } from 'node:dgram';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ChromiumBrowser, chromiumBrowser } from '../../core/adapters/chromium/browser.ts';
import { findChromium } from '../../core/adapters/chromium/executable.ts';
import type { UpstreamCall } from '../../core/ports/upstream.ts';
import { type ChromiumProcess, chromiumProcesses } from '../support/chromium-processes.ts';
import { type Site, startSite } from '../support/hostile-site.ts';

const headers = { 'user-agent': 'Quotron test', 'accept-language': 'en-US,en' };
const done = '<p id="done">done</p>';

let elsewhere: Site;
/** What the page that takes all memory says that it has. */
let hungryMb = 0;
let site: Site;
let browser: ChromiumBrowser;

beforeAll(async () => {
  elsewhere = await startSite({ '/': '<p id="done">of elsewhere</p>', '/frame': 'of elsewhere' });
  const other = elsewhere.origin;
  const port = new URL(other).port;
  site = await startSite({
    '/rendered': `<div id="app"></div><script>setTimeout(() => { document.getElementById('app').innerHTML = '<p id="done">244.60</p>' }, 100)</script>`,
    '/moved': (_, response) => response.writeHead(302, { location: '/rendered' }).end(),
    '/away': (_, response) => response.writeHead(302, { location: `${other}/` }).end(),
    '/away-later': `<script>location.href = '${other}/'</script>${done}`,
    '/refresh': `<meta http-equiv="refresh" content="0;url=${other}/">${done}`,
    '/leaky': `<img src="${other}/pixel.png"><iframe src="${other}/frame"></iframe><link rel="prefetch" href="${other}/next">
      <link rel="stylesheet" href="${other}/style.css"><script src="${other}/tracker.js"></script>
      <form id="f" action="${other}/form" method="post" target="out"><input name="a" value="b"></form>
      <script>
        fetch('${other}/fetched').catch(() => {});
        navigator.sendBeacon('${other}/beacon', 'x');
        new WebSocket('ws://127.0.0.1:${port}/socket').onerror = () => {};
        new EventSource('${other}/events').onerror = () => {};
        window.open('${other}/popup');
        document.getElementById('f').submit();
        const peer = new RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:${port}' }] });
        peer.createDataChannel('x'); peer.createOffer().then((offer) => peer.setLocalDescription(offer));
        setTimeout(() => document.body.insertAdjacentHTML('beforeend', '${done}'), 300);
      </script>`,
    '/file': `<iframe src="file:///etc/passwd"></iframe><script>try { location.href = 'file:///etc/passwd' } catch {}</script>${done}`,
    '/long': (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      const write = (): void => {
        while (!response.destroyed && response.write('<p>a line of a page without an end</p>'.repeat(500)));
        response.once('drain', write);
      };
      write();
    },
    '/loop': `${done}<script>for (;;);</script>`,
    // Says before each next four megabytes how many it has.
    '/hungry': `<script>
      const all = [];
      for (;;) {
        const told = new XMLHttpRequest();
        told.open('GET', '/has?mb=' + 4 * all.length, false);
        told.send();
        all.push(new Array(1e6).fill(all.length));
      }
    </script>${done}`,
    '/has': (request, response) => {
      hungryMb = Number(new URL(request.url ?? '', site.origin).searchParams.get('mb'));
      response.end();
    },
    '/dialogs': `<script>alert('a'); confirm('b'); prompt('c'); onbeforeunload = () => 'no'</script>${done}`,
    '/hang': () => undefined,
    '/late': `<script>fetch('/hang')</script>`,
    '/cookie': (request, response) =>
      response
        .writeHead(200, { 'content-type': 'text/html', 'set-cookie': 'seen=1; Path=/' })
        .end(`<p id="done">${request.headers.cookie ?? 'none'}</p>`),
    '/secrets': `<h1>Hello Tr0ub4dor&amp;3 and dHIwdWI0ZG9y</h1><input value="in the markup"><p id="done" data-token="s3cr3t-t0ken-value">s3cr3t-t0ken-value</p>`,
    '/slow-body': (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.write(done);
    },
  });
  browser = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
});
afterAll(async () => {
  await browser.close();
  await site.close();
  await elsewhere.close();
});
afterEach(() => browser.rest());

const rules = () => ({ origins: [site.origin], allowPrivate: true, timeoutMs: 4_000, maxBytes: 2_000_000 });
const load = (path: string, differs: Partial<ReturnType<typeof rules>> = {}, call: Partial<UpstreamCall> = {}) =>
  browser.upstream({ ...rules(), ...differs })({
    method: 'GET',
    url: new URL(path, site.origin),
    headers,
    page: { waitFor: '#done' },
    ...call,
  });

describe('a page', () => {
  it('is given as it is rendered, once what it is waited for is there', async () => {
    const answer = await load('/rendered');
    expect(answer.error).toBeNull();
    expect(answer.response).toMatchObject({ status: 200, truncated: false });
    expect(answer.response?.body).toContain('<p id="done">244.60</p>');
  });

  it('is followed within the source, and its last address is told', async () => {
    const answer = await load('/moved');
    expect(answer.url.pathname).toBe('/rendered');
    expect(answer.response?.status).toBe(200);
  });

  it('that is not there is an answer with its status', async () => {
    expect((await load('/nothing')).response?.status).toBe(404);
  });

  it('that is not complete in time is a time-out; one that never has what is waited for is given as it is [fault 36]', async () => {
    expect((await load('/hang', { timeoutMs: 600 })).error?.code).toBe('timeout');
    expect((await load('/slow-body', { timeoutMs: 600 })).error?.code).toBe('timeout');
    expect((await load('/late', { timeoutMs: 600 })).error?.code).toBe('timeout');
    const other = await load('/rendered', { timeoutMs: 900 }, { page: { waitFor: '#never' } });
    expect(other.error).toBeNull();
    expect(other.response?.body).toContain('244.60');
  });

  it('may ask questions; nobody answers, and it goes on', async () => {
    expect((await load('/dialogs')).error).toBeNull();
  });

  it('has the cookies of its own session and of no other', async () => {
    const seen = async (storageState: string | null) =>
      /id="done">([^<]*)</.exec((await load('/cookie', {}, { storageState })).response?.body ?? '')?.[1];
    const state = (value: string) =>
      JSON.stringify({
        cookies: [
          {
            name: 'session',
            value,
            domain: '127.0.0.1',
            path: '/',
            expires: -1,
            httpOnly: true,
            secure: false,
            sameSite: 'Strict',
          },
        ],
        origins: [],
      });
    expect(await seen(state('one'))).toBe('session=one');
    expect(await seen(state('one'))).toBe('session=one; seen=1');
    expect(await seen(state('two'))).toBe('session=two');
    expect(await seen(null)).toBe('none');
  });
});

describe('a hostile page', () => {
  it('reaches no other host: not by redirect, script, frame, form, popup, socket or WebRTC [fault 33]', async () => {
    const stun = createSocket('udp4');
    const datagrams: string[] = [];
    stun.on('message', (message) => datagrams.push(message.toString('hex')));
    await new Promise<void>((resolve) => stun.bind(Number(new URL(elsewhere.origin).port), '127.0.0.1', resolve));
    const away = await load('/away');
    expect(away.response).toMatchObject({ status: 302, body: '' });
    expect(away.response?.headers['location']).toBe(`${elsewhere.origin}/`);
    await load('/away-later');
    await load('/refresh');
    expect((await load('/leaky')).response?.body).toContain('done');
    await browser.rest();
    expect(elsewhere.asked).toEqual([]);
    expect(datagrams).toEqual([]);
    stun.close();
  });

  it('opens no file', async () => {
    const answer = await load('/file');
    expect(JSON.stringify(answer)).not.toContain('root:');
  });

  it('of a private address is not asked for, by number or by name [fault 33]', async () => {
    const before = site.asked.length;
    const byNumber = await load('/rendered', { allowPrivate: false });
    expect(byNumber.error?.code).toBe('refused');
    const named = site.origin.replace('127.0.0.1', 'localhost');
    const byName = await load(
      '/rendered',
      { allowPrivate: false, origins: [named] },
      { url: new URL('/rendered', named) },
    );
    expect(byName.error?.code).toBe('refused');
    expect(site.asked.length).toBe(before);
  });

  it('of another origin, or of another scheme, is refused before a browser is bothered', async () => {
    for (const url of [`${elsewhere.origin}/`, 'file:///etc/passwd', 'chrome://version'])
      expect((await load('/', {}, { url: new URL(url) })).error).toMatchObject({ code: 'refused' });
    expect(elsewhere.asked).toEqual([]);
  });

  it('without an end is cut off [fault 31]', async () => {
    expect((await load('/long', { maxBytes: 500_000 })).error).toMatchObject({ code: 'too_large' });
    expect((await load('/rendered')).error).toBeNull();
  });

  it('that takes the processor for itself is a time-out, and the next page comes [fault 36]', async () => {
    expect((await load('/loop', { timeoutMs: 800 })).error?.code).toBe('timeout');
    expect((await load('/rendered')).error).toBeNull();
  });

  it('that takes all memory ends alone, and the next page comes [fault 36]', async () => {
    const answer = await load('/hungry', { timeoutMs: 60_000 });
    expect(answer.error?.code).toBe('connection');
    // Its heap was full: half a gigabyte, and not what the machine has.
    expect(hungryMb).toBeGreaterThan(300);
    expect(hungryMb).toBeLessThan(800);
    expect((await load('/rendered')).error).toBeNull();
  }, 100_000);
});

describe('a browser that dies', () => {
  it('while a page loads is a broken connection, and another one takes its place [fault 36]', async () => {
    await load('/rendered');
    const before = chromiumProcesses();
    expect(before.length).toBeGreaterThan(0);
    const loading = load('/hang');
    await expect.poll(() => site.asked.at(-1)).toBe('/hang');
    killAll(before);
    expect((await loading).error?.code).toBe('connection');
    expect((await load('/rendered')).error).toBeNull();
  });

  it('between two pages is not noticed [fault 36]', async () => {
    await load('/rendered');
    killAll(chromiumProcesses());
    await expect.poll(chromiumProcesses).toEqual([]);
    expect((await load('/rendered')).error).toBeNull();
  });
});

describe('a capture', () => {
  it('has the page as it was, without secrets and without what was typed', async () => {
    await load('/secrets');
    const mask = (text: string) => text.replaceAll('s3cr3t-t0ken-value', '*').replaceAll('Tr0ub4dor&amp;3', '*');
    const page = await browser.capture(mask);
    expect(page?.html).toContain('<h1>Hello * and');
    expect(page?.html).not.toMatch(/s3cr3t|Tr0ub4dor/);
    expect(
      Buffer.from(page?.screenshot ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
  });

  it('of no page is none', async () => {
    expect(await browser.capture((text) => text)).toBeNull();
    await load('/hang', { timeoutMs: 300 });
    expect(await browser.capture((text) => text)).toBeNull();
  });
});

describe('the packaged browser, unpacked on a machine that has nothing', () => {
  it('finds fonts beside itself and nowhere else, and shows a form', async ({ skip }) => {
    const own = mkdtempSync(join(tmpdir(), 'quotron-new-'));
    vi.stubEnv('TMPDIR', own);
    const other = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
    try {
      const { path, env, packaged } = await findChromium(process.env['QUOTRON_CHROMIUM']);
      if (!packaged) return skip(`the browser here is ${path}, not the packaged one`);
      const folder = env['FONTCONFIG_PATH'] ?? '';
      expect(dirname(folder)).toBe(dirname(path));
      const named = [...readFileSync(join(folder, 'fonts.conf'), 'utf8').matchAll(/<(?:dir|cachedir)[^>]*>([^<]*)</g)];
      expect(named.map(([, name = '']) => name)).toEqual(['fonts']);
      expect(readdirSync(join(folder, 'fonts'), { recursive: true }).join()).toContain('.ttf');
      const answer = await other.upstream(rules())({
        method: 'GET',
        url: new URL('/secrets', site.origin),
        headers,
        page: { waitFor: '#done' },
      });
      expect(answer.response?.body).toContain('<input');
      // Drawing it is what needs a font.
      expect((await other.capture((text) => text))?.screenshot).toBeDefined();
    } finally {
      await other.close();
      vi.unstubAllEnvs();
      rmSync(own, { recursive: true, force: true });
    }
  }, 240_000);
});

describe('many pages in one warm process', () => {
  it.each([false, true])(
    'leave /tmp and the number of processes as they are (one process: %s) [fault 37]',
    async (oneProcess) => {
      // A folder of its own: other tests start browsers at the same time. What is unpacked already is not unpacked again.
      const found = await findChromium(process.env['QUOTRON_CHROMIUM']);
      const own = mkdtempSync(join(tmpdir(), 'quotron-warm-'));
      for (const [name, value] of Object.entries({ ...found.env, TMPDIR: own })) vi.stubEnv(name, value);
      const other = chromiumBrowser({ executable: found.path, oneProcess });
      const upstream = other.upstream(rules());
      const call = { method: 'GET', headers, page: { waitFor: '#done' } } as const;
      try {
        const first = { files: [] as string[], processes: 0 };
        for (let at = 0; at < 40; at++) {
          // A failure in between, as in life.
          const path = at % 13 === 12 ? '/away' : '/rendered';
          const answer = await upstream({ ...call, url: new URL(path, site.origin) });
          expect(answer.error).toBeNull();
          await other.rest();
          if (at === 5) Object.assign(first, { files: filesInTmp(), processes: chromiumProcesses().length });
        }
        // What a page that failed has left is cleared up behind it.
        const left = () => filesInTmp().filter((name) => !first.files.includes(name));
        await expect.poll(left, { timeout: 10_000 }).toEqual([]);
        expect(chromiumProcesses().length - first.processes).toBeLessThanOrEqual(1);
      } finally {
        await other.close();
        vi.unstubAllEnvs();
        rmSync(own, { recursive: true, force: true });
      }
    },
    240_000,
  );

  it('are all gone when it is closed', async () => {
    const other = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
    const before = chromiumProcesses().length;
    await other.upstream(rules())({ method: 'GET', url: new URL('/rendered', site.origin), headers });
    expect(chromiumProcesses().length).toBeGreaterThan(before);
    await other.close();
    await expect.poll(() => chromiumProcesses().length).toBe(before);
  });
});

function killAll(processes: readonly ChromiumProcess[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It went with its parent.
    }
  }
}

function filesInTmp(): string[] {
  return readdirSync(tmpdir()).filter((name) => /playwright|chromium|core\.|\.org\.chromium/i.test(name));
}
