import { parserOf } from '../core/sources/parsers.ts';
import { reachSource } from './reach-source.ts';
import type { ScrapeSource } from './scrape-task.ts';

/** A source of the catalogue with its parser, ready to be scraped. Throws for an id that the catalogue lacks. */
export async function scrapeSource(sourceId: string, world: Parameters<typeof reachSource>[1]): Promise<ScrapeSource> {
  return { ...(await reachSource(sourceId, world)), parser: parserOf(sourceId) };
}
