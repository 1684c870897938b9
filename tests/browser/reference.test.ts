import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventTypes } from '../../core/contracts/events/event.ts';
import { textOf, useDashboard } from './dashboard.ts';

const found = z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) }));

describe('the page of the API', () => {
  const dashboard = useDashboard();
  const open = (look: { width?: number; height?: number; theme?: 'light' | 'dark' } = {}) =>
    dashboard.open('/docs', { signedIn: false, ...look });
  const sections = (page: Page) => page.locator('article:visible');

  it('has every operation with an address of its own, and asks nothing of the API or of others', async () => {
    const page = await open();
    const operations = await sections(page).count();
    expect(operations).toBeGreaterThan(60);
    await expect.poll(() => page.locator('nav li').count()).toBe(operations);
    const link = page.getByRole('link', { name: 'GET /bars/{symbol}' }).first();
    await link.click();
    expect(new URL(page.url()).hash).toBe('#getBarsSymbol');
    expect(dashboard.double.state.requests).toEqual([]);
    const hosts = await page.evaluate('performance.getEntriesByType("resource").map(({ name }) => new URL(name).host)');
    expect(new Set(z.array(z.string()).parse(hosts))).toEqual(new Set([new URL(dashboard.double.url).host]));
  });

  it('shows each example in the language that one chose, with the address of this page and no key', async () => {
    const page = await open();
    expect(await textOf(page.locator('#origin'))).toBe(dashboard.double.url);
    for (const [name, word] of [
      ['Python', 'requests.get('],
      ['TypeScript', 'await fetch('],
      ['curl', 'curl "$QUOTRON_URL'],
    ] as const) {
      await page.getByText(name, { exact: true }).first().click();
      const shown = await page.locator('.sample:visible').allInnerTexts();
      expect(shown).toHaveLength(await sections(page).count());
      expect(shown.some((text) => text.includes(word))).toBe(true);
    }
    expect(await page.content()).not.toMatch(/qtr_live_/);
    expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')).toBe('[{},{}]');
  });

  it('finds operations by words, from the keyboard, and says when there are none', async () => {
    const page = await open();
    await page.keyboard.press('/');
    await page.keyboard.type('quotes history');
    await expect.poll(() => sections(page).count()).toBe(1);
    await expect.poll(() => page.locator('nav li:visible').count()).toBe(1);
    await page.getByLabel('Find an operation').fill('nothing like it');
    await page.getByText('No operation has these words.').waitFor();
    await page.getByLabel('Find an operation').fill('');
    await expect.poll(() => sections(page).count()).toBeGreaterThan(60);
  });

  it.each([
    { theme: 'light' as const, width: 1280 },
    { theme: 'dark' as const, width: 1280 },
    { theme: 'light' as const, width: 390 },
    { theme: 'dark' as const, width: 390 },
  ])('can be used by everybody and fits: $theme, $width pixels', async ({ theme, width }) => {
    const page = await open({ theme, width, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.evaluate(axe.source);
    const violations = await page.evaluate(
      `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes: nodes.slice(0, 3).map(({ html }) => ({ html })) })))`,
    );
    expect(found.parse(violations)).toEqual([]);
  });
});

describe('the page of the events', () => {
  const dashboard = useDashboard();

  it('has every type with its fields, and finds one', async () => {
    const page = await dashboard.open('/docs/events', { signedIn: false });
    const shown = page.locator('article:visible');
    const types = eventTypes().map(({ type }) => type);
    await expect.poll(() => shown.count()).toBe(types.length);
    await page.getByLabel('Find an event').fill('incident opened');
    await expect.poll(() => shown.count()).toBe(1);
    expect(await textOf(shown)).toMatch(/quotron\.incident\.opened[\s\S]+incidentId: uuid/);
    expect(dashboard.double.state.requests).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('is accessible, in %s', async (theme) => {
    const page = await dashboard.open('/docs/events', { signedIn: false, theme });
    await page.evaluate(axe.source);
    const { violations } = z.object({ violations: found }).parse(await page.evaluate('axe.run()'));
    expect(violations).toEqual([]);
  });
});
