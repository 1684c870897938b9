import type pg from 'pg';

/** Creates a database on the server that `client` is connected to, unless it exists. */
export async function createDatabase(client: pg.Client, name: string): Promise<void> {
  const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
}
