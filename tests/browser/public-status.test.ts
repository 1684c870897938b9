import axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type PublicStatus, publicStatusSchema } from '../../core/contracts/http/public-status.ts';
import { textOf, useDashboard } from './dashboard.ts';

const dashboard = useDashboard();
const found = z.object({ violations: z.array(z.object({ id: z.string() })) });
const source = { since: '2026-11-30T12:00:00.000Z', uptime: { day: 0.9999, month: null } };
const status: PublicStatus = publicStatusSchema.parse({
  ...{ at: '2026-11-30T12:00:00.000Z', status: 'degraded' },
  sources: [
    { ...source, id: 'yahoo', title: '<b>Yahoo</b>', status: 'failed' },
    { ...source, id: 'coingecko', title: 'CoinGecko', status: 'healthy' },
  ],
});

/** The page without a session, on an API that answers this. */
async function open(answer: object, code = 200, theme: 'light' | 'dark' = 'light') {
  const page = await dashboard.open('/favicon.svg', { signedIn: false, theme });
  await page.route('**/api/v1/public/status', (route) => route.fulfill({ status: code, json: answer }));
  await page.goto(`${dashboard.double.url}/status`);
  return page;
}
const opened = { data: status, meta: { requestId: 'r', simulated: false }, warnings: [] };

describe('the public page of the status', () => {
  it('shows each source to everybody, its text as text, and asks for nothing else', async () => {
    const page = await open(opened);
    const row = page.getByRole('row', { name: /Yahoo/ });
    await row.waitFor();
    expect(await textOf(row)).toMatch(/^<b>Yahoo<\/b>\s+failed\s+99\.9 %\s+–$/);
    expect(await textOf(page.getByRole('status'))).toContain('Some sources do not work as they should.');
    expect(dashboard.double.state.requests).toEqual([]);
  });

  it('says that there is none where it is switched off', async () => {
    dashboard.allow(/status of 404/);
    const page = await open({}, 404);
    await page.getByText('This Quotron does not show its status.').waitFor();
    expect(await page.getByRole('table').count()).toBe(0);
  });

  it.each(['light', 'dark'] as const)('is accessible, in %s', async (theme) => {
    const page = await open(opened, 200, theme);
    await page.getByRole('table').waitFor();
    await page.evaluate(axe.source);
    expect(found.parse(await page.evaluate('axe.run()')).violations).toEqual([]);
  });
});
