import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import { type LambdaEvent, streamHandle } from 'hono/aws-lambda';
import { apiKeyStore } from '../../core/adapters/postgres/access/api-key-store.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { eventFeed } from '../../core/adapters/postgres/events/event-feed.ts';
import { postgresStreamSlots } from '../../core/adapters/postgres/events/stream-slots.ts';
import { usualStreams } from '../../core/contracts/events/following.ts';
import { streamsBroken } from '../../core/contracts/metrics.ts';
import { serveEvents } from '../../core/http/event-stream/serve-events.ts';
import { withRawPath } from '../../core/http/gateway-event.ts';
import { installedSources } from '../../core/runtime/installed-sources.ts';
import { logger, metrics } from '../../core/runtime/observe.ts';
import { corsOriginsSetting, databaseSettings, numberSetting, ownInstallation } from '../../core/runtime/settings.ts';

/** Each question while a stream waits costs a login, which is why it is not asked more often. */
const pollMs = 2_000;
/** A connection that has read is closed at once: none is held while streams wait. */
const keptMs = 1;

const pool = createPool(databaseSettings(), 1, timeLimits('stream-events'), keptMs);
const answer = streamHandle(
  serveEvents({
    feed: eventFeed(pool),
    keys: apiKeyStore(pool),
    slots: postgresStreamSlots(pool, numberSetting('eventStreams') ?? usualStreams),
    pollMs,
    installation: ownInstallation(),
    catalogue: installedSources(),
    simulated: [],
    protocol: 'https',
    corsOrigins: corsOriginsSetting(),
    log: (error, requestId) =>
      logger.error('A request failed', { requestId, error: error instanceof Error ? error : String(error) }),
    broke(error, requestId) {
      logger.error('A stream of events broke', { requestId, error: error instanceof Error ? error : String(error) });
      // Its answer was a 200, and the function did not fail.
      metrics.addMetric(streamsBroken, MetricUnit.Count, 1);
      metrics.publishStoredMetrics();
    },
  }),
);

/** Requests of API Gateway for `/events`, whose answer is streamed: one client for each container at a time. */
export const handler = awslambda.streamifyResponse(
  async (event: LambdaEvent, stream: awslambda.HttpResponseStream, context: Context): Promise<void> => {
    // By Hono's types it would take no stream.
    await Reflect.apply(answer, undefined, [withRawPath(event), stream, context]);
  },
);
