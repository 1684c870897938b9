/*
 * Yahoo's routes that the proxy serves, one row each. To add one, add a row, and recorded requests of it to
 * tests/recorded/yahoo.
 */
import { companyRoutes } from './company-routes.ts';
import { marketRoutes } from './market-routes.ts';
import type { ProxyRoute } from './route.ts';

/** Every route of Yahoo's that the proxy serves. */
export const routes: readonly ProxyRoute[] = [...marketRoutes, ...companyRoutes];

const byName = new Map(routes.map((each) => [each.name, each]));

/** The route of a name; `undefined` where this release has none of it. */
export function routeNamed(name: string): ProxyRoute | undefined {
  return byName.get(name);
}
