import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ExportLink, ExportView } from '../../../core/contracts/http/exports.ts';
import { Page, useCli } from '../../support/cli-in-process.ts';

const cli = useCli();
const id = '0198a7c0-0000-5000-8000-000000000001';
const at = '2026-11-20T15:00:00.000Z';
const view = (differs: Partial<ExportView> = {}): ExportView => ({
  ...{ id, status: 'waiting', failure: null, symbols: ['AAPL'], exchange: null, intervals: ['tick', '1d'] },
  ...{ from: '2026-01-01', to: '2026-06-30', use: 'internal', leftOut: [], listings: 1 },
  ...{ parts: { done: 0, total: null }, rows: 0, bytes: 0, files: 0, createdAt: at, finishedAt: null, expiresAt: null },
  ...differs,
});
const done = view({
  status: 'succeeded',
  parts: { done: 9, total: 9 },
  rows: 42,
  bytes: 2_000_000,
  files: 2,
  expiresAt: at,
});

const path = 'bars/exchange=XNAS/interval=1d/month=2026-01/a.parquet';
const content = 'a file';
const link = (differs: Partial<ExportLink> = {}): ExportLink => ({
  ...{ path, url: `${cli.url}/file/a`, bytes: 6, rows: 1 },
  sha256: createHash('sha256').update(content).digest('hex'),
  ...differs,
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quotron-export-'));
  cli.answers['POST /exports'] = view();
  cli.answers[`GET /exports/${id}`] = done;
  cli.answers['GET /file/a'] = content;
  cli.answers[`GET /exports/${id}/files`] = () => [link()];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('creates an export, says how far it is, and downloads its files under their names', async () => {
  let looks = 0;
  cli.answers[`GET /exports/${id}`] = () =>
    ++looks < 2 ? view({ status: 'running', parts: { done: 3, total: 9 }, rows: 20 }) : done;
  cli.answers[`GET /exports/${id}/files`] = (url: URL) =>
    url.searchParams.has('cursor')
      ? [link({ path: 'actions/exchange=XNAS/b.parquet' })]
      : new Page([link({ path: '_manifest.json', sha256: null, bytes: null }), link()], 'next');
  const { code, stdout, stderr } = await cli.ask(
    'export',
    'create',
    'AAPL',
    '--from',
    '2026-01-01',
    '--output',
    folder,
  );
  expect(code).toBe(0);
  expect(cli.asked.find(({ method }) => method === 'POST')?.body).toEqual({
    symbols: ['AAPL'],
    intervals: ['tick', '1d'],
    from: '2026-01-01',
  });
  expect(stderr).toContain('3 of 9 parts, 20 rows');
  expect(stderr).toContain('3 files');
  expect(stdout).toContain(folder);
  expect(stdout).toMatch(/42 in 2 files, 2\.0 MB/);
  for (const each of ['_manifest.json', path, 'actions/exchange=XNAS/b.parquet'])
    expect(readFileSync(join(folder, each), 'utf8')).toBe(content);
});

it('keeps files that are there, and loads those again that are not whole', async () => {
  const download = () => cli.ask('export', 'download', id, '--output', folder);
  expect((await download()).code).toBe(0);
  const asked = () => cli.asked.filter((each) => each.path === '/file/a').length;
  expect(asked()).toBe(1);
  expect((await download()).code).toBe(0);
  expect(asked()).toBe(1);
  writeFileSync(join(folder, path), 'a fi');
  expect((await download()).code).toBe(0);
  expect([asked(), readFileSync(join(folder, path), 'utf8')]).toEqual([2, content]);
});

it('leaves no file that is damaged, and none outside of its folder', async () => {
  cli.answers['GET /file/a'] = 'another';
  const damaged = await cli.ask('export', 'download', id, '--output', folder);
  expect([damaged.code, damaged.stderr]).toEqual([1, expect.stringContaining('it is damaged')]);
  expect(existsSync(join(folder, path))).toBe(false);
  for (const outside of ['../b.parquet', '/tmp/quotron-outside.parquet', 'a/../../b.parquet']) {
    cli.answers[`GET /exports/${id}/files`] = () => [link({ path: outside })];
    const { code, stderr } = await cli.ask('export', 'download', id, '--output', folder);
    expect([code, stderr]).toEqual([1, expect.stringContaining('outside of its folder')]);
    expect(existsSync(join(folder, outside))).toBe(false);
  }
});

it('says why there is nothing to download', async () => {
  cli.answers[`GET /exports/${id}`] = view({ status: 'failed', failure: 'too_many_rows' });
  const { code, stdout } = await cli.ask('export', 'download', id, '--output', folder);
  expect([code, stdout]).toEqual([1, expect.stringContaining('too many rows')]);
  expect(cli.asked.some((each) => each.path.includes('/files'))).toBe(false);
});

it('is called for symbols, an exchange or all, and for one of them', async () => {
  for (const wrong of [[], ['AAPL', '--all'], ['--exchange', 'XNAS', '--all']]) {
    const { code } = await cli.ask('export', 'create', ...wrong, '--from', '2026-01-01');
    expect([wrong, code]).toEqual([wrong, 2]);
  }
  const { code } = await cli.ask('export', 'create', '--all', '--from', '2026-01-01', '--interval', '1h', '--no-wait');
  expect(code).toBe(0);
  expect(cli.asked.at(-1)?.body).toEqual({ intervals: ['1h'], from: '2026-01-01' });
});

it('lists exports and cancels one', async () => {
  cli.answers['GET /exports'] = [done, view({ leftOut: ['yahoo'], symbols: null, exchange: 'XNAS' })];
  expect((await cli.ask('export', 'list')).stdout).toMatch(/succeeded[\s\S]*XNAS/);
  cli.answers[`DELETE /exports/${id}`] = view({ status: 'cancelled', leftOut: ['yahoo'] });
  const { code, stdout } = await cli.ask('export', 'cancel', id);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/cancelled[\s\S]*yahoo/)]);
});
