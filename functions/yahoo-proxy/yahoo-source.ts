import type { UpstreamOptions } from '../../core/adapters/http/upstream.ts';
import type { Upstream } from '../../core/ports/upstream.ts';
import { scrapeSource } from '../scrape-source.ts';
import type { ScrapeSource } from '../scrape-task.ts';

/** A client waits for this: less time than the scraper has. */
const requestTimeoutMs = 8_000;
/** Longer than any chart that a client can use; twice this is what memory is spent on a body. */
const maxAnswerBytes = 16 * 1024 * 1024;

/** Yahoo as the scraper asks it: the same address, headers, session and quota, with the time that a client has. */
export function yahooSource(
  world: Omit<Parameters<typeof scrapeSource>[1], 'upstream'> & { upstream: (options: UpstreamOptions) => Upstream },
): Promise<ScrapeSource> {
  return scrapeSource('yahoo', {
    ...world,
    upstream: (options) => world.upstream({ ...options, timeoutMs: requestTimeoutMs, maxBytes: maxAnswerBytes }),
  });
}
