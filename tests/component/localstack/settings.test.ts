import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { causeOnDisk } from '../../../localstack/disk-problem.ts';
import { knownNames, readSettings } from '../../../localstack/settings.ts';

describe('settings of the local cloud', () => {
  it.each([
    ['QUOTRON_SOURCE_YAHO_URL', 'QUOTRON_SOURCE_YAHOO_URL'],
    ['QUOTRON_SOURCE_YAHO_QUOTA', 'QUOTRON_SOURCE_YAHOO_QUOTA'],
    ['QUOTRON_SYMBOL', 'QUOTRON_SYMBOLS'],
    ['quotron_symbols', 'QUOTRON_SYMBOLS'],
    ['QUTRON_SYMBOLS', 'QUOTRON_SYMBOLS'],
    ['QUOTRON_DASHBORD_PORT', 'QUOTRON_DASHBOARD_PORT'],
    ['QUOTRON_WHATEVER_THIS_IS', null],
  ])('%s is named, with what was meant', (name, meant) => {
    expect(readSettings({ [name]: 'x' }).unknown).toEqual([{ name, meant }]);
  });

  it('reads long lists of symbols from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'quotron-symbols-'));
    const file = join(folder, 'symbols.txt');
    writeFileSync(file, 'AAPL\r\nvod.l, BRK.B\n\nAAPL\n');
    const { symbols } = readSettings({ QUOTRON_SYMBOLS: `@${file}` });
    expect(symbols).toEqual(readSettings({ QUOTRON_SYMBOLS: 'AAPL,vod.l,BRK.B' }).symbols);
    rmSync(folder, { recursive: true });
    expect(() => readSettings({ QUOTRON_SYMBOLS: `@${file}` })).toThrow(/QUOTRON_SYMBOLS is @.*ENOENT/);
  });

  it('has the quotas of sources as functions get them, and names one that is none', () => {
    const given = { QUOTRON_SOURCE_YAHOO_QUOTA: ' 200/300000 ', QUOTRON_SOURCE_ALPHA_VANTAGE_QUOTA: '5/500' };
    expect(readSettings(given).sourceQuotas?.split(',').toSorted()).toEqual([
      'alpha-vantage=5/500',
      'yahoo=200/300000',
    ]);
    expect(readSettings({ QUOTRON_SOURCE_YAHOO_QUOTA: '' }).sourceQuotas).toBeUndefined();
    for (const wrong of ['200', '0/5', '300000/200', 'lots'])
      expect(() => readSettings({ QUOTRON_SOURCE_YAHOO_QUOTA: wrong }), wrong).toThrow('QUOTRON_SOURCE_YAHOO_QUOTA');
  });

  it('refuses at once what a stage or a function would refuse later', () => {
    const good = {
      QUOTRON_PUBLIC_STATUS: 'on',
      QUOTRON_ACCEPT_FINDINGS: 'splits, unit',
      QUOTRON_ALERTS_FROM: 'quotron@example.com',
      QUOTRON_ALERTS_SMTP: 'smtp://user:secret@localhost:1025',
    };
    expect(readSettings(good).unknown).toEqual([]);
    for (const [name, value] of [
      ['QUOTRON_PUBLIC_STATUS', 'yes'],
      ['QUOTRON_ACCEPT_FINDINGS', 'splits,split'],
      ['QUOTRON_ALERTS_FROM', 'quotron'],
      ['QUOTRON_ALERTS_SMTP', 'user:secret@localhost:1025'],
    ] as const)
      expect(() => readSettings({ ...good, [name]: value }), name).toThrow(new RegExp(`^${name} is (?!.*secret)`));
  });

  it('names none that are documented, and nothing of other programs', () => {
    const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
    const documented = [...page.matchAll(/`(QUOTRON_[A-Z_]+)`/g)].flatMap((match) => match[1] ?? []);
    expect(documented.filter((name) => !name.endsWith('_') && !knownNames().has(name))).toEqual([]);
    expect(readSettings({ PATH: '/bin', HOME: '/root', QUOTA: '1' }).unknown).toEqual([]);
  });
});

describe('a start that fails of the disk', () => {
  it('is told first, with the path and what to do', () => {
    const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', path: '/x/.quotron/lock' });
    expect(causeOnDisk(denied, '/tmp')).toMatch(/^\/x\/\.quotron\/lock may not be written by this user \(EACCES\)/);
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    expect(causeOnDisk(full, '/tmp')).toMatch(/^The disk is full \(ENOSPC\): \/tmp has \d+ MB left/);
    expect(causeOnDisk(new Error('something else'), '/tmp')).toBeNull();
  });
});
