import * as z from 'zod';
import { openApiDocument } from '../../../core/http/openapi.ts';
import { type Route, type RouteSpec, route } from '../../../core/http/route.ts';

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
  return [document];
}
