import { expect, it } from 'vitest';
import type { EndedTaskRow } from '../../../core/adapters/postgres/work/ended-tasks.ts';
import { catalogue } from '../../../core/sources/catalogue.ts';
import { failingJobs } from '../../../localstack/failing-jobs.ts';

const at = new Date('2026-11-22T19:40:00Z');
const ok = (runId: string, differs: Partial<EndedTaskRow> = {}): EndedTaskRow => ({
  ...{ at, position: '', sourceId: 'yahoo', job: 'quotes', runId, ok: true, reason: null, detail: null, message: null },
  ...differs,
});
const bad = (runId: string, seconds = 1, reason: EndedTaskRow['reason'] = 'rate_limited') =>
  ok(runId, { ok: false, reason, detail: { code: 'held', seconds }, message: `for another ${seconds} s` });

it('prints a failure once, whatever the figures in its message, and again when it is another', () => {
  const news = failingJobs();
  expect(news([bad('1', 30)])).toEqual([
    '2026-11-22T19:40:00.000Z yahoo quotes failed: on hold, as it asked (for another 30 s)',
  ]);
  for (let run = 2; run < 20; run++) expect(news([bad(String(run), run)])).toEqual([]);
  expect(news([bad('20', 1, 'down')])).toHaveLength(1);
  expect(news([bad('21', 1, 'down')])).toEqual([]);
});

it('says that a job works again once a whole run of it has, and then prints its next failure', () => {
  const news = failingJobs();
  news([bad('1')]);
  // Another part of the same run, and a run of which a part fails.
  expect(news([ok('1'), ok('2'), bad('2')])).toEqual([]);
  expect(news([ok('3'), ok('3')])).toEqual([]);
  expect(news([ok('4')])).toEqual(['2026-11-22T19:40:00.000Z yahoo quotes works again.']);
  expect(news([ok('5')])).toEqual([]);
  expect(news([bad('6')])).toHaveLength(1);
});

it('prints a pause with what it was asked for, and not again while it lasts', () => {
  const news = failingJobs();
  const limited = ok('1', { ok: false, reason: 'rate_limited', detail: { code: 'http_status', status: 429 } });
  expect(news([limited])).toEqual(['2026-11-22T19:40:00.000Z yahoo quotes failed: rate limited']);
  for (let run = 2; run < 5; run++) expect(news([bad(String(run), run)])).toEqual([]);
  expect(
    news([
      ok('6', {
        ok: false,
        reason: 'implausible',
        detail: { code: 'all_rows_rejected', rows: 2, reasons: ['unit_suspect'] },
      }),
    ]),
  ).toEqual(['2026-11-22T19:40:00.000Z yahoo quotes failed: wrong unit']);
});

it('keeps jobs and sources apart', () => {
  const news = failingJobs();
  expect(news([bad('1'), { ...bad('2'), job: 'daily-bars' }, { ...bad('3'), sourceId: 'coingecko' }])).toHaveLength(3);
});

it('says of sources that cannot be reached in one line which they are, whatever their jobs, and when they answer again', () => {
  const lost = (runId: string, sourceId: string, job = 'quotes') =>
    ok(runId, {
      ...{ sourceId, job, ok: false, reason: 'down' },
      ...{ detail: { code: 'connection_failed' }, message: 'The source could not be reached.' },
    });
  const news = failingJobs();
  const all = ['yahoo', 'coingecko', 'alpha-vantage'].flatMap((id) => [lost('1', id), lost('2', id, 'daily-bars')]);
  expect(news(all)).toEqual([
    '2026-11-22T19:40:00.000Z Yahoo Finance, CoinGecko and Alpha Vantage could not be reached.',
  ]);
  expect(news([lost('3', 'yahoo'), lost('4', 'coingecko', 'daily-bars')])).toEqual([]);
  // A part of a run answers, and then a whole one.
  expect(news([ok('5'), lost('5', 'yahoo')])).toEqual([]);
  expect(news([ok('6'), ok('6')])).toEqual([]);
  expect(news([ok('7')])).toEqual(['2026-11-22T19:40:00.000Z Yahoo Finance answers again.']);
  expect(news([lost('8', 'yahoo')])).toEqual([
    '2026-11-22T19:40:00.000Z Yahoo Finance: The source could not be reached.',
  ]);
});

it('does not repeat what the report of the first cycle said, and asks for the internet when no source is reached', () => {
  const lost = (sourceId: string) =>
    ok('1', { sourceId, ok: false, reason: 'down', detail: { code: 'connection_failed' } });
  expect(failingJobs(['yahoo', 'coingecko'])([lost('yahoo'), lost('coingecko')])).toEqual([]);
  expect(failingJobs()(catalogue.map(({ id }) => lost(id)))).toEqual([
    expect.stringMatching(/ and .* could not be reached: no internet\?$/),
  ]);
});
