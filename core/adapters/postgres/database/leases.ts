import type { Connection } from './pool.ts';

/** The lease of who may renew the session of a source. */
export const renewalOf = (sourceId: string) => `renewal:${sourceId}`;

/**
 * Takes a lease for `ttlSeconds`, or gives `null` while another holds it. The token rises with each holder: who writes
 * with an old one is refused, so that a worker that slept past its lease does no harm.
 */
export async function acquireLease(
  connection: Connection,
  name: string,
  holder: string,
  ttlSeconds: number,
): Promise<number | null> {
  const { rows } = await connection.query<{ token: string }>(
    `INSERT INTO lease AS held (name, holder, token, expires_at)
     VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
     ON CONFLICT (name) DO UPDATE
       SET holder = excluded.holder, token = held.token + 1, expires_at = excluded.expires_at
       WHERE held.expires_at <= clock_timestamp()
     RETURNING token`,
    [name, holder, ttlSeconds],
  );
  return rows[0] ? Number(rows[0].token) : null;
}

/** Gives a lease back. Gives whether `token` still was its holder's. */
export async function releaseLease(connection: Connection, name: string, token: number): Promise<boolean> {
  const { rowCount } = await connection.query(
    `UPDATE lease SET expires_at = clock_timestamp() WHERE name = $1 AND token = $2 AND expires_at > clock_timestamp()`,
    [name, token],
  );
  return rowCount === 1;
}
