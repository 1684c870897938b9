import type { Upstream, UpstreamOptions } from '../../core/ports/upstream.ts';
import { type OpenSource, openSource } from '../../core/scraping/open-source.ts';

/** A client waits for this: less time than the scraper has. */
const requestTimeoutMs = 8_000;
/** Lambda's own answers end at 6 MB; forty years of daily bars are 1.5 MB. */
const maxAnswerBytes = 5 * 1024 * 1024;

/** Yahoo as the scraper asks it: the same address, headers, session and quota, with the time that a client has. */
export function yahooSource(
  world: Omit<Parameters<typeof openSource>[1], 'upstream'> & { upstream: (options: UpstreamOptions) => Upstream },
): Promise<OpenSource> {
  return openSource('yahoo', {
    ...world,
    upstream: (options) => world.upstream({ ...options, timeoutMs: requestTimeoutMs, maxBytes: maxAnswerBytes }),
  });
}
