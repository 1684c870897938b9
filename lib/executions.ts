import { sourcesOf } from '../core/sources/catalogue.ts';
import type { StageSettings } from './stage-settings.ts';

/**
 * The least that SQS allows an event source. A browser fills a container's memory, and a site that is read page by page
 * needs no more containers; recoveries are few, and short each time.
 */
export const leastConcurrency = 2;

/** For whatever is called by people and the clock: the API, the proxy, ticks, and `state` on behalf of scrapers. */
const beside = 2;

/** Executions of a function at once that one poller of Kafka starts, at the most. */
const ofPoller = 5;

/** How many functions a stage may have at work at once: an account allows all of its functions together so many. */
export function neededExecutions(settings: StageSettings): number {
  const { stage, concurrency } = settings;
  const kinds = sourcesOf(stage).map(({ kind }) => kind);
  const scrapers = (concurrency.together ? [...new Set(kinds)] : kinds).map((kind) =>
    kind === 'browser' ? leastConcurrency : concurrency.scrape,
  );
  const pages = concurrency.together ? 0 : leastConcurrency;
  // Those of recoveries, events, alerts, of exports, and of events for alerts.
  const events = settings.stage !== 'local' && settings.events === 'kafka' ? ofPoller : leastConcurrency;
  const streams = settings.stage === 'local' ? 0 : settings.eventStreams;
  const others = 4 * leastConcurrency + events + streams;
  const { ingest, outcomes, ticks } = concurrency;
  const queues = [...scrapers, ingest, pages, outcomes, ticks, others];
  return queues.reduce((sum, each) => sum + each, beside);
}
