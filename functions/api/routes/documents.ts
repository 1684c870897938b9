import * as z from 'zod';
import { openApiDocument } from '../../../core/http/openapi.ts';
import { type Route, type RouteSpec, route } from '../../../core/http/route.ts';

/** Paths on the origin of the API, which is the dashboard's. */
const places = {
  docs: '/docs',
  openapi: '/api/v1/openapi.json',
  health: '/api/v1/health',
  yahooProxy: '/yahoo',
  dashboard: '/',
} as const;

const apiIndexSchema = z
  .object({
    name: z.literal('Quotron'),
    version: z.string(),
    /** Whether data are made up. */
    simulated: z.boolean(),
    /** A page for people, with an example of each operation. */
    docs: z.string(),
    openapi: z.string(),
    health: z.string(),
    yahooProxy: z.string(),
    dashboard: z.string(),
  })
  .meta({ id: 'ApiIndex' });

/** The OpenAPI document of all routes, this one too, and of those that other functions answer. Made at the first request: a cold start does not pay for it. */
export function documentRoutes(specs: readonly RouteSpec[], elsewhere: readonly RouteSpec[], version: string): Route[] {
  let text: string | undefined;
  const document = route(
    {
      method: 'get',
      path: '/openapi.json',
      access: 'public',
      shows: 'nothing',
      tag: 'Service',
      summary: 'This document',
      media: { 'application/json': z.record(z.string(), z.unknown()) },
    },
    () => {
      text ??= JSON.stringify(openApiDocument([...specs, ...elsewhere], version));
      return { kind: 'text', body: text, contentType: 'application/json', maxAge: 300 };
    },
  );
  const start = route(
    {
      method: 'get',
      path: '/',
      access: 'public',
      shows: 'nothing',
      tag: 'Service',
      summary: 'Where everything is',
      media: { 'application/json': apiIndexSchema },
    },
    ({ call }) => {
      const index: z.infer<typeof apiIndexSchema> = {
        name: 'Quotron',
        version,
        simulated: call.simulated.length > 0,
        ...places,
      };
      return { kind: 'text', body: JSON.stringify(index), contentType: 'application/json', maxAge: 300 };
    },
  );
  return [document, start];
}
