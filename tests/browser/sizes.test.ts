import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { useDashboard } from './dashboard.ts';

const dashboard = useDashboard();
const box = z.object({ x: z.number(), width: z.number() });
const edges = async (locator: { boundingBox(): Promise<unknown> }) => {
  const { x, width } = box.parse(await locator.boundingBox());
  return { left: x, right: x + width };
};

describe('the market in a window of any width', () => {
  it.each([1440, 1920, 3840])('has the price near the name at %i px', async (width) => {
    const page = await dashboard.look('/market', { width });
    const row = page.locator('tbody tr').first();
    await row.waitFor();
    const name = await edges(row.locator('td, th').nth(1));
    const price = await edges(row.locator('td, th').nth(2));
    const last = await edges(row.locator('td, th').last());
    expect(price.right - name.left).toBeLessThan(700);
    expect(last.right - name.left).toBeLessThan(1_400);
  });

  it.each([800, 900, 1024, 1280])('has each class whole at %i px', async (width) => {
    const page = await dashboard.look('/market', { width });
    const chips = page.getByRole('group', { name: 'Class' }).getByRole('button');
    await chips.first().waitFor();
    for (const chip of await chips.all()) {
      const { left, right } = await edges(chip);
      expect(left).toBeGreaterThanOrEqual(0);
      expect(right).toBeLessThanOrEqual(width);
    }
  });
});

describe('any page in a very wide window', () => {
  it.each(['/', '/sources', '/sources/yahoo', '/quarantine'])('%s stands in the middle', async (path) => {
    const page = await dashboard.look(path, { width: 3840 });
    const head = page.getByRole('heading', { level: 1 });
    await head.waitFor();
    const main = await edges(page.locator('main'));
    const { left } = await edges(page.locator('main h1'));
    expect(left - main.left).toBeGreaterThan((main.right - main.left) / 5);
  });
});
