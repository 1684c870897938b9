/**
 * The streams of events of the local cloud: API Gateway of the emulator keeps an answer until it is whole, so what is asked
 * for a stream is answered here, by the same routes as the function's.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { memoryStreamSlots } from '../core/adapters/memory/stream-slots.ts';
import { apiKeyStore } from '../core/adapters/postgres/access/api-key-store.ts';
import { createPool } from '../core/adapters/postgres/database/pool.ts';
import { eventFeed } from '../core/adapters/postgres/events/event-feed.ts';
import { localInstallation } from '../core/contracts/installation.ts';
import { createAuthenticator } from '../core/http/authenticate.ts';
import { feedWatch } from '../core/http/event-stream/feed-watch.ts';
import { eventRoutes } from '../core/http/event-stream/routes.ts';
import { usualTimes } from '../core/http/event-stream/stream.ts';
import { splitKey } from '../core/http/given-key.ts';
import { basePath, serveRoutes } from '../core/http/serve-routes.ts';
import { catalogue } from '../core/sources/catalogue.ts';
import { importDefinitions } from '../core/sources/import/source.ts';

export interface EventStreamOptions {
  readonly databaseUrl: string;
  readonly simulated: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly log: (error: unknown) => void;
}

export interface EventStreams {
  /** Answers a request for a stream; `false` for any other. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
  stop(): Promise<void>;
}

/** Clients that hold a stream at the same time; a later one gets the short form. */
const mostStreams = 5;
const pollMs = 500;
/** A connection that has read is closed at once: none is held while streams wait. */
const keptMs = 1;

/** Streams events of a database. */
export function openEventStreams({ databaseUrl, simulated, corsOrigins, log }: EventStreamOptions): EventStreams {
  const pool = createPool({ url: databaseUrl }, 2, undefined, keptMs);
  const feed = eventFeed(pool);
  const streaming = { slots: memoryStreamSlots(mostStreams), watch: feedWatch(feed, pollMs), ...usualTimes };
  const app = serveRoutes(eventRoutes({ feed, installation: localInstallation, streaming }), {
    authenticator: createAuthenticator(apiKeyStore(pool), Date.now),
    clock: Date.now,
    catalogue: [...catalogue, ...importDefinitions],
    longAnswers: { keep: () => Promise.reject(new Error('An answer of the feed is never so long.')) },
    protocol: 'http',
    ...{ simulated, corsOrigins, log },
  });
  const listener = getRequestListener(app.fetch);
  return {
    answer(request, response) {
      const { target } = splitKey(request.url ?? '', basePath);
      const wanted = request.headers.accept?.includes('text/event-stream') === true;
      if (!wanted || request.method !== 'GET' || target.split('?')[0] !== `${basePath}/events`) return false;
      void listener(request, response);
      return true;
    },
    stop: () => pool.end(),
  };
}
