import type { Installation } from '../../contracts/installation.ts';
import type { ApiKeyStore } from '../../ports/api-key-store.ts';
import type { EventFeed } from '../../ports/event-feed.ts';
import type { StreamSlots } from '../../ports/stream-slots.ts';
import { importDefinitions } from '../../sources/import/source.ts';
import { createAuthenticator } from '../authenticate.ts';
import { type ServingDependencies, serveRoutes } from '../serve-routes.ts';
import { feedWatch } from './feed-watch.ts';
import { eventRoutes } from './routes.ts';
import { type Streaming, usualTimes } from './stream.ts';

/** What a process needs that streams events. */
export interface EventServing
  extends Pick<ServingDependencies, 'catalogue' | 'simulated' | 'protocol' | 'corsOrigins' | 'log'>,
    Pick<Streaming, 'broke'> {
  readonly feed: EventFeed;
  readonly keys: ApiKeyStore;
  readonly slots: StreamSlots;
  /** How often the feed is asked where it stands while somebody waits, in milliseconds. */
  readonly pollMs: number;
  readonly installation: Installation;
}

/** The routes of events alone, with streams: the same for keys, sessions, licences and limits as in the API. */
export function serveEvents({ feed, keys, slots, pollMs, installation, catalogue, broke, ...serving }: EventServing) {
  const streaming = { slots, watch: feedWatch(feed, pollMs), broke, ...usualTimes };
  return serveRoutes(eventRoutes({ feed, installation, streaming }), {
    authenticator: createAuthenticator(keys, Date.now),
    clock: Date.now,
    catalogue: [...catalogue, ...importDefinitions],
    longAnswers: { keep: () => Promise.reject(new Error('An answer of the feed is never so long.')) },
    ...serving,
  });
}
