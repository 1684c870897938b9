import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { chromiumBrowser } from '../../../core/adapters/chromium/browser.ts';
import { findChromium } from '../../../core/adapters/chromium/executable.ts';
import { chromiumProcesses } from '../../support/chromium-processes.ts';
import { type Site, startSite } from '../../support/hostile-site.ts';

/* The short form reads forty pages; here there are as many as a warm container may see. */

const pages = 200;
const mb = 1024 * 1024;
let site: Site;
let folder = '';
beforeAll(async () => {
  const cells = '<tr><td>words</td><td>1.5</td></tr>'.repeat(2_000);
  site = await startSite({ '/': `<table>${cells}</table><p id="done">done</p>` });
});
afterAll(() => site.close());
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it.each([false, true])(
  'two hundred pages in one warm process leave its folder and processes flat, and its memory where they are one (one process: %s) [fault 37]',
  { timeout: 600_000 },
  async (oneProcess) => {
    // What is unpacked already is not unpacked again into the folder of this test.
    const found = await findChromium(process.env['QUOTRON_CHROMIUM']);
    folder = mkdtempSync(join(tmpdir(), 'quotron-pages-'));
    for (const [name, value] of Object.entries({ ...found.env, TMPDIR: folder })) vi.stubEnv(name, value);
    const browser = chromiumBrowser({ executable: found.path, oneProcess });
    const read = browser.upstream({
      origins: [site.origin],
      allowPrivate: true,
      timeoutMs: 20_000,
      maxBytes: 2_000_000,
    });
    const peaks = { first: { processes: 0, memory: 0 }, last: { processes: 0, memory: 0 } };
    let files = 0;
    try {
      for (let at = 0; at < pages; at++) {
        const url = new URL('/', site.origin);
        const { response, error } = await read({ method: 'GET', url, headers: {}, page: { waitFor: '#done' } });
        expect([error, response?.body.includes('id="done"')]).toEqual([null, true]);
        await browser.rest();
        if (at === 5) files = readdirSync(folder).length;
        const running = chromiumProcesses();
        const peak = at < pages / 2 ? peaks.first : peaks.last;
        peak.processes = Math.max(peak.processes, running.length);
        peak.memory = Math.max(
          peak.memory,
          running.reduce((sum, { memory }) => sum + memory, 0),
        );
      }
      expect(site.asked.filter((path) => path === '/').length).toBeGreaterThanOrEqual(pages);
      // Where the browser was replaced, its folder has another name.
      await expect.poll(() => readdirSync(folder).length, { timeout: 10_000 }).toBeLessThanOrEqual(files);
    } finally {
      await browser.close();
    }
    const { first, last } = peaks;
    console.log(
      `One process: ${oneProcess}; most memory ${Math.round(first.memory / mb)} MB in the first half, ${Math.round(last.memory / mb)} MB in the second`,
    );
    expect(last.processes - first.processes).toBeLessThanOrEqual(1);
    // Several processes share memory, so their sum says little. On AWS it is one.
    if (!oneProcess) return;
    expect(last.memory).toBeLessThan(first.memory * 1.25);
    expect(last.memory / mb).toBeLessThan(500);
  },
);
