import { type BrowserContext, errors, type Page, type Request, type Response } from 'playwright-core';
import type { LoginForm, LoginResult } from '../../ports/browser.ts';
import type { UpstreamAnswer, UpstreamCall } from '../../ports/upstream.ts';
import type { PageHint } from '../../sources/parser.ts';
import { standInFace } from '../../sources/reading/stand-ins.ts';
import { wallIn } from '../../sources/reading/walls.ts';
import { arrivalOf } from './arrival.ts';
import { furtherRequests } from './further-requests.ts';
import type { GuardedProxy, PageRules } from './guarded-proxy.ts';
import { pageSession, runInPage } from './in-page/run-in-page.ts';
import { shownHtml } from './in-page/shown-html.ts';
import { signIn } from './sign-in.ts';
import { wholeTable } from './whole-table.ts';

/** One page in a context. */
export interface OpenPage {
  readonly page: Page;
  /** How long its loading has waited for leave to ask for more of a table, in milliseconds. */
  waitedMs(): number;
  /** Opens an address, waits for the source's selector, and gives the page as an answer. */
  load(
    call: UpstreamCall,
    rules: PageRules & { readonly timeoutMs: number },
    guard: GuardedProxy,
  ): Promise<Pick<UpstreamAnswer, 'response' | 'error' | 'url'>>;
  /** Fills in the form of the page that was loaded. */
  signIn(form: LoginForm, timeoutMs: number): Promise<LoginResult>;
}

/** The resource types that a page may load: its data, nothing visual. */
const wanted = new Set(['document', 'stylesheet', 'script', 'xhr', 'fetch']);

/** What is read of a page that came with an error after a login. */
const longestRefusal = 100_000;
/** What of them asks for data. */
const asking = new Set(['document', 'xhr', 'fetch']);

/** How long a page that says that it is not there, or only mentions it, may take to prove otherwise. */
const noticeMs = { notice: 2_000, mention: 6_000 };

/** Opens an empty page that calls no other hosts and loads only text, whose unpacked bytes are counted. */
export async function openPage(
  context: BrowserContext,
  origins: readonly string[],
  unpacked: (bytes: number) => void,
): Promise<OpenPage> {
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  network.on('Network.dataReceived', ({ dataLength }) => unpacked(dataLength));
  const [inPage] = await Promise.all([pageSession(network), network.send('Network.enable')]);
  const busy = new Set<Request>();
  let document: Response | null = null;
  /** The documents of the address that is loaded: its pages, where its table has several. */
  let documents: Response[] = [];
  /** The status of the last answer to what was sent. */
  let sentStatus: number | null = null;
  const further = furtherRequests();
  let crashed = false;
  await page.route('**/*', async (route) => {
    const request = route.request();
    const mayAsk = wanted.has(request.resourceType()) && origins.includes(originOf(request.url()));
    const allowed = mayAsk && (!asking.has(request.resourceType()) || (await further.mayBegin(request.url())));
    // A page that navigates elsewhere stays; any other error would show an error page of the browser.
    const refusal = request.isNavigationRequest() ? 'aborted' : 'blockedbyclient';
    return (allowed ? route.continue() : route.abort(refusal)).catch(() => undefined);
  });
  page.on('popup', (popup) => {
    popup.close().catch(() => undefined);
  });
  page.on('crash', () => {
    crashed = true;
  });
  page.on('request', (request) => {
    busy.add(request);
  });
  const done = (request: Request) => busy.delete(request);
  page.on('requestfinished', done);
  page.on('requestfailed', done);
  page.on('response', (response) => {
    if (response.request().method() === 'POST' && origins.includes(originOf(response.url())))
      sentStatus = response.status();
    if (!isDocument(response, page) || !origins.includes(originOf(response.url()))) return;
    document = response;
    documents.push(response);
  });

  /** Waits for an element. It is usually there at once, and then the browser is asked only that. */
  const waitFor = async (selector: string, left: () => number) => {
    const there = `document.querySelector(${JSON.stringify(selector)}) !== null`;
    if ((await runInPage(inPage, there, left()).catch(() => false)) === true) return;
    await page.waitForSelector(selector, { state: 'attached', timeout: left() });
  };

  /** The page as it is displayed, with the whole of the table that it is loaded for. */
  const read = async (hint: PageHint | undefined, answer: Response, left: () => number, more: UpstreamCall['more']) => {
    if (!hint?.table || answer.status() !== 200) return shownHtml(inPage, left());
    further.begin(more);
    const opened = { page, inPage, waitFor: hint.waitFor, left, isBusy: () => busy.size > 0, further };
    return wholeTable(opened, { ...hint.table, origins }).finally(() => further.end());
  };

  return {
    page,
    waitedMs: () => further.waitedMs(),
    async load(call, rules, guard) {
      const until = performance.now() + rules.timeoutMs;
      documents = [];
      const left = () => Math.max(1, until + further.waitedMs() - performance.now());
      const failed = (error: UpstreamAnswer['error']) => ({ response: null, error, url: call.url });
      const tooLarge = () =>
        failed({ code: 'too_large', message: `The page loads more than ${rules.maxBytes} bytes.` });
      const tooLate = () =>
        failed({ code: 'timeout', message: `The page was not complete within ${rules.timeoutMs} ms.` });
      const complete = async () => {
        await page.goto(call.url.href, { waitUntil: 'domcontentloaded', timeout: left() });
        const arrival = await arrivalOf(page, () => answered(document), left);
        if (arrival === 'wall') return;
        if (call.page && answered(document)?.status() === 200)
          await waitFor(call.page.waitFor, arrival === 'page' ? left : () => Math.min(noticeMs[arrival], left()));
      };
      try {
        const completed = complete();
        completed.catch(() => undefined);
        await Promise.race([completed, guard.whenTooLarge()]);
      } catch (error) {
        if (guard.tooLarge()) return tooLarge();
        if (crashed || page.isClosed()) throw error;
        if (error instanceof errors.TimeoutError) {
          // A complete document without the selector is the answer.
          if (answered(document) === null || busy.size > 0) return tooLate();
        } else {
          // The document redirects to an unreachable address: the redirect is the answer.
          const redirect = answered(document);
          if (redirect && redirect.status() >= 300 && redirect.status() < 400) return answerOf(redirect, '', false);
          // A file to be saved is no page: its headers are the answer.
          if (redirect && isSaved(redirect)) return answerOf(redirect, '', false);
          if (guard.refused(call.url.origin))
            return failed({ code: 'refused', message: 'The address leads to a private one.' });
          return failed({ code: 'connection', message: `The page could not be loaded (${netError(error)}).` });
        }
      }
      if (guard.tooLarge()) return tooLarge();
      const answer = answered(document);
      if (!answer) return tooLate();
      const html =
        answer.status() >= 300 && answer.status() < 400 ? '' : await read(call.page, answer, left, call.more);
      if (guard.tooLarge()) return tooLarge();
      if (html === null) return tooLate();
      const whole = answerOf(answer, html.slice(0, rules.maxBytes), html.length > rules.maxBytes);
      const times = earliestOf(documents.filter((each) => each.status() === 200));
      const headers = { ...whole.response.headers, ...times };
      // When a shell was made says nothing of the rows that its script brought.
      if (call.page?.table && (await isShell(answer, headers, html)))
        for (const name of madeHeaders) delete headers[name];
      return { ...whole, response: { ...whole.response, headers } };
    },

    signIn: (form, timeoutMs) =>
      signIn(
        page,
        context,
        form,
        {
          pending: () => busy.size,
          documents: () => documents.length,
          async broken() {
            const answer = answered(document);
            if (!answer || answer.status() === 200) return null;
            const body = await page.content().catch(() => '');
            return { outcome: 'failed', ...answerOf(answer, body.slice(0, longestRefusal), false) };
          },
          async standIn() {
            const answer = answered(document);
            const body = answer && (await page.content().catch(() => ''));
            if (!answer || !body || !standsIn(answer, body)) return null;
            return { outcome: 'failed', ...answerOf(answer, body.slice(0, longestRefusal), false) };
          },
          sent: () => sentStatus,
        },
        timeoutMs,
      ),
  };
}

/** Whether a page says of itself that it is in the place of another. One that only never comes to an end says nothing. */
function standsIn(document: Response, body: string): boolean {
  const wall = wallIn({ status: document.status(), headers: document.headers(), body });
  const face = standInFace(body);
  return wall?.isCertain === true || (face !== null && face.code !== 'still_loading');
}

/** TypeScript does not see that an event handler may have set it. */
function answered(document: Response | null): Response | null {
  return document;
}

function isDocument(response: Response, page: Page): boolean {
  try {
    return response.request().isNavigationRequest() && response.frame() === page.mainFrame();
  } catch {
    // A request without a frame: of a worker.
    return false;
  }
}

function answerOf(document: Response, body: string, truncated: boolean) {
  const { 'set-cookie': _cookies, ...headers } = document.headers();
  return {
    response: { status: document.status(), headers, body, truncated },
    error: null,
    url: new URL(document.url()),
  };
}

/** Whether Chromium saves a document in place of showing it. */
function isSaved(document: Response): boolean {
  const { 'content-disposition': disposition = '', 'content-type': type = '' } = document.headers();
  return /^\s*attachment/i.test(disposition) || !/^\s*(?:text\/|application\/(?:xhtml|xml|json)|$)/i.test(type);
}

/** Headers that say when a document was made. */
const madeHeaders = ['age', 'last-modified'] as const;
const lookedAtCells = 12;

/** Whether the rows of a page are not in the document as it was served, though its headers say when that was made. */
async function isShell(document: Response, headers: Record<string, string>, html: string): Promise<boolean> {
  if (madeHeaders.every((name) => headers[name] === undefined)) return false;
  const cells = [...html.matchAll(/<td\b[^>]*>(?:<[^>]*>)*([^<]{3,})/g)].slice(0, lookedAtCells);
  const texts = cells.flatMap(([, text = '']) => (/[\p{L}\p{N}]{3}/u.test(text) ? text.trim() : []));
  const served = texts.length === 0 ? null : await document.text().catch(() => null);
  return served !== null && !texts.some((text) => served.includes(text));
}

/** Of documents that are one page together, the headers by which it is oldest. */
function earliestOf(documents: readonly Response[]): Record<string, string> {
  if (documents.length < 2) return {};
  const headers = documents.map((each) => each.headers());
  const ages = headers.flatMap(({ age }) => (age !== undefined && /^\d+$/.test(age) ? Number(age) : []));
  const made = headers.flatMap(({ 'last-modified': at = '' }) =>
    Number.isFinite(Date.parse(at)) ? Date.parse(at) : [],
  );
  return {
    ...(ages.length > 0 ? { age: String(Math.max(...ages)) } : {}),
    ...(made.length > 0 ? { 'last-modified': new Date(Math.min(...made)).toUTCString() } : {}),
  };
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : '';
}

/** Only Chromium's error code: the rest of the message contains the address. */
function netError(error: unknown): string {
  return (error instanceof Error && /net::(ERR_\w+)/.exec(error.message)?.[1]) || 'unknown';
}
