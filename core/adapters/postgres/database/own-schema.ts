/*
 * A schema of our own in a database that is somebody else's: made where it is missing, taken where it is ours, and
 * refused where it is not. Nothing outside of it is changed.
 */
import type pg from 'pg';
import * as z from 'zod';
import { onlyRow } from './rows.ts';

/** The name of the schema. Tables of the same name in other schemas do not matter. */
export const ownSchema = 'quotron';

/** The oldest server, as `server_version_num` has it. */
export const oldestServer = 140_000;

/** What a schema holds: made-up prices or real ones. Both in one could never be told apart again. */
const pricesKinds = ['simulated', 'real'] as const;
export type PricesKind = (typeof pricesKinds)[number];

/** The comment on a schema, and on roles, that are ours. */
const markSchema = z.object({ application: z.literal('quotron'), prices: z.enum(pricesKinds) });

const versionRow = z.object({ version: z.coerce.number(), text: z.string() });

const factsRow = z.object({
  database: z.string(),
  user: z.string(),
  encoding: z.string(),
  standby: z.boolean(),
  superuser: z.boolean(),
  createRole: z.boolean(),
  mayCreate: z.boolean(),
  mayTemp: z.boolean(),
  owner: z.string().nullable(),
  owns: z.boolean().nullable(),
  comment: z.string().nullable(),
  objects: z.coerce.number(),
});

export interface ServerVersion {
  /** `server_version_num`: 140023. */
  readonly version: number;
  /** As the server says it: `14.23 (Debian …)`. */
  readonly text: string;
}

export interface DatabaseFacts extends Omit<z.output<typeof factsRow>, 'comment'> {
  /** What our own mark on the schema says; `null` where it has none. */
  readonly mark: z.output<typeof markSchema> | null;
}

/** The version of the server, by a statement that any version knows. */
export async function serverVersion(client: pg.Client): Promise<ServerVersion> {
  return onlyRow(
    versionRow,
    await client.query(
      "SELECT current_setting('server_version_num') AS version, current_setting('server_version') AS text",
    ),
  );
}

/** What the role that is logged in may do in its database, and what there is of the schema. */
export async function databaseFacts(client: pg.Client): Promise<DatabaseFacts> {
  const result = await client.query(
    `SELECT current_database()::text AS database, current_user::text AS user,
            current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS standby,
            r.rolsuper AS superuser, r.rolcreaterole AS "createRole",
            has_database_privilege(current_database(), 'CREATE') AS "mayCreate",
            has_database_privilege(current_database(), 'TEMPORARY') AS "mayTemp",
            pg_get_userbyid(n.nspowner)::text AS owner, pg_has_role(n.nspowner, 'USAGE') AS owns,
            obj_description(n.oid, 'pg_namespace') AS comment,
            (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid)
              + (SELECT count(*) FROM pg_proc p WHERE p.pronamespace = n.oid)
              + (SELECT count(*) FROM pg_type t WHERE t.typnamespace = n.oid) AS objects
     FROM pg_roles r LEFT JOIN pg_namespace n ON n.nspname = $1 WHERE r.rolname = current_user`,
    [ownSchema],
  );
  const { comment, ...facts } = onlyRow(factsRow, result);
  return { ...facts, mark: markOf(comment) };
}

function markOf(comment: string | null): DatabaseFacts['mark'] {
  try {
    return markSchema.safeParse(JSON.parse(comment ?? '')).data ?? null;
  } catch {
    return null;
  }
}

/** The comment that says whose something is. */
export const markText = (prices: PricesKind) => JSON.stringify({ application: 'quotron', prices });

/** Makes the schema where it is missing, and says in its comment whose it is and which prices it holds. */
export async function takeSchema(client: pg.Client, prices: PricesKind): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${ownSchema}`);
    await client.query(`COMMENT ON SCHEMA ${ownSchema} IS ${client.escapeLiteral(markText(prices))}`);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

const heldRow = z.object({ held: z.boolean() });

/**
 * Holds the schema for as long as the connection lives. False where another does: two that plan and collect into the same
 * tables, with queues of their own, would each send again what waits in the other's.
 */
export async function holdSchema(client: pg.Client): Promise<boolean> {
  const result = await client.query(
    `SELECT pg_try_advisory_lock(hashtextextended('local cloud on ${ownSchema}', 0)) AS held`,
  );
  return onlyRow(heldRow, result).held;
}

/**
 * Drops everything in the schema, and its mark, in one transaction; the schema itself stays, since its owner may not be
 * allowed to make another. Fails, and drops nothing, where something outside of it depends on something in it.
 */
export async function emptySchema(client: pg.Client): Promise<void> {
  await client.query(`DO $$
    DECLARE
      place oid := '${ownSchema}'::regnamespace;
      command text;
    BEGIN
      FOR command IN
        SELECT format('DROP %s %s', what, string_agg(name, ', ')) FROM (
          SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS what,
                 format('${ownSchema}.%I', relname) AS name
          FROM pg_class WHERE relnamespace = place AND relkind IN ('v', 'm', 'f', 'r', 'p') AND NOT relispartition
        ) relations GROUP BY what ORDER BY what DESC
      LOOP EXECUTE command; END LOOP;
      FOR command IN SELECT format('DROP SEQUENCE ${ownSchema}.%I', relname) FROM pg_class WHERE relnamespace = place AND relkind = 'S'
      LOOP EXECUTE command; END LOOP;
      FOR command IN SELECT format('DROP ROUTINE %s', oid::regprocedure) FROM pg_proc WHERE pronamespace = place
      LOOP EXECUTE command; END LOOP;
      FOR command IN SELECT format('DROP TYPE ${ownSchema}.%I', typname) FROM pg_type WHERE typnamespace = place AND typtype IN ('e', 'd', 'r')
      LOOP EXECUTE command; END LOOP;
      COMMENT ON SCHEMA ${ownSchema} IS NULL;
    END $$`);
}
