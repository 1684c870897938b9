import type pg from 'pg';
import { type DatabasePreparation, databaseRoles } from '../../../contracts/migrate.ts';

const { owner, app, api, state } = databaseRoles;

/**
 * Makes the roles that functions log in as, logged in as the master user: `owner` for the schema, `app` for rows, `api`
 * and `state` as members of `app` with connection limits. All of them log in by IAM token. Safe to run again.
 */
export async function prepareRoles(master: pg.Client, preparation: DatabasePreparation): Promise<void> {
  const { rows } = await master.query<{ rolname: string }>('SELECT rolname FROM pg_roles WHERE rolname = ANY($1)', [
    [owner, app, api, state, 'rds_iam'],
  ]);
  const existing = new Set(rows.map((row) => row.rolname));
  for (const role of [owner, app, api, state]) {
    if (!existing.has(role)) await master.query(`CREATE ROLE ${role} LOGIN`);
  }
  for (const [role, limit] of [
    [api, preparation.apiConnections],
    [state, preparation.stateConnections],
  ] as const)
    await master.query(`ALTER ROLE ${role} CONNECTION LIMIT ${Math.trunc(limit)}`);
  // Only RDS has the role by which an IAM token is a login.
  if (existing.has('rds_iam')) await master.query(`GRANT rds_iam TO ${owner}, ${app}, ${api}, ${state}`);
  await master.query(`GRANT ${app} TO ${api}, ${state}`);
  await master.query(`GRANT ${owner} TO ${master.escapeIdentifier(preparation.masterUser)}`);
  await master.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${owner}`);
  await master.query(`GRANT USAGE ON SCHEMA public TO ${app}`);
  for (const [what, rights] of [
    ['TABLES', 'SELECT, INSERT, UPDATE, DELETE'],
    ['SEQUENCES', 'USAGE, SELECT'],
    ['FUNCTIONS', 'EXECUTE'],
  ]) {
    await master.query(
      `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA public GRANT ${rights} ON ${what} TO ${app}`,
    );
  }
}
