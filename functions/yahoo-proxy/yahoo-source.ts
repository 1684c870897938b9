import type { Upstream, UpstreamOptions } from '../../core/ports/upstream.ts';
import { type OpenSource, openSource } from '../../core/scraping/open-source.ts';

/** Time limit: shorter than the scraper's, because a client waits. */
const requestTimeoutMs = 8_000;
/** Lambda's own answers end at 6 MB; forty years of daily bars are 1.5 MB. */
const maxAnswerBytes = 5 * 1024 * 1024;

/** Yahoo with the scraper's address, headers, session and quota, and the time limit of a client. */
export function yahooSource(
  world: Omit<Parameters<typeof openSource>[1], 'upstream'> & { upstream: (options: UpstreamOptions) => Upstream },
): Promise<OpenSource> {
  return openSource('yahoo', {
    ...world,
    upstream: (options) => world.upstream({ ...options, timeoutMs: requestTimeoutMs, maxBytes: maxAnswerBytes }),
  });
}
