/** What the pages of coverage and findings read. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { coverageSchema } from '../../../core/contracts/http/coverage.ts';
import { findingSchema } from '../../../core/contracts/http/findings.ts';
import { paced } from '../live/pace.ts';
import { reader } from './client.ts';
import { clock } from './clock.ts';

const readCoverage = reader(z.array(coverageSchema));
const readFindings = reader(z.array(findingSchema));

/** Days that a heat map can have. */
export const coverageSpans = {
  '90': 'the last 90 days',
  '365': 'the last year',
  '1825': 'the last five years',
} as const;
export type CoverageSpan = keyof typeof coverageSpans;

/** The ledger of daily bars, series after series, for so many days up to today. */
export function coverageQuery({
  span,
  symbol,
  source,
  today,
}: {
  span: CoverageSpan;
  symbol?: string | undefined;
  source?: string | undefined;
  today: string;
}) {
  return infiniteQueryOptions({
    queryKey: ['coverage', span, symbol, source, today],
    queryFn: async ({ pageParam, signal }) => {
      const from = new Date(Date.parse(today) - (Number(span) - 1) * 86_400_000).toISOString().slice(0, 10);
      const query = new URLSearchParams({ interval: '1d', from, to: today, limit: '50' });
      if (symbol !== undefined) query.set('symbol', symbol);
      if (source !== undefined) query.set('source', source);
      if (pageParam !== '') query.set('cursor', pageParam);
      const answer = await readCoverage(`/coverage?${query}`, signal);
      return { series: answer.data, nextCursor: answer.meta.nextCursor };
    },
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: 60_000,
  });
}

const lastDays = 3;

/** Series of which daily bars of the last three days are missing: the first hundred, and whether there are more. */
export const missingOfLateQuery = queryOptions({
  queryKey: ['missing-of-late'],
  queryFn: async ({ signal }) => {
    const [from, to] = [clock.dayBefore(lastDays), clock.dayBefore(1)];
    const asked = { interval: '1d', from, to, state: 'missing', limit: '100' };
    const answer = await readCoverage(`/coverage?${new URLSearchParams(asked)}`, signal);
    return { series: answer.data, more: (answer.meta.nextCursor ?? null) !== null };
  },
  staleTime: 60_000,
  refetchInterval: 5 * 60_000,
});

/** The ledger of bars of one symbol from one source: one series, or one for each exchange that it was listed on. */
export function seriesCoverageQuery(of: {
  symbol: string;
  source: string;
  interval: string;
  from: string;
  to: string;
}) {
  return queryOptions({
    queryKey: ['coverage', 'series', of],
    queryFn: async ({ signal }) =>
      (await readCoverage(`/coverage?${new URLSearchParams({ ...of, limit: '4' })}`, signal)).data,
    staleTime: 60_000,
  });
}

/** Findings that wait for a decision, newest first, page after page. */
export function findingsQuery({ source, symbol }: { source?: string | undefined; symbol?: string | undefined }) {
  return infiniteQueryOptions({
    queryKey: ['findings', source, symbol],
    queryFn: async ({ pageParam, signal }) => {
      const query = new URLSearchParams({ status: 'open', limit: '200' });
      if (source !== undefined) query.set('sourceId', source);
      if (symbol !== undefined) query.set('symbol', symbol);
      if (pageParam !== '') query.set('cursor', pageParam);
      const answer = await readFindings(`/findings?${query}`, signal);
      return { findings: answer.data, nextCursor: answer.meta.nextCursor };
    },
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: ({ state: { data } }) => (data && data.pages.length > 1 ? false : paced(30_000)()),
  });
}
