/**
 * Web pages as an upstream: headless Chromium renders them, and the rendered HTML is the answer's body.
 *
 *   1. a browser is started when first needed and kept while the container is warm, and so is a context per session
 *   2. a page loads only text: no images, fonts, media, and nothing from hosts that are not the source's
 *   3. the page is ready when it has a selector that the source names
 *   4. after an error, a crash or too much memory, the browser is discarded and the next page gets a new one
 *
 * All traffic goes through `guarded-proxy.ts`, which enforces the rules whatever a page does.
 */
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import type { BrowserContext } from 'playwright-core';
import type { BrowserLogin, CapturePage, LoginForm, LoginResult } from '../../ports/browser.ts';
import type { Upstream, UpstreamAnswer, UpstreamCall, UpstreamOptions } from '../../ports/upstream.ts';
import { standInOf } from '../../sources/reading/stand-ins.ts';
import { wallOf } from '../../sources/reading/walls.ts';
import { capture } from './capture.ts';
import { NoBrowserError } from './executable.ts';
import { type GuardedProxy, startGuardedProxy } from './guarded-proxy.ts';
import { launchChromium, type RunningChromium } from './launch.ts';
import { type OpenPage, openPage } from './open-page.ts';
import { NoRoomError, type RoomIn, removeLeftovers } from './room.ts';
import { readStorageState, restoreSessionStorage } from './storage-state.ts';

export interface ChromiumOptions {
  /** Path of the browser, instead of a discovered one. */
  readonly executable?: string | undefined;
  /** Where the packaged one is unpacked, instead of the temporary folder. */
  readonly unpackIn?: string | undefined;
  /** Folder of the packaged one's files, instead of the package's own. */
  readonly pack?: string | undefined;
  /** On AWS Lambda. */
  readonly oneProcess?: boolean;
  /** Room in a folder; that of the system unless given. */
  readonly room?: RoomIn | undefined;
  /** How long a browser and its page may take to start, in milliseconds; 45 s unless given. */
  readonly launchMs?: number | undefined;
}

/** One browser for as long as the container lives. One page at a time: a container does one task at a time. */
export interface ChromiumBrowser {
  /** Loads pages by these rules. A page's time begins when the browser is ready. */
  upstream(options: UpstreamOptions): Upstream;
  /** Fills in login forms by these rules. */
  login(options: UpstreamOptions): BrowserLogin;
  readonly capture: CapturePage;
  /** The next page begins in a new context, with only the state in its call. */
  forget(): Promise<void>;
  /** Between two tasks: closes the page, and discards a browser that has grown too large. */
  rest(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Heap of one page: one that needs more crashes alone. In one process all pages share it, and V8 fills it with garbage
 * before it collects any: with 512 MB the process grew to 850 within a hundred pages.
 */
const heapMb = { ofPage: 512, ofProcess: 128 };
/** A browser that uses more than this of the Lambda's 2 GB is discarded after its page. */
const mostMemory = 1_200 * 1024 * 1024;
/** So is one that has written more than this, of the room that all browsers of a container share. */
const mostWritten = 100 * 1024 * 1024;
/** Pages per context: bounds slow leaks. */
const mostPages = 100;

interface HeldContext {
  /** Session, origins and headers: each combination needs its own context. */
  readonly key: string;
  readonly context: BrowserContext;
  pages: number;
  sick: boolean;
}

/** The browser. It starts with the first page. */
export function chromiumBrowser(options: ChromiumOptions = {}): ChromiumBrowser {
  let proxy: GuardedProxy | null = null;
  let running: RunningChromium | null = null;
  let held: HeldContext | null = null;
  let open: OpenPage | null = null;
  /** Rises with each browser that is discarded, started or not. */
  let discarded = 0;

  /** Discards the browser with everything in it. */
  async function discard(): Promise<void> {
    const old = running;
    discarded++;
    running = null;
    held = null;
    open = null;
    await old?.end();
  }

  /** Starts a browser. One that took so long that it was given up meanwhile is ended as soon as it is there. */
  async function start(proxyUrl: string): Promise<RunningChromium> {
    const before = discarded;
    const started = await launchChromium({
      named: options.executable,
      unpackIn: options.unpackIn,
      pack: options.pack,
      room: options.room,
      proxyUrl,
      oneProcess: options.oneProcess ?? false,
      heapMb: options.oneProcess ? heapMb.ofProcess : heapMb.ofPage,
    });
    if (discarded === before) return started;
    await started.end();
    throw new Error('The browser started too late.');
  }

  async function closePage(): Promise<void> {
    const old = open;
    open = null;
    if (old && (await within(closeMs, old.page.close())) === late) await discard();
  }

  async function contextFor(call: Pick<UpstreamCall, 'headers' | 'storageState'>, rules: UpstreamOptions) {
    proxy ??= await startGuardedProxy();
    if (running && !running.browser.isConnected()) await discard();
    running ??= await start(proxy.url);
    const key = createHash('sha256')
      .update(JSON.stringify([rules.origins, call.headers, call.storageState ?? null]))
      .digest('base64');
    if (held && (held.key !== key || held.sick || held.pages >= mostPages)) {
      const old = held.context;
      held = null;
      // A single-process browser stops working when its first context is closed.
      if (options.oneProcess || (await within(closeMs, old.close())) === late) {
        await discard();
        return contextFor(call, rules);
      }
    }
    if (!held) {
      const { 'user-agent': userAgent, accept: _forData, ...headers } = call.headers;
      const stored = call.storageState ? readStorageState(call.storageState) : null;
      const context = await running.browser.newContext({
        ...(userAgent ? { userAgent } : {}),
        ...(stored ? { storageState: stored.context } : {}),
        extraHTTPHeaders: headers,
        locale: 'en-US',
        timezoneId: 'UTC',
        viewport: { width: 1280, height: 900 },
        serviceWorkers: 'block',
        acceptDownloads: false,
      });
      if (stored) await restoreSessionStorage(context, stored.sessionStorage);
      held = { key, context, pages: 0, sick: false };
    }
    held.pages++;
    return { context: held.context, proxy };
  }

  /** Opens an address and waits for the document. The page stays open until the next call, or `rest`. */
  async function load(call: UpstreamCall, rules: UpstreamOptions, fresh: boolean): Promise<UpstreamAnswer> {
    const asked = performance.now();
    const answer = answering(call.url, asked);
    if (!/^https?:$/.test(call.url.protocol) || !rules.origins.includes(call.url.origin))
      return answer(null, { code: 'refused', message: 'The address is not one of the source.' });
    let started = false;
    const watch = setInterval(() => {
      if ((running?.memory() ?? 0) > mostMemory) grown();
    }, watchMs);
    let tooMuch = false;
    const grown = () => {
      tooMuch = true;
      discard().catch(() => undefined);
    };
    try {
      await closePage();
      if (fresh && held) held.sick = true;
      const made = await within(
        options.launchMs ?? usualLaunchMs,
        contextFor(call, rules).then(async ({ context, proxy: guard }) => {
          guard.begin(rules);
          return { opened: await openPage(context, rules.origins, guard.unpacked), guard };
        }),
      );
      if (made === late) throw new Error('The browser did not start.');
      open = made.opened;
      started = true;
      const loading = made.opened.load(call, rules, made.guard);
      const loaded = await withinTime(rules.timeoutMs + graceMs, loading, () => made.opened.waitedMs());
      if (loaded === late) {
        await discard();
        return answer(null, { code: 'timeout', message: `The page did not react within ${rules.timeoutMs} ms.` });
      }
      if (loaded.error && held) held.sick = true;
      // It may go on to load and unpack.
      if (loaded.error?.code === 'too_large') await closePage();
      return answer(loaded.response, loaded.error, loaded.url);
    } catch (error) {
      await discard();
      if (error instanceof NoBrowserError) return answer(null, { code: 'no_browser', message: error.message });
      if (error instanceof NoRoomError) return answer(null, { code: 'no_room', message: error.message });
      if (tooMuch) return answer(null, { code: 'too_large', message: 'The page takes too much memory.' });
      if (!started) return answer(null, { code: 'browser_failed', message: 'The browser did not start.' });
      return answer(null, { code: 'connection', message: 'The browser ended while it loaded the page.' });
    } finally {
      clearInterval(watch);
    }
  }

  async function signIn(form: LoginForm, rules: UpstreamOptions): Promise<LoginResult> {
    const { username, signedIn } = form.selectors;
    const call: UpstreamCall = {
      method: 'GET',
      url: form.url,
      headers: form.headers,
      // A form may lie in a frame, which is looked into afterwards.
      page: { waitFor: `${username}, ${signedIn}, iframe` },
    };
    const { response, error } = await load(call, rules, true);
    if (error || response?.status !== 200 || !open) return { outcome: 'failed', response, error };
    // What stands in place of the login is why there is none.
    if (wallOf(response) || standInOf(response.body)) return { outcome: 'failed', response, error: null };
    let result: LoginResult | typeof late;
    try {
      result = await within(rules.timeoutMs + graceMs, open.signIn(form, rules.timeoutMs));
    } catch {
      await discard();
      return {
        outcome: 'failed',
        response: null,
        error: { code: 'connection', message: 'The browser ended while it signed in.' },
      };
    }
    if (result === late) {
      await discard();
      return { outcome: 'failed', response: null, error: { code: 'timeout', message: 'The login did not end.' } };
    }
    if (result.outcome !== 'signed_in' && held) held.sick = true;
    return result;
  }

  return {
    upstream: (rules) => (call) => load(call, rules, false),
    login: (rules) => (form) => signIn(form, rules),
    async capture(redact) {
      if (!open || open.page.isClosed()) return null;
      const taken = await within(captureMs, capture(open.page, redact));
      if (held) held.sick = true;
      await closePage();
      return taken === late ? null : taken;
    },
    async forget() {
      await closePage();
      if (held) held.sick = true;
    },
    async rest() {
      await closePage();
      if ((running?.memory() ?? 0) > mostMemory || (running?.written() ?? 0) > mostWritten) await discard();
      removeLeftovers(tmpdir(), Date.now(), { alone: options.oneProcess ?? false });
    },
    async close() {
      await discard();
      await proxy?.close();
      proxy = null;
    },
  };
}

const usualLaunchMs = 45_000;
/** How often the memory of a browser that loads a page is looked at. */
const watchMs = 250;
const closeMs = 3_000;
const captureMs = 10_000;
/** Playwright's own timeouts come first; this is for a browser that does not answer at all. */
const graceMs = 2_000;

const late = Symbol('late');

/** The same, for work that waits for something at times, which is not of its time. */
async function withinTime<T>(ms: number, work: Promise<T>, waitedMs: () => number): Promise<T | typeof late> {
  const began = performance.now();
  for (let left = ms; left > 0; left = began + ms + waitedMs() - performance.now()) {
    const done = await within(left, work);
    if (done !== late) return done;
  }
  return late;
}

/** The result of a promise, or `late` when it takes longer; a later result is ignored. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | typeof late> {
  let timer: NodeJS.Timeout | undefined;
  work.catch(() => undefined);
  const ended = new Promise<typeof late>((resolve) => {
    timer = setTimeout(() => resolve(late), ms);
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    clearTimeout(timer);
  }
}

function answering(asked: URL, since: number) {
  return (response: UpstreamAnswer['response'], error: UpstreamAnswer['error'], url: URL = asked): UpstreamAnswer => ({
    response,
    error,
    setCookies: [],
    url,
    latencyMs: Math.round(performance.now() - since),
  });
}
