import * as z from 'zod';
import type { IdempotencyStore } from '../../../ports/idempotency-store.ts';
import type { Pool } from '../database/pool.ts';
import { onlyRow } from '../database/rows.ts';

const requestRow = z.object({ request: z.instanceof(Buffer) });

/** Idempotency keys in Postgres. */
export function idempotencyStore(pool: Pool): IdempotencyStore {
  return {
    async claim(key, request, now) {
      // The update changes nothing: it makes a row that another transaction has just inserted be returned, too.
      const result = await pool.query(
        `INSERT INTO idempotency_key (hash, request, first_used_at) VALUES ($1, $2, $3)
         ON CONFLICT (hash) DO UPDATE SET request = idempotency_key.request RETURNING request`,
        [key, request, now],
      );
      return onlyRow(requestRow, result).request;
    },
  };
}
