import { chunked } from '../../contracts/chunked.ts';
import type { BarRange } from '../../contracts/messages.ts';
import type { JobKind } from '../../contracts/words/job-kinds.ts';
import type { UpstreamRequest } from '../parser.ts';
import { jobs } from './jobs.ts';
import { quoteFields } from './schema.ts';

const day = 86_400;

/**
 * The requests to Yahoo: one quote request per 50 symbols, one chart per symbol. A chart's range begins at a full UTC
 * day, so that the same day's requests are the same.
 */
export function yahooRequests(task: {
  kind: JobKind;
  job: string;
  symbols: readonly string[];
  now: number;
  range?: BarRange | undefined;
}): readonly UpstreamRequest[] {
  const job = jobs.find((each) => each.id === task.job);
  if (task.kind === 'quotes') {
    const size = job?.symbolsPerRequest ?? 50;
    return chunked(task.symbols, size).map((symbols) => ({
      path: '/v7/finance/quote',
      query: { symbols: symbols.join(','), fields: quoteFields.join(',') },
      symbols,
    }));
  }
  const { range } = task;
  const now = Math.floor(task.now / 1000);
  const from = range ? Date.parse(range.from) / 1000 : Math.floor(now / day) * day - (job?.lookbackDays ?? 30) * day;
  // A zone may be a day ahead of UTC: the last day of a range ends when it has ended everywhere.
  const to = range ? Math.min(now, Date.parse(range.to) / 1000 + 2 * day) : now;
  return task.symbols.map((symbol) => ({
    path: `/v8/finance/chart/${encodeURIComponent(symbol)}`,
    query: {
      period1: String(from),
      period2: String(to),
      interval: range?.interval ?? job?.interval ?? '1d',
      includePrePost: 'false',
      events: 'div|split|capitalGain',
    },
    symbols: [symbol],
  }));
}
