import * as z from 'zod';

/** What a feed token is bound to, of the columns of a table or alias, as one value; null for other keys. */
export function feedOf(table: 'api_key' | 'k'): string {
  return `CASE WHEN ${table}.feed_routes IS NOT NULL THEN json_build_object('routes', ${table}.feed_routes,
    'symbols', ${table}.feed_symbols, 'perMinute', ${table}.feed_per_minute) END`;
}

export const feedColumn = z
  .object({ routes: z.array(z.string()), symbols: z.array(z.string()).nullable(), perMinute: z.int().positive() })
  .nullable();
