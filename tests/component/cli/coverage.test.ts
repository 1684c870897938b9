import { describe, expect, it } from 'vitest';
import type { CoverageView } from '../../../core/contracts/http/coverage.ts';
import { useCli } from '../../support/cli-in-process.ts';

const cli = useCli();
const { answers } = cli;
const ask = (...args: string[]) => cli.ask('coverage', ...args);

const row: CoverageView = {
  instrument: {
    symbol: 'AAPL',
    name: 'Apple',
    assetClass: 'equity',
    mic: 'XNAS',
    exchange: 'Nasdaq',
    currency: 'USD',
    zone: 'America/New_York',
  },
  source: 'yahoo',
  licence: 'internal',
  interval: '1d',
  from: '2026-10-28',
  to: '2026-11-20',
  ...{ sessions: 18, present: 13, missing: 5, noSession: 0, doubtful: 0 },
  reasons: [
    { state: 'missing', reason: 'unexplained', sessions: 3 },
    { state: 'missing', reason: 'not_traded', sessions: 1 },
    { state: 'missing', reason: 'not_yet_due', sessions: 1 },
    { state: 'no_session', reason: 'closed', sessions: 6 },
  ],
  unexpected: [],
  firstDay: '2024-01-02',
  lastDay: '2026-11-19',
  ranges: [
    { from: '2026-10-28', to: '2026-11-03', state: 'present', reason: null, sessions: 5 },
    { from: '2026-11-04', to: '2026-11-06', state: 'missing', reason: 'unexplained', sessions: 3 },
    { from: '2026-11-09', to: '2026-11-10', state: 'present', reason: null, sessions: 2 },
    { from: '2026-11-11', to: '2026-11-11', state: 'missing', reason: 'not_traded', sessions: 1 },
    { from: '2026-11-12', to: '2026-11-19', state: 'present', reason: null, sessions: 6 },
    { from: '2026-11-20', to: '2026-11-20', state: 'missing', reason: 'not_yet_due', sessions: 1 },
  ],
  rangesLeftOut: 0,
};

describe('a dry run of a backfill', () => {
  it('says the calls, their share of the quota and the days', async () => {
    answers['POST /backfills'] = {
      ...{ sourceId: 'yahoo', interval: '1d', symbols: ['AAPL'], from: '2000-01-01', to: '2026-11-20' },
      ...{ calls: 6, shareOfDay: 0.0031, days: 1, doneAt: '2026-11-20T15:01:00.000Z' },
    };
    const backfill = ['backfill', 'create', 'yahoo', 'AAPL', '--from', '2000-01-01', '--dry-run'];
    const { code, stdout } = await cli.ask(...backfill);
    expect(cli.asked[0]?.body).toMatchObject({ symbols: ['AAPL'], dryRun: true });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/calls +6, 0\.3 % of the quota of a day\ndays +1\n/)]);
  });
});

describe('coverage', () => {
  it('of a symbol is a character for each day', async () => {
    answers['GET /coverage'] = [row];
    const { code, stdout } = await ask('AAPL', '--from', '2026-10-28', '--to', '2026-11-20');
    expect(code).toBe(0);
    expect(cli.asked[0]?.path).toBe('/coverage?limit=50&symbol=AAPL&interval=1d&from=2026-10-28&to=2026-11-20');
    expect(stdout.split('\n')).toEqual([
      'AAPL yahoo 1d, 2026-10-28 to 2026-11-20: 18 sessions, 13 present, 5 missing (3 unexplained, 1 not_traded, 1 not_yet_due)',
      `2026-10  ${' '.repeat(27)}■■■`,
      '2026-11   ■■???  ■■-■■  ■■■■…',
      '■ present   ? unexplained   - not_traded   … not_yet_due',
      '',
    ]);
  });

  it('of all is a line for each listing and source, with a character for each month', async () => {
    answers['GET /coverage'] = [row];
    const { stdout } = await ask('--state', 'missing');
    expect(cli.asked[0]?.path).toBe('/coverage?limit=50&interval=1d&state=missing');
    expect(stdout).toMatch(/AAPL +yahoo +2026-10-28 +18 +13 +5 +3 unexplained, .* +0 +■▪/);
  });

  it('of weeks and months is a table, and JSON as the API gives it', async () => {
    const weeks: CoverageView = {
      ...row,
      interval: '1wk',
      ranges: [{ from: '2026-11-02', to: '2026-11-15', state: 'missing', reason: 'quota', sessions: 2 }],
    };
    answers['GET /coverage'] = [weeks];
    expect((await ask('AAPL', '--interval', '1wk')).stdout).toMatch(/2026-11-02 +2026-11-15 +missing +quota +2/);
    expect(JSON.parse((await ask('AAPL', '--json')).stdout)).toEqual([weeks]);
  });

  it('takes no more series a page than the API gives for the time', async () => {
    answers['GET /coverage'] = [];
    const { stdout } = await ask('--from', '1970-01-01', '--to', '2026-11-20', '--limit', '500');
    expect(cli.asked[0]?.path).toContain('limit=19&');
    expect(stdout).toBe('There are no such bars.\n');
    expect((await ask('--state', 'gone')).code).toBe(2);
    expect((await ask('--from', 'yesterday')).code).toBe(2);
  });
});
