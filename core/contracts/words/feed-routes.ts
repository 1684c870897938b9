import * as z from 'zod';

/** Groups of the API's reads that a feed token can be bound to, each by the first word of its paths. */
export const apiFeedRoutes = ['quotes', 'bars', 'coverage', 'indices', 'instruments', 'exchanges', 'events'] as const;
export type ApiFeedRoute = (typeof apiFeedRoutes)[number];

/** How people read what a feed token can be bound to. */
export const feedRoutesHelp = `${apiFeedRoutes.join(', ')}, yahoo, or a route of the Yahoo proxy such as yahoo/chart`;

/**
 * What a feed token can be bound to: groups of the API's reads, the whole Yahoo proxy (`yahoo`), or one of the routes in
 * the proxy's table, by its name (`yahoo/chart`).
 */
export const feedRouteSchema = z
  .string()
  .regex(
    new RegExp(`^(${apiFeedRoutes.join('|')}|yahoo(/[a-z][a-z0-9-]{0,39})?)$`),
    `must be one of ${feedRoutesHelp}`,
  );
