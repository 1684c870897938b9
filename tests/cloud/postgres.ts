import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import * as z from 'zod';
import { makeAuthority, makeLeaf } from '../../functions/yahoo-proxy/as-yahoo/certificates.ts';
import { startDatabase } from '../../localstack/database.ts';

/** The master user that the templates name. */
const masterUser = 'quotron_master';
const hour = 3_600_000;

export interface CloudPostgres {
  readonly host: string;
  readonly port: number;
  /** Holds the certificate of its authority, by the name of the region. */
  readonly rootsFolder: string;
  /** Of its superuser. */
  readonly url: string;
  /** Gives the master user the password of the secret that the stack has made. */
  setMasterPassword(password: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A PostgreSQL in the place of RDS: connections over TLS only, a master user that is no superuser, and a role `rds_iam` whose
 * members are let in without a look at their token.
 */
export async function startCloudPostgres(folder: string, region: string): Promise<CloudPostgres> {
  const host = 'localhost';
  const database = await startDatabase({
    dir: join(folder, 'postgres'),
    persistent: false,
    fsync: false,
    maxConnections: 80,
  });
  const client = new pg.Client({ connectionString: database.url });
  try {
    await client.connect();
    const period = { from: new Date(Date.now() - hour), until: new Date(Date.now() + 24 * hour) };
    const authority = makeAuthority([host], period);
    const leaf = makeLeaf(authority, [host], period);
    writeFileSync(join(folder, `${region}.pem`), authority.certificate);
    const found = await client.query('SHOW hba_file');
    const hba = z.object({ hba_file: z.string() }).parse(found.rows[0]).hba_file;
    const beside = (name: string) => join(hba, '..', name);
    // Written by the server, so that they are its own user's, and nobody else's: it takes no other key.
    for (const [file, text] of [
      [beside('server.crt'), leaf.certificate],
      [beside('server.key'), leaf.key],
      [hba, rulesFor(new URL(database.url).username)],
    ] as const)
      await client.query(
        `COPY (SELECT unnest(string_to_array(${client.escapeLiteral(text)}, E'\\n')))
         TO PROGRAM ${client.escapeLiteral(`umask 077 && cat > '${file}'`)}`,
      );
    for (const statement of [
      `CREATE ROLE ${masterUser} LOGIN CREATEROLE CREATEDB`,
      'CREATE ROLE rds_iam',
      // As on RDS: the master user may give the role away.
      `GRANT rds_iam TO ${masterUser} WITH ADMIN OPTION, INHERIT FALSE, SET FALSE`,
      `ALTER DATABASE quotron OWNER TO ${masterUser}`,
      `ALTER SCHEMA public OWNER TO ${masterUser}`,
      'ALTER SYSTEM SET ssl = on',
      'SELECT pg_reload_conf()',
    ])
      await client.query(statement);
  } catch (error) {
    await database.stop();
    throw error;
  } finally {
    await client.end();
  }
  return {
    host,
    port: database.port,
    rootsFolder: folder,
    url: database.url,
    async setMasterPassword(password) {
      const superuser = new pg.Client({ connectionString: database.url });
      await superuser.connect();
      try {
        await superuser.query(`ALTER ROLE ${masterUser} PASSWORD ${superuser.escapeLiteral(password)}`);
      } finally {
        await superuser.end();
      }
    },
    stop: database.stop,
  };
}

/** Who may log in how. The superuser is this process's. */
function rulesFor(superuser: string): string {
  return [
    `host all ${superuser} 127.0.0.1/32 scram-sha-256`,
    'hostnossl all all all reject',
    'hostssl all +rds_iam all trust',
    'hostssl all all all scram-sha-256',
    '',
  ].join('\n');
}
