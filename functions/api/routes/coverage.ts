import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import { type CoverageView, coverageSchema, mostSeries, seriesWithin } from '../../../core/contracts/http/coverage.ts';
import { type CoverageState, coverageStates } from '../../../core/contracts/words/coverage.ts';
import { countOf, rangesOf } from '../../../core/coverage/ledger.ts';
import { coverageQuestions, ledgersOf, plannedSeries, type SeriesLedger } from '../../../core/coverage/ledgers.ts';
import { addDays, isIntraday } from '../../../core/coverage/slots.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { invalidRequest } from '../../../core/http/problem.ts';
import {
  cursorParameter,
  limitParameter,
  sourceIdParameter,
  symbolOf,
  symbolParameter,
} from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import { barIntervals } from '../../../core/market/bar.ts';
import { withWatched } from '../../../core/planning/watch-list.ts';
import type { CoverageReader } from '../../../core/ports/coverage-reader.ts';
import type { QuoteReader } from '../../../core/ports/quote-reader.ts';
import type { WatchStore } from '../../../core/ports/watch-store.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { leftOut, licenceForbids, licenceOf } from '../licence.ts';
import { requireListing, requireSource } from '../symbols.ts';
import { instrumentView } from '../views/quote.ts';
import { coverageCsv, csvReply, wantsCsv } from '../views/tables.ts';

interface RouteDependencies {
  readonly coverage: VisibleTo<CoverageReader>;
  readonly quotes: VisibleTo<QuoteReader>;
  readonly watch: Pick<WatchStore, 'list'>;
  readonly catalogue: readonly SourceDefinition[];
  readonly alwaysOpen?: boolean;
}

/** Days of bars of less than a day. */
const mostIntradayDays = 400;
/** Ranges of a series in one answer. */
const mostRanges = 200;
const mostUnexpected = 100;

export function coverageRoutes({ coverage, quotes, watch, catalogue, alwaysOpen = false }: RouteDependencies): Route[] {
  const read = route(
    {
      method: 'get',
      path: '/coverage',
      access: 'read',
      shows: 'visible',
      feed: 'coverage',
      tag: 'Bars',
      summary: 'Which sessions have bars, and why others have none',
      description:
        'One row for each listing and source: of each session in the time asked for, whether its bar is `present`, `missing` for a reason, or whether there was `no_session`. `ranges` has sessions next to each other of which the same holds, the newest 200; with `state`, those of one state, and only series that have some. Closed days are in ranges only with `state=no_session`. As CSV one line a range.',
      query: z.object({
        symbol: symbolParameter.optional(),
        source: sourceIdParameter.optional(),
        interval: z.enum(barIntervals).default('1d'),
        from: z.iso.date().optional().describe('First day; a year before the last one by default, a month in the day'),
        to: z.iso.date().optional().describe('Last day, included; today by default'),
        state: z.enum(coverageStates).optional(),
        format: z.enum(['json', 'csv']).optional(),
        limit: limitParameter(mostSeries, 20),
        cursor: cursorParameter,
      }),
      data: z.array(coverageSchema),
      media: { 'text/csv': z.string() },
      problems: ['invalid_cursor', 'invalid_symbol', 'unknown_symbol', 'unknown_source', 'licence_forbids'],
    },
    async ({ query, call }) => {
      const { interval, state, limit } = query;
      const { from, to } = timeOf(query, call.now);
      const source = requireSource(catalogue, query.source) ?? null;
      if (source) call.visible.require(source);
      const symbol = query.symbol === undefined ? null : symbolOf(query.symbol);
      if (symbol !== null) await requireListing(quotes(call.visible), symbol, undefined, call.now);
      const reader = coverage(call.visible);
      const watched = withWatched(catalogue, await watch.list());
      const after = readCursor(query.cursor, z.tuple([z.int(), z.string().max(64)]));
      const found = await reader.series({
        symbol,
        source,
        interval,
        planned: plannedSeries(watched, interval),
        after: after && { listingId: after[0], source: after[1] },
        limit: limit + 1,
      });
      if (found.length === 0 && symbol !== null && after === null && !call.visible.all && source === null)
        throw licenceForbids(symbol, call.visible);
      const { rows, meta } = page(found, limit, (row) => [row.listingId, row.source]);
      const asked = { interval, from, to, now: call.now, catalogue: watched, alwaysOpen };
      const ledgers = ledgersOf(rows, await reader.read(coverageQuestions(rows, asked)), asked);
      const data = ledgers
        .map((of) => view(of, { from, to, state: state ?? null }))
        .filter(({ ranges }) => state === undefined || ranges.length > 0);
      const warnings = leftOut(call.visible, source ?? undefined);
      if (wantsCsv(query.format, call))
        return csvReply(coverageCsv(data, call.fields), {
          name: `coverage-${interval}`,
          nextCursor: meta.nextCursor,
          call,
          warnings,
        });
      return { kind: 'data', data, meta: { ...meta, count: data.length }, warnings, maxAge: 5 };
    },
  );
  return [read];

  function view(
    { series, ledger, doubtful }: SeriesLedger,
    { from, to, state }: { from: string; to: string; state: CoverageState | null },
  ): CoverageView {
    const { present, missing, noSession } = countOf(ledger.entries);
    const outside = [...noSession].filter(([reason]) => reason !== 'closed');
    const sum = (counts: Iterable<readonly [unknown, number]>) => [...counts].reduce((total, [, n]) => total + n, 0);
    const ranges = rangesOf(ledger.entries, state === 'no_session')
      .filter((range) => state === null || range.state === state)
      .map(({ slots, ...range }) => ({ ...range, sessions: slots }));
    return {
      instrument: instrumentView(series),
      source: series.source,
      licence: licenceOf(catalogue.find(({ id }) => id === series.source)),
      interval: series.interval,
      from,
      to,
      sessions: present + sum(missing) + sum(outside),
      present,
      missing: sum(missing),
      noSession: sum(outside),
      reasons: [
        ...[...missing].map(([reason, sessions]) => ({ state: 'missing' as const, reason, sessions })),
        ...[...noSession].map(([reason, sessions]) => ({ state: 'no_session' as const, reason, sessions })),
      ],
      doubtful,
      unexpected: ledger.unexpected.slice(0, mostUnexpected),
      firstDay: series.firstDay,
      lastDay: series.lastDay,
      ranges: ranges.slice(-mostRanges),
      rangesLeftOut: Math.max(0, ranges.length - mostRanges),
    };
  }
}

interface TimeAsked {
  readonly interval: (typeof barIntervals)[number];
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit: number;
}

/** The days asked for, none of them after today. */
function timeOf(asked: TimeAsked, now: number): { from: string; to: string } {
  const today = new Date(now).toISOString().slice(0, 10);
  const to = asked.to !== undefined && asked.to < today ? asked.to : today;
  const inDay = isIntraday(asked.interval);
  const from = asked.from ?? addDays(to, inDay ? -30 : -365);
  if (from < '1900') throw invalidRequest('query.from', 'must not be before 1900');
  if (from > to) throw invalidRequest('query.from', 'must not be after the last day');
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;
  if (inDay && days > mostIntradayDays)
    throw invalidRequest('query.from', `must be within ${mostIntradayDays} days of the last one`);
  const most = seriesWithin(asked.interval, days);
  if (asked.limit > most)
    throw invalidRequest('query.limit', `must be at most ${most} for ${days} days of ${asked.interval}`);
  return { from, to };
}
