import { sourcesOf } from '../core/sources/catalogue.ts';
import type { StageSettings } from './stage-settings.ts';

/**
 * The least that SQS allows an event source. A browser fills a container's memory, and a site that is read page by page
 * needs no more containers; recoveries are few, and short each time.
 */
export const leastConcurrency = 2;

/** For whatever is called by people and the clock: the API, the proxy, ticks, and `state` on behalf of scrapers. */
const beside = 2;

/** How many functions a stage may have at work at once: an account allows all of its functions together so many. */
export function neededExecutions({ stage, concurrency }: Pick<StageSettings, 'stage' | 'concurrency'>): number {
  const kinds = sourcesOf(stage).map(({ kind }) => kind);
  const scrapers = (concurrency.together ? [...new Set(kinds)] : kinds).map((kind) =>
    kind === 'browser' ? leastConcurrency : concurrency.scrape,
  );
  const pages = concurrency.together ? 0 : leastConcurrency;
  // Those of recoveries, events, alerts, of events for alerts, and of exports.
  const others = 5 * leastConcurrency;
  const { ingest, outcomes, ticks } = concurrency;
  const queues = [...scrapers, ingest, pages, outcomes, ticks, others];
  return queues.reduce((sum, each) => sum + each, beside);
}
