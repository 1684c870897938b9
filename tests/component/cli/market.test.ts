import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { table } from '../../../cli/output.ts';
import { quotronProgram } from '../../../cli/program.ts';
import { version } from '../../../core/contracts/version.ts';
import { Page, Problem, useCli } from '../../support/cli-in-process.ts';
import { usualServices, usualSources } from '../../support/dashboard/operations-data.ts';

const cli = useCli();
const { answers, ask } = cli;
const at = '2026-11-20T21:00:00.000Z';
const id = '0198a7c0-0000-5000-8000-000000000001';

const instrument = (symbol: string, name = 'Apple Inc.') => ({
  ...{ symbol, name, assetClass: 'equity', mic: 'XNAS', exchange: 'NASDAQ', currency: 'USD' },
  zone: 'America/New_York',
});

const quote = (symbol: string, name?: string) => ({
  instrument: instrument(symbol, name),
  ...{ price: 187.5, previousClose: 185, change: 2.5, changeFraction: 0.0135, bid: null, ask: null, volume: 100 },
  ...{ currency: 'USD', minorFactor: 1, session: 'regular', delaySeconds: 0, asOf: at, asOfBasis: 'exchange' },
  ...{ fetchedAt: at, ingestedAt: at, source: 'yahoo', licence: 'internal', stale: true, ageSeconds: 60 },
  provenance: { runId: id, part: 0, attempt: 1, blobKey: 'raw/yahoo/x', parserVersion: '1', batchId: '1' },
  ...{ confidence: 'disputed', rule: 'rank', spread: 0.01 },
});

const unknown = (symbol: string) => ({
  symbol,
  quote: null,
  error: { code: 'unknown_symbol', detail: `No source has ${symbol}.`, retryable: false },
});

const bar = (day: number) => ({
  ...{ startsAt: `2026-11-${day}T14:30:00.000Z`, date: `2026-11-${day}`, open: 1, high: 3, low: 0.5, close: 2 },
  ...{ volume: null, final: day < 20, licence: 'internal', findings: day === 18 ? ['7'] : [] },
});

const series = (days: readonly number[], symbol = 'AAPL') => ({
  instrument: instrument(symbol),
  ...{ interval: '1d', adjustment: 'none', basis: 'splits', basisAt: at, source: 'yahoo', licence: 'internal' },
  ...{ currency: 'USD', zone: 'America/New_York', bars: days.map(bar), actions: [] },
});

describe('quote', () => {
  it('shows prices, whose, how old and how sure', async () => {
    answers['POST /quotes/batch'] = [{ symbol: 'AAPL', quote: quote('AAPL', 'App\u001b[2Jle'), error: null }];
    const { code, stdout } = await ask('quote', 'AAPL', 'AAPL', '--source', 'yahoo');
    expect(code).toBe(0);
    expect(stdout).toMatch(/AAPL +187\.5 +USD +\+1\.35 % +regular .* yahoo +stale, disputed +App\\u\{1b\}\[2Jle/);
    expect(cli.asked[0]).toMatchObject({ path: '/quotes/batch?source=yahoo', body: { symbols: ['AAPL'] } });
  });

  it('of an unknown symbol names the command that adds it, as a shell reads it, and ends with 2', async () => {
    answers['POST /quotes/batch'] = [unknown('^ZZZ')];
    const { code, stdout, stderr } = await ask('quote', '^ZZZ');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain("quotron watch add '^ZZZ'");
  });

  it('gives what there is, and fails for the rest', async () => {
    const failed = { symbol: 'MSFT', quote: null, error: { code: 'licence_forbids', detail: 'No.', retryable: false } };
    answers['POST /quotes/batch'] = [{ symbol: 'AAPL', quote: quote('AAPL'), error: null }, unknown('SHOP'), failed];
    const { code, stdout, stderr } = await ask('quote', 'AAPL', 'SHOP', 'MSFT');
    expect(code).toBe(1);
    expect(stdout).toContain('187.5');
    expect(stderr).toMatch(/SHOP: No source[\s\S]*quotron watch add SHOP[\s\S]*MSFT: No\./);
    const json = await ask('quote', 'AAPL', 'SHOP', '--json');
    expect(JSON.parse(json.stdout)).toHaveLength(3);
  });
});

describe('bars', () => {
  it('reads the pages from the newest back and shows them oldest first', async () => {
    let pages = 0;
    answers['GET /bars/AAPL'] = () => (pages++ === 0 ? new Page(series([20, 19]), 'next') : series([18]));
    const { code, stdout } = await ask('bars', 'AAPL', '--from', '2026-11-01');
    expect(code).toBe(0);
    expect(stdout).toMatch(/splits[\s\S]*2026-11-18 .*doubtful\n2026-11-19.*\n2026-11-20 .*not final/);
    expect(cli.asked.map(({ path }) => path)).toEqual([
      expect.stringContaining('order=desc'),
      expect.stringContaining('cursor=next'),
    ]);
  });

  it('are CSV, whose text is no formula of a spreadsheet', async () => {
    answers['GET /bars/%3D1%2B1'] = series([20], '=1+1');
    const { stdout } = await ask('bars', '=1+1', '--csv');
    expect(stdout.split('\r\n')[0]).toBe(
      'symbol,startsAt,date,open,high,low,close,volume,currency,source,adjustment,final,basis',
    );
    expect(stdout.split('\r\n')[1]).toBe(
      "'=1+1,2026-11-20T14:30:00.000Z,2026-11-20,1,3,0.5,2,,USD,yahoo,none,false,splits",
    );
  });

  it('stop at a limit, and say that there are more', async () => {
    answers['GET /bars/AAPL'] = new Page(series([20, 19]), 'next');
    const { stdout, stderr } = await ask('bars', 'AAPL', '--limit', '2');
    expect([stdout.split('\n').length, stderr]).toEqual([5, expect.stringContaining('older')]);
    expect(cli.asked).toHaveLength(1);
  });

  it.each([
    [['--range', 'soon'], '30m'],
    [['--range', '3d', '--from', '2026-01-01'], 'cannot be used with'],
    [['--csv', '--json'], 'cannot be used with'],
    [['--from', '2026-02-01', '--to', '2026-01-01'], 'must be before'],
    [['--interval', '7m'], 'Allowed choices'],
    [['--adjustment', 'all'], 'Allowed choices'],
  ])('%j is a wrong call', async (args, why) => {
    const { code, stderr, stdout } = await ask('bars', 'AAPL', ...args);
    expect([code, args.includes('--json') ? stdout : stderr]).toEqual([2, expect.stringContaining(why)]);
    expect(cli.asked).toEqual([]);
  });

  it('of an unknown symbol names the command that adds it', async () => {
    answers['GET /bars/SHOP'] = new Problem(404, 'unknown_symbol', 'No source has SHOP.');
    const { code, stderr } = await ask('bars', 'SHOP');
    expect([code, stderr]).toEqual([2, expect.stringContaining('quotron watch add SHOP')]);
  });

  it('of an interval that nothing collects name the command that loads them', async () => {
    answers['GET /bars/%5EGSPC'] = new Problem(404, 'no_bars', 'No 1h bars of ^GSPC are stored.');
    const { code, stderr } = await ask('bars', '^GSPC', '--interval', '1h');
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("quotron backfill create <source> '^GSPC' --from <date> --interval 1h"),
    ]);
  });
});

describe('instruments', () => {
  it('are found by text; none is a failure', async () => {
    answers['GET /instruments'] = [instrument('AAPL')];
    const found = await ask('instruments', 'app', '--class', 'equity');
    expect([found.code, found.stdout]).toEqual([0, expect.stringMatching(/AAPL +equity +NASDAQ +USD +Apple Inc\./)]);
    expect(cli.asked[0]?.path).toBe('/instruments?limit=50&query=app&assetClass=equity');
    answers['GET /instruments'] = [];
    const none = await ask('instruments', 'shop');
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('quotron watch add SHOP')]);
  });
});

describe('status', () => {
  const health = { status: 'pass', version: '1', sources: { total: 1, healthy: 1 }, system: null, checks: {} };

  it('asks for what its table has, and with --json for all', async () => {
    const [source] = usualSources();
    answers['GET /health'] = JSON.stringify(health);
    answers['GET /services'] = { services: usualServices(), queues: [], events: null };
    answers['GET /sources'] = [{ id: source?.id, simulated: false, health: source?.health }];
    const { code, stdout } = await ask('status');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/source +status .*\nyahoo +healthy/)]);
    expect(cli.asked.map(({ path }) => path)).toEqual(['/sources?fields=id,simulated,health', '/services', '/health']);
    answers['GET /sources'] = [source];
    const whole = JSON.parse((await ask('status', '--json')).stdout);
    expect(whole.sources).toEqual([expect.objectContaining({ jobs: source?.jobs, terms: source?.terms })]);
    expect(cli.asked.at(3)?.path).toBe('/sources');
  });
});

describe('exchanges', () => {
  it('are one small request, and say what trades and what is stale', async () => {
    const soon = (minutes: number) => new Date(Date.now() + minutes * 60_000 + 30_000).toISOString();
    const session = { date: '2026-11-24', opensAt: soon(90), closesAt: soon(480) };
    const newest = { newestAsOf: at, newestSession: 'regular' };
    answers['GET /exchanges'] = [
      {
        mic: 'XNAS',
        name: 'NASDAQ',
        zone: 'America/New_York',
        open: false,
        session,
        instruments: 24,
        stale: 2,
        ...newest,
      },
      { mic: 'QCRY', name: 'Crypto', zone: 'UTC', open: true, session: null, instruments: 1, stale: 0, ...newest },
    ];
    const { code, stdout } = await ask('exchanges');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/XNAS +NASDAQ +closed +opens in \d h.* +24 +2 /)]);
    expect(stdout).toMatch(/QCRY +Crypto +open +1 +0 /);
    expect(cli.asked.map(({ path }) => path)).toEqual(['/exchanges']);
    expect(JSON.parse((await ask('exchanges', '--json')).stdout)).toHaveLength(2);
    answers['GET /exchanges'] = [];
    expect((await ask('exchanges')).stdout).toContain('There are no prices yet.');
  });
});

describe('incidents and runs', () => {
  const incident = {
    ...{ id, sourceId: 'yahoo', reason: 'timeout', cause: null, status: 'open', openedAt: at, lastSeenAt: at },
    ...{ resolvedAt: null, count: 3 },
    evidence: [
      {
        at,
        runId: null,
        part: null,
        detail: { code: 'unspecified' },
        message: 'a\u001b]0;x\u0007b',
        blobKey: null,
        artifacts: [],
      },
    ],
  };
  const run = {
    ...{ id, sourceId: 'yahoo', job: 'quotes', trigger: 'schedule', status: 'succeeded', reason: null, dueAt: at },
    ...{ createdAt: at, finishedAt: at, tasks: 1, accepted: 24, rejected: 1 },
  };

  it('are listed with filters', async () => {
    answers['GET /incidents'] = [incident];
    answers['GET /runs'] = [run];
    expect((await ask('incidents', '--source', 'yahoo', '--status', 'open')).stdout).toMatch(/yahoo +timeout +open/);
    expect((await ask('runs', '--status', 'succeeded')).stdout).toMatch(/yahoo +quotes +schedule +succeeded .* 24 +1/);
    expect(cli.asked.map(({ path }) => path)).toEqual([
      '/incidents?limit=50&sourceId=yahoo&status=open',
      '/runs?limit=50&status=succeeded',
    ]);
  });

  it('are shown one by one, without what steers a terminal', async () => {
    answers[`GET /incidents/${id}`] = incident;
    answers[`GET /runs/${id}`] = { ...run, parts: [] };
    const one = await ask('incidents', id);
    expect(one.stdout).toContain('a\\u{1b}]0;x\\u{7}b');
    expect((await ask('runs', id)).stdout).toContain('24 rows accepted, 1 in quarantine');
  });
});

describe('keys create --feed', () => {
  const feed = { routes: ['quotes', 'yahoo/chart'], symbols: ['AAPL', 'VOD.L'], ratePerMinute: 30 };
  const token = {
    ...{ id, name: 'sheet', prefix: 'qtr_feed_aaaaaaaa', scope: 'read', use: 'display', createdAt: at },
    ...{ expiresAt: at, lastUsedAt: null, revokedAt: null, feed },
  };
  const options = ['--feed', '--routes', 'quotes,yahoo/chart', '--symbols', 'AAPL, VOD.L', '--rate', '30'];

  it('sends what the token is bound to, prints it, and says where it stands', async () => {
    answers['POST /keys'] = { ...token, key: 'qtr_feed_new' };
    const made = await ask('keys', 'create', 'sheet', ...options, '--use', 'display');
    expect(made).toMatchObject({ code: 0, stdout: 'qtr_feed_new\n', stderr: expect.stringContaining('/k/{token}') });
    expect(cli.asked.at(-1)?.body).toEqual({ name: 'sheet', feed, use: 'display' });
  });

  it('is listed with it, and rotated to another of the same', async () => {
    answers['GET /keys'] = [token];
    answers['POST /keys'] = { ...token, key: 'qtr_feed_new' };
    expect((await ask('keys', 'list')).stdout).toContain('quotes,yahoo/chart; AAPL,VOD.L; 30/min');
    expect(await ask('keys', 'rotate', id)).toMatchObject({ code: 0, stdout: 'qtr_feed_new\n' });
    expect(cli.asked.at(-1)?.body).toMatchObject({ name: 'sheet', feed, use: 'display' });
  });

  it.each([
    [['--feed'], '--routes'],
    [['--routes', 'quotes'], '--feed'],
    [['--feed', '--routes', 'quotes', '--scope', 'admin'], '--scope'],
    [['--feed', '--routes', ','], '--routes'],
    [['--feed', '--routes', 'quotes', '--rate', 'fast'], '--rate'],
  ])('of %j is refused', async (given, named) => {
    const refused = await ask('keys', 'create', 'sheet', ...given);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(named) });
    expect(cli.asked).toEqual([]);
  });
});

describe('keys rotate', () => {
  const key = {
    ...{ id, name: 'grafana', prefix: 'qtr_live_aaaaaaaa', scope: 'read', use: 'display', createdAt: at },
    ...{ expiresAt: null, lastUsedAt: null, revokedAt: null },
  };

  it('makes a key like the old one, and revokes that one only when asked to', async () => {
    answers['GET /keys'] = [key];
    answers['POST /keys'] = { ...key, key: 'qtr_live_new' };
    const kept = await ask('keys', 'rotate', id);
    expect(kept).toMatchObject({ code: 0, stdout: 'qtr_live_new\n', stderr: expect.stringContaining(`revoke ${id}`) });
    expect(cli.asked.at(-1)?.body).toEqual({ name: 'grafana', scope: 'read', use: 'display' });
    answers[`DELETE /keys/${id}`] = { ...key, revokedAt: at };
    const gone = await ask('keys', 'rotate', id, '--revoke');
    expect(gone).toMatchObject({ code: 0, stdout: 'qtr_live_new\n', stderr: expect.stringContaining('is revoked') });
    expect(cli.asked.at(-1)?.method).toBe('DELETE');
  });

  it('of one that is unknown or revoked makes none', async () => {
    answers['GET /keys'] = [{ ...key, revokedAt: at }];
    expect((await ask('keys', 'rotate', id)).code).toBe(1);
    expect((await ask('keys', 'rotate', 'x')).code).toBe(2);
    expect(cli.asked.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });
});

describe('open', () => {
  it('prints the address of the dashboard where no browser is', async () => {
    const { code, stdout } = await ask('open');
    expect([code, stdout.trim()]).toEqual([0, `${cli.url}/`]);
    expect(JSON.parse((await ask('open', '--json')).stdout)).toEqual({ url: `${cli.url}/`, opened: false });
  });
});

describe('--version', () => {
  it('is that of the release', async () => {
    expect(await ask('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('completion', () => {
  it('of bash knows every command, option and closed list', async () => {
    const { stdout } = await ask('completion', 'bash');
    const following = (...words: string[]) => {
      const script = `${stdout}\n_quotron_words ${words.map((word) => `'${word}'`).join(' ')}`;
      const { stdout: said, stderr, status } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
      return said.trim().split(' ');
    };
    expect(following()).toEqual(expect.arrayContaining(quotronProgram().commands.map((command) => command.name())));
    expect(following('quarantine')).toEqual(expect.arrayContaining(['list', 'replay', '--help']));
    expect(following('quarantine', 'list')).toEqual(expect.arrayContaining(['--reason', '--limit']));
    expect(following('bars', 'AAPL', '--interval')).toContain('15m');
    expect(following('keys', 'create', 'x', '--scope', 'read')).toContain('--use');
    expect(following('completion')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
    expect(following('it `echo no`; $(echo no)')).toEqual(expect.arrayContaining(['quote']));
  });

  it.each(['zsh', 'fish'])('of %s names every command', async (shell) => {
    const { code, stdout } = await ask('completion', shell);
    expect(code).toBe(0);
    for (const command of quotronProgram().commands) expect(stdout).toContain(command.name());
  });
});

describe('tables', () => {
  it('fit into the terminal, the widest column first', () => {
    const shown = table(['id', 'what'], [['1', 'x'.repeat(50)]], 100, ['id'], 20);
    expect(shown).toBe(`id  what\n 1  ${'x'.repeat(15)}…`);
  });
});
