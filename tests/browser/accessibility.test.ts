import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { hostileNames, quoteOf } from '../support/dashboard/market-data.ts';
import { show, useDashboard } from './dashboard.ts';

const pages = [
  ['/', 'Overview'],
  ['/market', 'Market'],
  ['/market/BTC-USD', 'BTC-USD'],
  ['/sources', 'Sources'],
  ['/sources/yahoo', 'Yahoo Finance'],
  ['/quarantine?row=902', 'Quarantine'],
  ['/findings', 'Findings'],
  ['/diagnose', 'Diagnose'],
  ['/coverage', 'Coverage'],
  ['/models', 'Models'],
  ['/models/with-gaps', 'Small caps, draft'],
  ['/alerts', 'Alerts'],
  ['/exports', 'Exports'],
  ['/exports?id=0198a7c0-0000-5000-8000-000000000001', 'Export of XNAS'],
  ['/exports?make=1', 'New export'],
  ['/runs', 'Runs'],
  ['/settings', 'Settings'],
  ['/keys', 'Keys'],
  ['/?dead=ingest', 'Dead letters in ingest'],
] as const;

const violationsSchema = z.array(
  z.object({ id: z.string(), impact: z.string().nullable(), nodes: z.array(z.object({ html: z.string() })) }),
);

/** What axe finds, serious or worse, as lines. */
async function violations(page: Page): Promise<string[]> {
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axe.source);
  const found = violationsSchema.parse(
    await page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations)`),
  );
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}

describe('for everyone', () => {
  const dashboard = useDashboard();

  it.each(pages)(
    '%s has no serious violation in either theme, and fits a phone, with the bar at the bottom',
    async (path, title) => {
      dashboard.double.state.quotes.push(
        ...hostileNames.map((name, index) => quoteOf({ symbol: `H${index}`, name, price: 123_456.789 })),
      );
      dashboard.double.state.scopes = ['read', 'operate', 'admin'];
      const page = await dashboard.open(path);
      await page.getByRole('heading', { name: title, exact: true }).waitFor();
      await expect.poll(() => page.getByText('Loading').count()).toBe(0);
      expect(await violations(page), 'in the light theme').toEqual([]);
      await show(page, { theme: 'dark' });
      expect(await violations(page), 'in the dark theme').toEqual([]);

      await show(page, { width: 390, height: 844 });
      const wide = await page.evaluate(`[document.documentElement, document.querySelector('main')]
      .filter((element) => element.scrollWidth > element.clientWidth).map((element) => element.tagName)`);
      expect(wide).toEqual([]);
      const bar = await page.getByRole('navigation', { name: 'Pages' }).boundingBox();
      expect(bar?.width).toBe(390);
      expect((bar?.y ?? 0) + (bar?.height ?? 0)).toBe(844);
      await expect.poll(() => page.getByRole('navigation').locator('a:visible, button:visible').count()).toBe(5);
    },
  );

  it('the sign-in has no serious violation in either theme', async () => {
    dashboard.allow(/status of 401/);
    const page = await dashboard.open('/', { signedIn: false });
    await page.getByLabel('API key').waitFor();
    expect(await violations(page), 'in the light theme').toEqual([]);
    await show(page, { theme: 'dark' });
    expect(await violations(page), 'in the dark theme').toEqual([]);
  });

  describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
    it('every text colour has 4.5:1 on every ground it is put on', async () => {
      const page = await dashboard.look('/market', { theme });
      const grounds = ['canvas', 'surface', 'raised', 'hover', 'selected'];
      const texts = ['text', 'muted', 'faint', 'accent', 'up', 'down', 'healthy', 'degraded', 'failed', 'limited'];
      const low: string[] = [];
      for (const ground of grounds) {
        for (const text of texts) {
          const ratio = contrast(await colourOf(page, `--${text}`), await colourOf(page, `--${ground}`));
          if (ratio < 4.5) low.push(`${text} on ${ground}: ${ratio.toFixed(2)}`);
        }
      }
      expect(low).toEqual([]);
      expect(contrast(await colourOf(page, '--on-accent'), await colourOf(page, '--accent'))).toBeGreaterThanOrEqual(
        4.5,
      );
      expect(contrast(await colourOf(page, '--edge'), await colourOf(page, '--surface'))).toBeGreaterThanOrEqual(3);
      expect(
        contrast(await colourOf(page, '--degraded-fill'), await colourOf(page, '--surface')),
      ).toBeGreaterThanOrEqual(3);
    });
  });

  it('follows the theme that was chosen, whatever the system has', async () => {
    const page = await dashboard.open('/market', { theme: 'light' });
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await page.getByRole('button', { name: 'Account' }).click();
    await page.getByRole('radio', { name: 'Dark' }).check();
    await expect.poll(ground).not.toBe(light);
    const dark = await ground();
    await page.reload();
    await page.getByRole('heading', { name: 'Market' }).waitFor();
    expect(await ground()).toBe(dark);
  });

  it('is walked by keyboard: skip link, pages, search, filter, columns, rows', async () => {
    const page = await dashboard.open('/market');
    await page.getByRole('link', { name: 'AAPL' }).waitFor();
    const stops: string[] = [];
    for (let stop = 0; stop < 50; stop++) {
      await page.keyboard.press('Tab');
      const name = z
        .string()
        .parse(
          await page.evaluate(
            '(document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent).trim()',
          ),
        );
      expect(
        await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'),
        `${name} shows the focus`,
      ).not.toBe('none');
      stops.push(name);
      if (name === '7203.T') break;
    }
    expect(stops[0]).toBe('Skip to the page');
    expect(stops).toEqual(
      expect.arrayContaining(['Overview', 'Market', 'Account', 'Filter by symbol or name', 'Change %', '7203.T']),
    );
    expect(stops.indexOf('Market')).toBeLessThan(stops.indexOf('Filter by symbol or name'));
  });

  it.each([721, 800, 1024, 1280])('the market fits a window %i pixels wide', async (width) => {
    const page = await dashboard.look('/market', { width });
    await page.getByRole('link', { name: 'AAPL' }).waitFor();
    const wide = await page.evaluate(`{
      const scroller = document.querySelector('table').parentElement;
      scroller.scrollWidth - scroller.clientWidth;
    }`);
    expect(wide).toBe(0);
  });

  it('starts each page at its top, and says in the tab which it is', async () => {
    const page = await dashboard.open('/sources', { width: 390, height: 844 });
    await page.getByRole('article').last().scrollIntoViewIfNeeded();
    await page.getByRole('link', { name: 'Quarantine' }).click();
    await page.getByRole('heading', { name: 'Quarantine', exact: true }).waitFor();
    await expect.poll(() => page.evaluate('document.querySelector("main").scrollTop')).toBe(0);
    await expect.poll(() => page.title()).toBe('Quarantine · Quotron');
  });

  it('leaves a finger enough room on a phone', async () => {
    const page = await dashboard.look('/sources', { width: 390, height: 844 });
    await page.getByRole('article').first().waitFor();
    for (const button of await page.getByRole('main').getByRole('button').all()) {
      expect((await button.boundingBox())?.height ?? 0).toBeGreaterThanOrEqual(40);
    }
  });
});

/** A token's colour as the page paints it: red, green, blue. */
async function colourOf(page: Page, token: string): Promise<[number, number, number]> {
  return z.tuple([z.number(), z.number(), z.number()]).parse(
    await page.evaluate(`{
      const probe = document.createElement('span');
      document.body.append(probe);
      probe.style.color = 'var(${token})';
      const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(Number);
      probe.remove();
      parts;
    }`),
  );
}

/** WCAG 2.2: (lighter + 0.05) / (darker + 0.05) of the relative luminances. */
function contrast(a: [number, number, number], b: [number, number, number]): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: [number, number, number]): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
