import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { z } from 'zod';
import { webFolder } from '../../localstack/web-build.ts';
import { type ApiDouble, startApiDouble } from '../support/dashboard/api-double.ts';
import { launchChromium } from '../support/dashboard/chromium.ts';

/** How a page is looked at; where nothing is said, in a desk's window and the light theme. */
interface Look {
  width?: number;
  height?: number;
  theme?: 'light' | 'dark';
}

interface Opening extends Look {
  signedIn?: boolean;
  /** The page's clock can be set forward (`page.clock.fastForward`), so that no test waits for an interval. */
  clock?: boolean;
  /** How far the page's clock is from the server's. */
  clockOffMs?: number;
}

/**
 * The double and a browser for one test file. After each test every page must have been quiet: no error in the console,
 * nothing that the content security policy refused. `allowed` names what a test provokes on purpose.
 */
export function useDashboard() {
  let double: ApiDouble;
  let browser: Browser;
  /** Of the pages that one test has alone, most for their clock, which cannot be taken from them again. */
  let contexts: BrowserContext[] = [];
  /** The page that one test has after the other, each as if it were new. */
  let turns: { page: Page; taken: boolean } | undefined;
  /** The pages that tests look at together. */
  const shared = new Map<string, Page>();
  let complaints: string[] = [];
  let allowed: RegExp | undefined;

  beforeAll(async () => {
    double = await startApiDouble(webFolder);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await double?.close();
    // What a page said after the last test.
    expect(complaints).toEqual([]);
  });
  beforeEach(() => {
    double.reset();
    allowed = undefined;
  });
  afterEach(async ({ task }) => {
    for (const context of contexts) await context.close();
    contexts = [];
    // A test that failed may have left a page as no other expects it.
    if (task.result?.state === 'fail') await closeKept();
    else if (turns?.taken) await renew(turns);
    const heard = complaints;
    complaints = [];
    expect(heard.filter((text) => !allowed?.test(text))).toEqual([]);
  });

  async function newPage(opening: Opening): Promise<Page> {
    const context = await browser.newContext({
      viewport: sizeOf(opening),
      colorScheme: opening.theme ?? 'light',
      reducedMotion: 'no-preference',
      serviceWorkers: 'block',
    });
    context.setDefaultTimeout(8_000);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
    return page;
  }

  async function closeKept(): Promise<void> {
    for (const page of shared.values()) await page.context().close();
    shared.clear();
    await turns?.page.context().close();
    turns = undefined;
  }

  /** Takes from the page all that a test gave it. */
  async function renew(after: { page: Page; taken: boolean }): Promise<void> {
    const { page } = after;
    // A picture first: it has no script that would go on asking, and the origin's storage is cleared from within it.
    await page.goto(`${double.url}/favicon.svg`);
    await page.evaluate('localStorage.clear(); sessionStorage.clear();');
    await page.context().clearCookies();
    await page.unrouteAll();
    await page.mouse.move(0, 0);
    after.taken = false;
  }

  /** A page for one test. A process that has shown the dashboard before loads it for less than a new one. */
  async function pageFor(opening: Opening): Promise<Page> {
    const { clock = false, clockOffMs = 0 } = opening;
    if (clock || clockOffMs !== 0 || turns?.taken) {
      const page = await newPage(opening);
      contexts.push(page.context());
      if (clock || clockOffMs !== 0) await page.clock.install({ time: Date.now() + clockOffMs });
      return page;
    }
    turns ??= { page: await newPage(opening), taken: false };
    turns.taken = true;
    await show(turns.page, opening);
    return turns.page;
  }

  async function go(page: Page, path: string, signedIn = true): Promise<void> {
    if (signedIn) {
      await page
        .context()
        .addCookies([{ name: 'qtr_session', value: 'double', url: double.url, httpOnly: true, sameSite: 'Strict' }]);
    }
    await page.goto(double.url + path);
  }

  return {
    get double() {
      return double;
    },
    /** Failed requests show in the browser's console, whoever handles them; a test that makes them fail says so. */
    allow(pattern: RegExp) {
      allowed = pattern;
    },
    complaints: () => complaints,
    /** Opens a path for one test, signed in by default. */
    async open(path: string, opening: Opening = {}): Promise<Page> {
      const page = await pageFor(opening);
      await go(page, path, opening.signedIn);
      return page;
    },
    /**
     * A page for tests that look at it and leave it as it was: opened once for all of them, then given to each in the
     * size and the theme that it asks for. It has the double's answers of when it was opened.
     */
    async look(path: string, look: Look = {}): Promise<Page> {
      const before = shared.get(path);
      if (before) {
        await show(before, look);
        return before;
      }
      const page = await newPage(look);
      shared.set(path, page);
      // Nothing on it comes round: it asks no more, so it neither sees what other tests do to the double nor counts
      // among their requests, and its ages stay as they were drawn.
      await page.addInitScript('setInterval = () => 0;');
      await go(page, path);
      return page;
    },
  };
}

/** Gives a page another size and theme, and waits until it has drawn itself again. */
export async function show(page: Page, look: Look): Promise<void> {
  await page.setViewportSize(sizeOf(look));
  await page.emulateMedia({ colorScheme: look.theme ?? 'light', reducedMotion: 'no-preference' });
  // It hears of both as the next frame begins, and has drawn itself by the one after that.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}

function sizeOf({ width = 1440, height = 900 }: Look): { width: number; height: number } {
  return { width, height };
}

/** The text of one element as it is seen, lines and all. */
export function textOf(locator: Locator): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: what is hidden is not seen, and textContent has it
  return locator.innerText();
}

/** A property of an element's style as it is painted. */
export async function styleOf(locator: Locator, property: string): Promise<string> {
  return z
    .string()
    .parse(
      await locator.evaluate(
        (element, name) => element.ownerDocument.defaultView?.getComputedStyle(element).getPropertyValue(name),
        property,
      ),
    );
}

/** For `expect.poll`: sets the page's clock forward by an interval of asking before each look. */
export function forward<T>(page: Page, look: () => T | Promise<T>): () => Promise<T> {
  return async () => {
    await page.clock.fastForward(5_100);
    return look();
  };
}
