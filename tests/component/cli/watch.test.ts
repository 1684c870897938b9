import { beforeEach, describe, expect, it } from 'vitest';
import type { WatchedSourceView, WatchedView } from '../../../core/contracts/http/watch.ts';
import { Page, Problem, useCli } from '../../support/cli-in-process.ts';

const cli = useCli();

const at = '2026-11-20T15:00:00.000Z';
const source = (differs: Partial<WatchedSourceView> = {}): WatchedSourceView => ({
  sourceId: 'yahoo',
  symbol: 'SHOP',
  state: 'waiting',
  addedAt: at,
  collectedAt: null,
  missingSince: null,
  hold: null,
  until: null,
  reason: null,
  runId: '0198a7c0-0000-5000-8000-000000000001',
  everySeconds: 75,
  nextRunAt: null,
  ...differs,
});
const watched = (...sources: WatchedSourceView[]): WatchedView => ({
  symbol: 'SHOP',
  state: sources[0]?.state ?? 'waiting',
  sources,
});
const added = (view: WatchedView) => ({
  ...view,
  added: true,
  freshness: [
    { sourceId: 'yahoo', job: 'quotes', kind: 'quotes', before: 60, after: 75 },
    { sourceId: 'yahoo', job: 'daily-bars', kind: 'bars', before: 21_600, after: 21_600 },
  ],
  withoutRoom: ['alpha-vantage'],
  list: { count: 458, limit: 1_000 },
});
const forecast = {
  sourceId: 'yahoo',
  interval: '1d',
  symbols: ['SHOP'],
  from: '2021-11-21',
  to: '2026-11-20',
  calls: 1,
  shareOfDay: 0.00005,
  days: 1,
  doneAt: at,
};
const backfill = {
  ...{ id: '0198a7c0-0000-5000-8000-000000000002', sourceId: 'yahoo', interval: '1d', symbols: ['SHOP'] },
  ...{ from: '2021-11-21', to: '2026-11-20', status: 'planned', createdAt: at, finishedAt: null },
  ...{ chunks: { total: 1, done: 0, failed: 0, running: 0, waiting: 1, cancelled: 0 }, rows: 0, etaAt: at },
};

describe('watch add', () => {
  let looks: number;
  beforeEach(() => {
    looks = 0;
    cli.answers['PUT /watch/SHOP'] = added(watched(source()));
  });

  it('waits until the symbol is collected, says what it costs, and loads its bars with their cost', async () => {
    cli.answers['GET /watch/SHOP'] = () =>
      ++looks < 2 ? watched(source()) : watched(source({ state: 'collected', collectedAt: at }));
    cli.answers['POST /backfills'] = () =>
      cli.asked.filter(({ path }) => path === '/backfills').length === 1 ? forecast : backfill;
    const { code, stdout, stderr } = await cli.ask('watch', 'add', 'SHOP');
    expect(code).toBe(0);
    expect(stdout).toMatch(/SHOP +yahoo +collected +each 75 s/);
    expect(stderr).toContain('SHOP: asking yahoo');
    expect(stderr).toContain('each 75 s from now on, in place of 60 s');
    expect(stderr).not.toContain('Bars of');
    expect(stderr).toContain('alpha-vantage is not asked for SHOP: its quota has no room for another symbol.');
    expect(stderr).toContain('458 of at most 1000 symbols');
    expect(stderr).toMatch(
      /Daily bars since \d{4}-\d\d-\d\d are loaded from yahoo: 1 request, 0\.01 % of a day's quota/,
    );
    expect(cli.asked.filter(({ path }) => path === '/backfills').map(({ body }) => body)).toMatchObject([
      { sourceId: 'yahoo', symbols: ['SHOP'], interval: '1d', dryRun: true },
      { sourceId: 'yahoo', symbols: ['SHOP'], interval: '1d' },
    ]);
  });

  it.each([
    ['unknown', source({ state: 'unknown', missingSince: at }), 'unknown to yahoo'],
    [
      'on hold',
      source({ state: 'on_hold', hold: 'asked_to_wait', until: '2026-11-20T16:00:00.000Z' }),
      'source on hold until 2026-11-20 16:00:00 UTC',
    ],
    ['failed', source({ state: 'failed', reason: 'down' }), 'failed: down'],
  ] as const)('says that it is %s, loads nothing, and ends with 1', async (_, view, words) => {
    cli.answers['GET /watch/SHOP'] = watched(view);
    const { code, stdout, stderr } = await cli.ask('watch', 'add', 'SHOP');
    expect([code, stdout]).toEqual([1, expect.stringContaining(words)]);
    expect(stderr.includes('quotron watch remove SHOP')).toBe(view.state === 'unknown');
    expect(cli.asked.map(({ path }) => path)).not.toContain('/backfills');
  });

  it('with --no-wait or --no-history asks for no more than that', async () => {
    expect((await cli.ask('watch', 'add', 'SHOP', '--no-wait')).code).toBe(0);
    cli.answers['GET /watch/SHOP'] = watched(source({ state: 'collected' }));
    expect((await cli.ask('watch', 'add', 'SHOP', '--no-history', '--source', 'yahoo', 'coingecko=pepe')).code).toBe(0);
    expect(cli.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'PUT /watch/SHOP',
      'PUT /watch/SHOP',
      'GET /watch/SHOP',
    ]);
    expect(cli.asked[1]?.body).toEqual({ sources: [{ id: 'yahoo' }, { id: 'coingecko', symbol: 'pepe' }] });
  });

  it('adds the others where one is refused, and ends with what that means', async () => {
    cli.answers['PUT /watch/NOPE'] = new Problem(409, 'watch_full', 'The list has 1000 symbols.');
    cli.answers['GET /watch/SHOP'] = watched(source({ state: 'collected' }));
    const { code, stdout, stderr } = await cli.ask('watch', 'add', 'NOPE', 'SHOP', '--no-history', '--json');
    expect([code, stderr]).toEqual([1, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      symbols: [{ symbol: 'SHOP', state: 'collected' }],
      refused: [{ symbol: 'NOPE', code: 'watch_full' }],
      backfills: [],
    });
    cli.answers['PUT /watch/a%20b'] = new Problem(400, 'invalid_symbol', 'no');
    expect((await cli.ask('watch', 'add', 'a b')).code).toBe(2);
    expect((await cli.ask('watch', 'add', 'A', 'B', '--source', 'yahoo=C')).code).toBe(2);
  });
});

it('watch list shows every page, and watch remove what it removed', async () => {
  cli.answers['GET /watch'] = (url: URL) =>
    url.searchParams.has('cursor')
      ? [{ ...watched(source({ symbol: 'shop-id', everySeconds: null })), symbol: 'TSLA' }]
      : new Page([watched(source({ state: 'collected' }))], 'next');
  const { code, stdout } = await cli.ask('watch', 'list');
  expect(code).toBe(0);
  expect(stdout).toMatch(/SHOP +yahoo +collected +each 75 s\nTSLA +yahoo \(shop-id\) +asking yahoo +–/);
  cli.answers['GET /watch'] = [];
  expect((await cli.ask('watch', 'list')).stdout).toContain('quotron watch add AAPL');
  cli.answers['DELETE /watch/SHOP'] = { symbol: 'SHOP', removed: true, list: { count: 1, limit: 1_000 } };
  expect((await cli.ask('watch', 'remove', 'SHOP')).stdout).toContain('SHOP is collected no more. What is stored');
});
