import * as z from 'zod';
import { clockToleranceMs } from '../../../planning/wrong-clock.ts';
import type { Connection, Pool } from './pool.ts';

/** int8 comes as text. */
const leaseRow = z.object({ token: z.coerce.number() });

/** The name of the lease for renewing a source's session. */
export const renewalOf = (sourceId: string) => `renewal:${sourceId}`;

/**
 * Takes a lease for `ttlSeconds` and gives its token, or `null` while another holds it. The token rises with each holder: a
 * write with an old one is refused, so that a worker that slept past its lease does no harm.
 */
export async function acquireLease(
  connection: Connection,
  name: string,
  holder: string,
  ttlSeconds: number,
): Promise<number | null> {
  const { rows } = await connection.query(
    `INSERT INTO lease AS held (name, holder, token, expires_at)
     VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
     ON CONFLICT (name) DO UPDATE
       SET holder = excluded.holder, token = held.token + 1, expires_at = excluded.expires_at
       WHERE held.expires_at <= clock_timestamp()
          -- Taken while the clock was ahead: nobody takes one for so long.
          OR held.expires_at > clock_timestamp() + make_interval(secs => $3 + ${clockToleranceMs / 1000})
     RETURNING token`,
    [name, holder, ttlSeconds],
  );
  return rows.length === 0 ? null : leaseRow.parse(rows[0]).token;
}

/** Gives a lease back. Returns whether `token` was still its holder's. */
export async function releaseLease(connection: Connection, name: string, token: number): Promise<boolean> {
  const { rowCount } = await connection.query(
    `UPDATE lease SET expires_at = clock_timestamp() WHERE name = $1 AND token = $2 AND expires_at > clock_timestamp()`,
    [name, token],
  );
  return rowCount === 1;
}

/** Gives back those of these leases that a holder has. */
export async function releaseLeasesOf(connection: Connection, names: readonly string[], holder: string): Promise<void> {
  await connection.query(
    `UPDATE lease SET expires_at = clock_timestamp()
     WHERE name = ANY($1) AND holder = $2 AND expires_at > clock_timestamp()`,
    [names, holder],
  );
}

/** Whether a lease still is the one that was taken with this token. */
export async function holdsLease(pool: Pool, name: string, token: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `SELECT FROM lease WHERE name = $1 AND token = $2 AND expires_at > clock_timestamp()`,
    [name, token],
  );
  return rowCount === 1;
}
