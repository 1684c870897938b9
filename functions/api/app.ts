/*
 * The HTTP API. Steps of a request:
 *   1. route    Hono finds the route of /api/v1; the wrong method is a 405, no route a 404
 *   2. guard    key or session (core/http/authenticate.ts), rate limit, scope, licence; a change by cookie must come from our own page
 *              (this and the steps after the work are core/http/serve-routes.ts)
 *   3. check    path, query and body by the route's zod schemas (read-request.ts)
 *   4. work     the route: one prepared statement where it is a quote (routes/*.ts)
 *   5. respond  envelope, ETag, caching, coding, security headers (respond.ts), or a problem (problem.ts); over 4 MB a 303 to S3
 */

import type { Hono } from 'hono';
import { createAuthenticator } from '../../core/http/authenticate.ts';
import { eventRoutes } from '../../core/http/event-stream/routes.ts';
import { createRateLimiter } from '../../core/http/rate-limit.ts';
import type { Bindings, Route, RouteSpec } from '../../core/http/route.ts';
import { serveRoutes } from '../../core/http/serve-routes.ts';
import { importDefinitions } from '../../core/sources/import/source.ts';
import type { ApiDependencies } from './dependencies.ts';
import { alertChannelRoutes } from './routes/alert-channels.ts';
import { alertDeliveryRoutes } from './routes/alert-deliveries.ts';
import { alertRuleRoutes } from './routes/alert-rules.ts';
import { backfillRoutes } from './routes/backfills.ts';
import { barRoutes } from './routes/bars.ts';
import { coverageRoutes } from './routes/coverage.ts';
import { credentialsSpecs } from './routes/credentials.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { diagnosticsRoutes } from './routes/diagnostics.ts';
import { documentRoutes } from './routes/documents.ts';
import { exchangeRoutes } from './routes/exchanges.ts';
import { exportRoutes } from './routes/exports.ts';
import { findingRoutes } from './routes/findings.ts';
import { healthRoutes } from './routes/health.ts';
import { importRoutes } from './routes/imports.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { indexRoutes } from './routes/indices.ts';
import { instrumentRoutes } from './routes/instruments.ts';
import { keyRoutes } from './routes/keys.ts';
import { modelRoutes } from './routes/models.ts';
import { publicStatusRoutes } from './routes/public-status.ts';
import { quarantineRoutes } from './routes/quarantine.ts';
import { quoteListRoutes } from './routes/quote-list.ts';
import { quoteRoutes } from './routes/quotes.ts';
import { rawAnswerRoutes } from './routes/raw-answers.ts';
import { recoveryRoutes } from './routes/recoveries.ts';
import { replayRoutes } from './routes/replays.ts';
import { runRoutes } from './routes/runs.ts';
import { serviceRoutes } from './routes/services.ts';
import { sessionRoutes } from './routes/session.ts';
import { settingsRoutes } from './routes/settings.ts';
import { sourceRoutes } from './routes/sources.ts';
import { sparklineRoutes } from './routes/sparklines.ts';
import { watchRoutes } from './routes/watch.ts';

/**
 * Failed sign-ins from one address in one container that are answered as such. Keys are 256 random bits: this slows a script
 * down that has lost its key, and nobody else (ADR 24).
 */
const signInLimit = { perSecond: 0.2, burst: 10 };

export type Api = Hono<{ Bindings: Bindings }> & { readonly specs: readonly RouteSpec[] };

/** The app on its dependencies, with the specs of its routes. Makes no connection until a request needs one. */
export function createApp(dependencies: ApiDependencies): Api {
  const { clock, keys } = dependencies;
  const authenticator = createAuthenticator(keys, clock);
  const failedSignIns = createRateLimiter(signInLimit, clock);
  // What is stored is of the catalogue, or was imported.
  const stored = { ...dependencies, catalogue: [...dependencies.catalogue, ...importDefinitions] };
  const specs: RouteSpec[] = [];
  const routes: Route[] = [
    ...sessionRoutes({ keys, failedSignIns }),
    ...quoteRoutes(stored),
    ...quoteListRoutes(stored),
    ...sparklineRoutes(stored),
    ...barRoutes(stored),
    ...coverageRoutes(dependencies),
    ...instrumentRoutes(dependencies),
    ...exchangeRoutes(dependencies),
    ...indexRoutes(dependencies),
    ...sourceRoutes(dependencies),
    ...recoveryRoutes(dependencies),
    ...serviceRoutes(dependencies),
    ...runRoutes(dependencies),
    ...rawAnswerRoutes(dependencies),
    ...incidentRoutes(dependencies),
    ...backfillRoutes(dependencies),
    ...exportRoutes(dependencies),
    ...watchRoutes(dependencies),
    ...importRoutes(dependencies),
    ...modelRoutes(stored),
    ...settingsRoutes(dependencies),
    ...quarantineRoutes(dependencies),
    ...findingRoutes(dependencies),
    ...replayRoutes(dependencies),
    ...deadLetterRoutes(dependencies),
    ...eventRoutes(dependencies),
    ...alertRuleRoutes(stored),
    ...alertChannelRoutes(dependencies),
    ...alertDeliveryRoutes(dependencies),
    ...diagnosticsRoutes(dependencies),
    ...keyRoutes({ keys, authenticator }),
    ...healthRoutes(dependencies),
    ...publicStatusRoutes(dependencies),
    ...documentRoutes(specs, credentialsSpecs, dependencies.version),
  ];
  specs.push(...routes.map((route) => route.spec));
  return Object.assign(serveRoutes(routes, { ...stored, authenticator }), { specs });
}
