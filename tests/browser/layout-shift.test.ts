import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { useDashboard } from './dashboard.ts';

const shiftsSchema = z.object({ sum: z.number(), moved: z.array(z.string()) });

/** The layout shift of web.dev/articles/cls, all of it in one window, with what moved. */
const shiftsScript = `new Promise((resolve) => {
  let sum = 0;
  const moved = [];
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) {
      sum += value;
      moved.push(value.toFixed(3) + ' ' + sources.map(({ node }) => node?.textContent?.slice(0, 40)).join(' | '));
    }
  }).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => resolve({ sum, moved }), 500);
})`;

const dashboard = useDashboard();

describe.each([
  ['the overview', '/', 'As a table'],
  ['the market', '/market', 'Apple Inc.'],
  ['a source', '/sources/yahoo', 'As a table'],
])('%s, as it loads', (_, path, there) => {
  it.each([
    [1_280, 800],
    [390, 844],
  ])('moves nothing that is there already, at %i by %i', async (width, height) => {
    const page = await dashboard.open(path, { width, height });
    await page.getByText(there).first().waitFor();
    await page.waitForLoadState('networkidle');
    const shifts = shiftsSchema.parse(await page.evaluate(shiftsScript));
    expect(shifts.sum, shifts.moved.join('\n')).toBeLessThanOrEqual(0.02);
  });
});
