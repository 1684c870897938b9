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
import { usualStreams } from '../core/contracts/events/following.ts';
import { localInstallation } from '../core/contracts/installation.ts';
import { serveEvents } from '../core/http/event-stream/serve-events.ts';
import { splitKey } from '../core/http/given-key.ts';
import { basePath } from '../core/http/serve-routes.ts';
import { catalogue } from '../core/sources/catalogue.ts';

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

const pollMs = 500;
/** A connection that has read is closed at once: none is held while streams wait. */
const keptMs = 1;

/** Streams events of a database. */
export function openEventStreams({ databaseUrl, simulated, corsOrigins, log }: EventStreamOptions): EventStreams {
  const pool = createPool({ url: databaseUrl }, 2, undefined, keptMs);
  const app = serveEvents({
    ...{ feed: eventFeed(pool), keys: apiKeyStore(pool), slots: memoryStreamSlots(usualStreams), pollMs },
    ...{ installation: localInstallation, catalogue, simulated, protocol: 'http', corsOrigins, log, broke: log },
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
