import * as z from 'zod';
import { codeText } from '../reading/json.ts';

/* The parts that are read of `/api/v3/coins/markets`, after the published example. */

/** One coin. Price and time have no fallback. */
export const coinSchema = z.object({
  id: codeText(64),
  name: z.string().nullish().catch(null),
  current_price: z.number(),
  total_volume: z.number().nullish().catch(null),
  last_updated: z.iso.datetime({ offset: true }),
});

export const coinsSchema = z.array(z.unknown());

/** What comes in place of coins: `{status: {error_code}}` when limited, `{error}` when the request is wrong. */
export const refusalSchema = z.union([
  z.object({ status: z.object({ error_code: z.number() }) }),
  z.object({ error: z.unknown() }),
]);
