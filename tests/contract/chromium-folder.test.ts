import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumBrowser } from '../../core/adapters/chromium/browser.ts';
import { removeLeftovers } from '../../core/adapters/chromium/room.ts';
import { notRunHere } from '../support/fault-table/not-run-here.ts';
import { type Site, startSite } from '../support/hostile-site.ts';

let site: Site;
let folder = '';
beforeAll(async () => {
  site = await startSite({ '/': '<p id="done">done</p>' });
  folder = mkdtempSync(join(tmpdir(), 'quotron-folder-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await site.close();
});

/** The start of a core dump of a program, as the kernel writes it: the notes have its name. */
function dump(program: string): Buffer {
  const header = Buffer.alloc(4_096);
  header.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  header.writeUInt16LE(4, 16);
  header.write(program, 1_000);
  return header;
}

/** Of all processes that work in a folder of a browser: the limit of their core dumps. */
function limits(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readlinkSync(`/proc/${pid}/cwd`).includes(`quotron-browser-${process.pid}-`)) return [];
        return /Max core file size\s+(\S+)\s+(\S+)/.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.slice(1) ?? [];
      } catch {
        return [];
      }
    });
}

describe('the temporary folder', () => {
  it('gets no core dumps of a browser, which works in a folder that is deleted with it', async (context) => {
    if (process.platform !== 'linux') notRunHere(context, 'limits of processes are read from /proc (Linux)');
    const browser = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
    try {
      const rules = { origins: [site.origin], allowPrivate: true, timeoutMs: 60_000, maxBytes: 1_000_000 };
      const call = { method: 'GET' as const, url: new URL(`${site.origin}/`), headers: {}, page: { waitFor: '#done' } };
      expect((await browser.upstream(rules)(call)).response?.status).toBe(200);
      expect(limits().length).toBeGreaterThan(0);
      expect(new Set(limits())).toEqual(new Set(['0']));
    } finally {
      await browser.close();
    }
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`quotron-browser-${process.pid}-`))).toEqual([]);
  });

  it('is rid of dumps of browsers, and of nothing else', () => {
    const gone = {
      'core.4711': dump('chromium --type=renderer'),
      core: dump('headless_shell'),
      'core.chrome.1': dump('chrome'),
    };
    const kept = {
      'core.4712': dump('python3'),
      'core.txt': Buffer.from('the core of the matter: chromium'),
      chromium: dump('chromium'),
    };
    for (const [name, bytes] of Object.entries({ ...gone, ...kept })) writeFileSync(join(folder, name), bytes);
    removeLeftovers(folder, Date.now());
    expect(readdirSync(folder).sort()).toEqual(Object.keys(kept).sort());
  });

  it('is rid of the folders of ended processes at once where nothing else uses it, and after an hour elsewhere', () => {
    const left = mkdtempSync(join(folder, 'quotron-browser-999999999-'));
    removeLeftovers(folder, Date.now());
    expect(existsSync(left)).toBe(true);
    removeLeftovers(folder, Date.now() + 3_700_000);
    expect(existsSync(left)).toBe(false);
    const young = mkdtempSync(join(folder, `quotron-unpacking-${process.pid}-`));
    const used = mkdtempSync(join(folder, `quotron-browser-${process.ppid}-`));
    removeLeftovers(folder, Date.now(), { alone: true });
    expect([existsSync(young), existsSync(used)], 'an earlier process of this number, and one that lives').toEqual([
      false,
      true,
    ]);
  });
});
