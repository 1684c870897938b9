import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quotronProgram } from '../../../cli/program.ts';
import { Problem, quotron, useCli } from '../../support/cli-in-process.ts';
import { usualServices, usualSources } from '../../support/dashboard/operations-data.ts';

const id = '0198a7c0-0000-5000-8000-000000000001';
const at = '2026-11-22T19:40:00.000Z';
const cli = useCli();
const { answers, ask } = cli;

describe('where Quotron is', () => {
  it.each(['', '/', '/api/v1', '/api/v1/'])('is QUOTRON_URL with %j behind it', async (end) => {
    answers['GET /quarantine'] = [];
    const { code } = await quotron(['quarantine', 'list'], {
      QUOTRON_URL: cli.url + end,
      QUOTRON_API_KEY: 'the-key',
    });
    expect([code, cli.asked[0]?.path, cli.asked[0]?.key]).toEqual([0, '/quarantine?limit=50', 'the-key']);
  });

  it('is the local cloud of the current folder', async () => {
    answers['GET /quarantine'] = [];
    mkdirSync(join(cli.folder, '.quotron'), { recursive: true });
    const local = { apiUrl: `${cli.url}/api/v1`, apiKeys: { admin: 'local-key' } };
    writeFileSync(join(cli.folder, '.quotron', 'local.json'), JSON.stringify(local));
    const { code } = await quotron(['quarantine', 'list'], {}, { cwd: cli.folder });
    expect([code, cli.asked[0]?.key]).toEqual([0, 'local-key']);
    rmSync(join(cli.folder, '.quotron'), { recursive: true });
  });

  it('is said to have a better key where variables name the local cloud itself, with one that may not do it', async () => {
    answers['GET /keys'] = new Problem(403, 'forbidden', 'This needs a key of scope admin.');
    mkdirSync(join(cli.folder, '.quotron'), { recursive: true });
    const write = (url: string) =>
      writeFileSync(
        join(cli.folder, '.quotron', 'local.json'),
        JSON.stringify({ apiUrl: `${url}/api/v1`, apiKeys: { admin: 'local-key' } }),
      );
    const list = () =>
      quotron(['keys', 'list'], { QUOTRON_URL: cli.url, QUOTRON_API_KEY: 'one-that-reads' }, { cwd: cli.folder });
    write(cli.url);
    expect(await list()).toMatchObject({ code: 1, stderr: expect.stringContaining('in a terminal without it') });
    // Of another installation, the local cloud has no key.
    write('http://127.0.0.1:9');
    expect((await list()).stderr).not.toContain('in a terminal');
    rmSync(join(cli.folder, '.quotron'), { recursive: true });
  });

  it('is not guessed when half of it is set, or it is no URL', async () => {
    const half = await quotron(['status'], { QUOTRON_URL: cli.url });
    expect([half.code, half.stderr]).toEqual([1, expect.stringContaining('QUOTRON_API_KEY is not')]);
    const none = await quotron(['status'], { QUOTRON_URL: 'ftp://x', QUOTRON_API_KEY: 'k' });
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('not an http or https URL')]);
  });

  it('may not be there: 1, and what to do', async () => {
    const { code, stderr } = await quotron(['status'], { QUOTRON_URL: 'http://127.0.0.1:9', QUOTRON_API_KEY: 'k' });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/does not answer.*npm start.*QUOTRON_URL/)]);
  });
});

describe('a wrong call', () => {
  it.each([
    [['nonsense'], 'unknown command'],
    [['stop'], 'missing required argument'],
    [['run', 'yahoo', '--nonsense'], 'unknown option'],
    [['stop', 'yahoo', '--until', 'soon'], '30m'],
    [['stop', 'scheduler', '--until', 'soon'], '30m'],
    [['recover'], 'one of the three'],
    [['recover', 'yahoo', '--all'], 'one of the three'],
    [['recover', '--failing', '--kind', 'api'], 'one of the three'],
    [['recover', '--kind', 'paper'], 'Allowed choices'],
    [['quarantine', 'replay'], 'Give row ids'],
    [['quarantine', 'discard', '--because', 'x'], 'Give row ids'],
    [['quarantine', 'discard', '7'], '--because'],
    [['quarantine', 'show', 'x'], 'is a number'],
    [['quarantine', 'list', '--reason', 'bad mood'], 'Allowed choices'],
    [['backfill', 'create', 'yahoo', 'AAPL'], '--from'],
    [['backfill', 'create', 'yahoo', 'AAPL', '--from', 'long ago'], 'date'],
    [['answers', 'x', 'first'], 'counted from 0'],
    [['keys', 'create', 'x', '--scope', 'god'], 'Allowed choices'],
    [['keys', 'create', 'x', '--use', 'resale'], 'Allowed choices'],
  ])('%j ends with 2 and says why', async (args, why) => {
    const { code, stdout, stderr } = await ask(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(why);
    expect(cli.asked).toEqual([]);
  });

  it('a name that the API does not know ends with 2 as well', async () => {
    answers['POST /sources/nobody/run'] = new Problem(404, 'unknown_source', 'There is yahoo.');
    expect(await ask('run', 'nobody')).toEqual({ code: 2, stdout: '', stderr: 'It is refused. There is yahoo.\n' });
  });

  it('with --json the error is JSON on stdout', async () => {
    answers['POST /sources/nobody/run'] = new Problem(404, 'unknown_source', 'There is yahoo.');
    const { code, stdout, stderr } = await ask('run', 'nobody', '--json');
    expect([code, stderr]).toEqual([2, '']);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'unknown_source', message: 'It is refused. There is yahoo.' },
    });
    const wrong = await ask('stop', '--json');
    expect([wrong.code, JSON.parse(wrong.stdout)]).toEqual([
      2,
      { error: { code: 'usage', message: expect.stringContaining('missing required argument') } },
    ]);
  });

  it('what a key may not do ends with 1', async () => {
    answers['GET /keys'] = new Problem(403, 'forbidden', 'This needs a key of scope admin.');
    expect(await ask('keys', 'list')).toMatchObject({ code: 1, stdout: '' });
  });
});

describe('docs/cli.md', () => {
  it('has a row for each command', () => {
    const docs = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
    const names = quotronProgram().commands.map((command) => command.name());
    expect(names.length).toBeGreaterThan(12);
    expect(names.filter((name) => !new RegExp(`^\\|.*\`${name}\\b`, 'm').test(docs))).toEqual([]);
  });
});

describe('help', () => {
  it('is asked for and given with 0, with the exit codes and examples', async () => {
    const all = await ask('--help');
    expect([all.code, all.stdout]).toEqual([0, expect.stringContaining('Exits with 0 when all is well')]);
    const one = await ask('stop', '--help');
    expect([one.code, one.stdout]).toEqual([0, expect.stringContaining('$ quotron stop yahoo --until 2h')]);
  });

  it('without a command is shown as an error', async () => {
    expect(await ask()).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Usage: quotron') });
  });
});

describe('listings', () => {
  const opened = {
    symbol: 'CPX.L',
    formerSymbol: 'CPX.L',
    listingId: 2,
    formerListingId: 1,
    currency: 'USD',
    from: '2026-11-23',
  };

  it.each([
    [['--currency', 'USD', '--from', '2026-11-23'], { change: 'currency', currency: 'USD', from: '2026-11-23' }],
    [['--currency', 'GBP', '--minor-factor', '100'], { change: 'currency', currency: 'GBP', minorFactor: 100 }],
    [['--renamed', 'CPY.L'], { change: 'symbol', to: 'CPY.L' }],
    [['--another', '--name', 'Compass'], { change: 'instrument', name: 'Compass' }],
  ])('change opens what is said: %s', async (options, body) => {
    answers['POST /instruments/CPX.L/change'] = opened;
    const { code, stdout } = await ask('listings', 'change', 'CPX.L', ...options);
    expect([code, stdout]).toEqual([0, 'From 2026-11-23 on CPX.L is another listing, in USD.\n']);
    expect(cli.asked[0]?.body).toEqual(body);
  });

  it.each([[[]], [['--currency', 'USD', '--renamed', 'CPY.L']], [['--another', '--renamed', 'CPY.L']]])(
    'change takes one change: %s',
    async (options) => {
      expect((await ask('listings', 'change', 'CPX.L', ...options)).code).toBe(2);
    },
  );
});

describe('findings', () => {
  const finding = {
    id: '12',
    rule: 'unit',
    severity: 'wrong',
    status: 'open',
    subject: { symbol: 'VOD.L', source: 'yahoo', kind: 'bar', interval: '1d', date: '2026-11-18', at },
    evidence: { code: 'other_unit', factor: 0.01, fields: ['close'], witness: 'stored_quote' },
    proposal: { field: 'prices', from: '10200', to: '102', why: 'unit', factor: '0.01', fields: ['close'] },
    ...{ openedAt: at, closedAt: null, by: null },
  };

  it('are listed with what they propose', async () => {
    answers['GET /findings'] = [finding];
    const { code, stdout } = await ask('findings', 'list', '--symbol', 'VOD.L', '--severity', 'wrong');
    expect(code).toBe(0);
    expect(cli.asked[0]?.path).toBe('/findings?limit=50&symbol=VOD.L&severity=wrong&status=open');
    expect(stdout).toContain('bar 1d 2026-11-18');
    expect(stdout).toContain('prices 10200 → 102');
  });

  it.each([
    ['accept', 'accepted'],
    ['dismiss', 'dismissed'],
  ])('are decided by %s, and end with 1 when none was open', async (verb, status) => {
    answers[`POST /findings/${verb}`] = { status, ids: ['12'] };
    expect(await ask('findings', verb, '12', '13')).toMatchObject({ code: 0, stdout: `1 finding of 2 ${status}.\n` });
    expect(cli.asked.at(-1)?.body).toEqual({ ids: ['12', '13'] });
    answers[`POST /findings/${verb}`] = { status, ids: [] };
    expect((await ask('findings', verb, '12')).code).toBe(1);
    expect((await ask('findings', verb, 'x')).code).toBe(2);
  });
});

describe('recover', () => {
  const recovery = (status: string, differs: Record<string, unknown> = {}) => ({
    ...{ id, sourceId: 'yahoo', trigger: 'manual', strategy: 'renew-session', status, reason: null, message: null },
    steps: [{ name: 'canary', status: 'done', startedAt: at, finishedAt: at, detail: null }],
    ...{ requestedAt: at, startedAt: at, finishedAt: at, canaryRunId: null, fallback: null, held: null },
    ...differs,
  });
  const accepted = { sourceId: 'yahoo', accepted: true, id, refusal: null };

  it.each([
    ['verified', 0],
    ['mitigated', 0],
    ['failed', 1],
  ])('that ends %s ends with %i', async (status, code) => {
    answers['POST /sources/recover'] = [accepted];
    answers[`GET /recoveries/${id}`] = recovery(status, status === 'failed' ? { reason: 'down' } : {});
    const done = await ask('recover', 'yahoo', '--wait');
    expect([done.code, done.stdout]).toEqual([code, expect.stringContaining(`yahoo: ${status} by renew-session`)]);
    expect(cli.asked[0]?.body).toEqual({ ids: ['yahoo'] });
  });

  it('leaves out those of all that nobody uses, and not those that were named', async () => {
    const refusal = { code: 'credentials_missing', message: 'It cannot be asked yet.' };
    answers['POST /sources/recover'] = [accepted, { sourceId: 'demo-broker', accepted: false, id: null, refusal }];
    const all = await ask('recover', '--all');
    expect(all).toMatchObject({ code: 0, stdout: expect.stringContaining('not recovered') });
    expect(all.stderr).toContain('deprecated');
    expect(await ask('recover', '--failing')).toMatchObject({ code: 0, stderr: '' });
    expect(cli.asked[0]?.body).toEqual({ failing: true });
    expect(await ask('recover', 'yahoo', 'demo-broker')).toMatchObject({ code: 1 });
    answers['POST /sources/recover'] = [
      { sourceId: 'x', accepted: false, id: null, refusal: { code: 'unknown_source', message: 'No.' } },
    ];
    expect(await ask('recover', 'x')).toMatchObject({ code: 2 });
  });
});

describe('continue', () => {
  it('continues the login of a source that it names, and says what is wrong with another', async () => {
    answers['POST /sources/x/continue'] = new Problem(404, 'unknown_source', 'No source has this id.');
    expect((await ask('continue', 'x')).code).toBe(2);
    expect(cli.asked[0]).toMatchObject({ path: '/sources/x/continue' });
  });

  it('is what `health` advises while a login is on hold', async () => {
    answers['GET /sources/broker/health'] = {
      ...{
        status: 'failed',
        reason: 'auth_expired',
        detail: { code: 'account_locked' },
        message: 'Locked.',
        since: at,
      },
      ...{ score: 0, trend: [], lastSuccessAt: null, lastFailure: null, incidents: [], nextRunAt: null },
      parts: { success: 0, freshness: null, accepted: null, latency: null, quota: 1 },
      login: { detail: { code: 'account_locked' }, since: at, until: null, hint: 'Then: quotron continue broker.' },
      breaker: { state: 'closed', until: null, reason: null, opened: 0 },
      quota: { minute: { used: 0, limit: 1 }, day: { used: 0, limit: 1 } },
    };
    const told = await ask('health', 'broker');
    expect(told.stdout).toContain('account locked');
    expect(told.stdout).toContain('quotron continue broker');
  });
});

describe('diagnose', () => {
  const finding = {
    ...{
      rule: 'servers-failing',
      sources: ['yahoo'],
      title: 'Yahoo Finance: its servers fail',
      reasons: ['down'],
      explained: true,
    },
    ...{
      cause: 'The source answers 500.',
      evidence: [],
      count: 3,
      firstSeenAt: at,
      lastSeenAt: at,
      samples: [],
      effect: 60,
    },
    advice: [{ text: 'Heal it:', command: 'npx quotron recover yahoo --wait' }],
  };
  const report = (findings: unknown[]) => {
    answers['POST /diagnostics'] = { id, status: 'done' };
    const diagnosis = {
      id,
      status: 'done',
      createdAt: at,
      score: 61,
      headline: 'x',
      sources: [],
      findings,
      changes: null,
      summary: null,
    };
    const envelope = JSON.stringify({ data: diagnosis, meta: { requestId: 'r' }, warnings: [] });
    // The double answers by path alone: JSON first, the Markdown after it.
    let asked = 0;
    answers[`GET /diagnostics/${id}`] = () => (asked++ === 0 ? envelope : '# Diagnostics report\n');
  };

  it('keeps the report in the current folder, says in short what is wrong, and ends with 1', async () => {
    report([finding]);
    const { code, stdout } = await ask('diagnose');
    expect(code).toBe(1);
    expect(stdout).toContain(
      '1. Yahoo Finance: its servers fail\n   The source answers 500.\n   Heal it: npx quotron recover yahoo --wait',
    );
    expect(readFileSync(join(cli.folder, 'diagnostics_report.md'), 'utf8')).toBe('# Diagnostics report\n');
    expect(cli.asked.map(({ accept }) => accept)).toEqual(['application/json', 'application/json', 'text/markdown']);
  });

  it('ends with 0 where there are notes only, and writes where it is told', async () => {
    report([{ ...finding, effect: 5 }]);
    expect(await ask('diagnose', '--output', 'other.md')).toMatchObject({ code: 0 });
    expect(readFileSync(join(cli.folder, 'other.md'), 'utf8')).toContain('#');
    report([]);
    expect(await ask('diagnose', '--output', '-')).toMatchObject({ code: 0, stdout: '# Diagnostics report\n' });
    report([]);
    const nowhere = await ask('diagnose', '--output', '/no/such/folder/report.md');
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('cannot be written (ENOENT)')]);
  });

  it('gives all of it as JSON', async () => {
    report([finding]);
    const { stdout, stderr } = await ask('diagnose', '--json');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ score: 61, file: join(cli.folder, 'diagnostics_report.md') });
  });
});

describe('colour', () => {
  it('is used where it is asked for, and never with NO_COLOR', async () => {
    const key = { id, name: 'x', prefix: 'qtr_live_x', scope: 'read', use: 'internal', createdAt: at };
    answers['GET /keys'] = [{ ...key, expiresAt: null, lastUsedAt: null, revokedAt: null }];
    const where = { QUOTRON_URL: cli.url, QUOTRON_API_KEY: 'k' };
    expect((await quotron(['keys', 'list'], { ...where, FORCE_COLOR: '1' })).stdout).toContain('\u001b[');
    expect((await quotron(['keys', 'list'], { ...where, NO_COLOR: '1' })).stdout).not.toContain('\u001b[');
    expect((await quotron(['keys', 'list'], where)).stdout).not.toContain('\u001b[');
  });
});

describe('test', () => {
  it('of a source on hold answers at once, with the time, and asks for no run', async () => {
    const heldUntil = '2099-12-01T00:00:00.000Z';
    const health = { ...usualSources()[0]?.health, heldUntil, message: 'The day has no request left.' };
    answers['GET /sources/yahoo'] = { ...usualSources()[0], health };
    const { code, stdout } = await ask('test', 'yahoo');
    expect([code, stdout]).toEqual([1, expect.stringContaining('no requests until 2099-12-01 00:00:00 UTC')]);
    expect(stdout).toContain('The day has no request left.');
    expect(cli.asked.map(({ method }) => method)).toEqual(['GET']);
    const json = await ask('test', 'yahoo', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ works: false, heldUntil });
  });

  it('while a service is stopped that a run waits for answers at once, and asks for no run', async () => {
    answers['GET /sources/yahoo'] = usualSources()[0];
    const services = usualServices().map((each) => ({ ...each, running: each.id !== 'scrapers' }));
    answers['GET /services'] = { services, queues: [] };
    const { code, stdout } = await ask('test', 'yahoo');
    expect([code, stdout]).toEqual([1, expect.stringContaining('the service scrapers is stopped')]);
    expect(stdout).toContain('`quotron start scrapers`');
    expect(cli.asked.map(({ method }) => method)).toEqual(['GET', 'GET']);
    expect(JSON.parse((await ask('test', 'yahoo', '--json')).stdout)).toMatchObject({
      works: false,
      stopped: ['scrapers'],
    });
  });
});
