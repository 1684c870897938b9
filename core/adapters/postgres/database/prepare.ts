import type pg from 'pg';
import * as z from 'zod';
import {
  type DatabasePreparation,
  type DatabaseRole,
  databaseRoleNames,
  databaseRoles,
} from '../../../contracts/migrate.ts';
import { rowsOf } from './rows.ts';

const roleRow = z.object({ role: z.string() });

const { owner, app, api, state } = databaseRoles;

/**
 * Makes the roles that functions log in as, logged in as the master user: `owner` for the schema, `app` for rows, `api`
 * and `state` as members of `app` with connection limits. All of them log in by IAM token. Safe to run again.
 */
export async function prepareRoles(
  master: pg.Client,
  preparation: Omit<DatabasePreparation, 'masterPassword' | 'masterToken'>,
): Promise<void> {
  const found = await master.query('SELECT rolname AS role FROM pg_roles WHERE rolname = ANY($1)', [
    [owner, app, api, state, 'rds_iam'],
  ]);
  const existing = new Set(rowsOf(roleRow, found).map((row) => row.role));
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

/**
 * The same for a database that passwords protect, as on a laptop: gives each role its password, and what `master` has made
 * in the schema to `owner`, so that no function has to log in as `master`. Safe to run again.
 */
export async function prepareRolesWithPasswords(
  master: pg.Client,
  preparation: Omit<DatabasePreparation, 'masterPassword' | 'masterToken'>,
  passwords: Readonly<Record<DatabaseRole, string>>,
): Promise<void> {
  await prepareRoles(master, preparation);
  for (const role of databaseRoleNames)
    await master.query(`ALTER ROLE ${databaseRoles[role]} PASSWORD ${master.escapeLiteral(passwords[role])}`);
  await master.query(`DO $$
    DECLARE made record;
    BEGIN
      FOR made IN
        SELECT format('ALTER %s %s OWNER TO ${owner}', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, c.oid::regclass) AS command
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S') AND c.relowner <> '${owner}'::regrole
          -- A sequence of a column goes with its table.
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND c.relkind = 'S')
        UNION ALL
        SELECT format('ALTER ROUTINE %s OWNER TO ${owner}', p.oid::regprocedure)
        FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.proowner <> '${owner}'::regrole
      LOOP EXECUTE made.command; END LOOP;
    END $$`);
  await master.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${app}`);
  await master.query(`GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${app}`);
  await master.query(`GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO ${app}`);
}
