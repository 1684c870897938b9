import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { z } from 'zod';
import { type ApiDouble, startApiDouble } from './api-double.ts';
import { launchChromium } from './chromium.ts';
import { distFolder } from './dist-folder.ts';

interface Look {
  width?: number;
  height?: number;
  theme?: 'light' | 'dark';
  signedIn?: boolean;
  reducedMotion?: boolean;
  /** The page's clock can be set forward (`page.clock.fastForward`), so that no test waits for an interval. */
  clock?: boolean;
  /** How far the page's clock is from the server's. */
  clockOffMs?: number;
}

/**
 * The double and a browser for one test file. After each test the page must have been quiet: no error in the console,
 * nothing that the content security policy refused. `allowed` names what a test provokes on purpose.
 */
export function useDashboard() {
  let double: ApiDouble;
  let browser: Browser;
  let contexts: BrowserContext[] = [];
  let complaints: string[] = [];
  let allowed: RegExp | undefined;

  beforeAll(async () => {
    double = await startApiDouble(distFolder);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await double?.close();
  });
  beforeEach(() => {
    double.reset();
    complaints = [];
    allowed = undefined;
  });
  afterEach(async () => {
    for (const context of contexts) await context.close();
    contexts = [];
    expect(complaints.filter((text) => !allowed?.test(text))).toEqual([]);
  });

  return {
    get double() {
      return double;
    },
    /** Failed requests show in the browser's console, whoever handles them; a test that makes them fail says so. */
    allow(pattern: RegExp) {
      allowed = pattern;
    },
    complaints: () => complaints,
    /** Opens a path, signed in unless said otherwise. */
    async open(path: string, look: Look = {}): Promise<Page> {
      const context = await browser.newContext({
        viewport: { width: look.width ?? 1440, height: look.height ?? 900 },
        colorScheme: look.theme ?? 'light',
        reducedMotion: look.reducedMotion ? 'reduce' : 'no-preference',
        serviceWorkers: 'block',
      });
      contexts.push(context);
      context.setDefaultTimeout(8_000);
      if (look.signedIn ?? true) {
        await context.addCookies([
          { name: 'qtr_session', value: 'double', url: double.url, httpOnly: true, sameSite: 'Strict' },
        ]);
      }
      const page = await context.newPage();
      if (look.clock || look.clockOffMs) await page.clock.install({ time: Date.now() + (look.clockOffMs ?? 0) });
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
      await page.goto(double.url + path);
      return page;
    },
  };
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
