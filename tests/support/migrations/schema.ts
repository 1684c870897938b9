/** What the functions of a release may rely on in the database, as the catalog of Postgres has it. */
import { z } from 'zod';
import type { Connection, Pool } from '../../../core/adapters/postgres/database/pool.ts';

const columnSchema = z.object({
  table: z.string(),
  column: z.string(),
  type: z.string(),
  /** Whether a row must have a value. */
  required: z.boolean(),
  /** Whether a row that does not name it gets a value. */
  filled: z.boolean(),
  /** Whether a row may name it. */
  writable: z.boolean(),
});
/** A constraint, or an index that is none: its columns, and `null` among them for an expression. */
const ruleSchema = z.object({
  table: z.string(),
  name: z.string(),
  /** `index`, or what a constraint does: it accepts or refuses rows, and `ON CONFLICT` may name it. */
  kind: z.enum(['index', 'unique index', 'constraint']),
  columns: z.array(z.string().nullable()),
  definition: z.string(),
});
const functionSchema = z.object({ signature: z.string(), result: z.string() });
const labelSchema = z.object({ type: z.string(), label: z.string() });
const relationSchema = z.object({ table: z.string() });

/** Tables and views with everything on them, functions and enum types of the schema `public`. */
export interface Schema {
  readonly tables: readonly string[];
  readonly columns: readonly z.infer<typeof columnSchema>[];
  readonly rules: readonly z.infer<typeof ruleSchema>[];
  readonly functions: readonly z.infer<typeof functionSchema>[];
  readonly labels: readonly z.infer<typeof labelSchema>[];
}

/** Partitions are like their table. The list of migrations is the tool's own. */
const ours = `c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
              AND c.relname <> 'migration'`;

/** Reads the schema as it stands, in a transaction with uncommitted changes too. */
export async function readSchema(db: Pool | Connection): Promise<Schema> {
  const read = async <S extends z.ZodType>(schema: S, text: string) =>
    z.array(schema).parse((await db.query(text)).rows);
  const tables = await read(relationSchema, `SELECT c.relname AS table FROM pg_class c WHERE ${ours} ORDER BY 1`);
  return {
    tables: tables.map(({ table }) => table),
    columns: await read(
      columnSchema,
      `SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
              a.attnotnull AS required, a.atthasdef OR a.attidentity <> '' AS filled,
              a.attgenerated = '' AND a.attidentity <> 'a' AS writable
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       WHERE ${ours} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum`,
    ),
    rules: await read(
      ruleSchema,
      `SELECT c.relname AS table, k.conname AS name, 'constraint' AS kind, pg_get_constraintdef(k.oid) AS definition,
              ARRAY(SELECT a.attname::text FROM unnest(k.conkey) n JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = n)
                AS columns
       FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
       -- That a column may not be null is said of the column.
       WHERE ${ours} AND k.contype IN ('c', 'u', 'p', 'x', 'f')
       UNION ALL
       SELECT c.relname, i.relname, CASE WHEN x.indisunique THEN 'unique index' ELSE 'index' END,
              replace(pg_get_indexdef(x.indexrelid), quote_ident(i.relname) || ' ON ', 'ON '),
              ARRAY(SELECT a.attname::text FROM unnest(x.indkey::int2[]) n
                    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = n AND n > 0)
       FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
       WHERE ${ours} AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('u', 'p', 'x'))
       ORDER BY 1, 2`,
    ),
    functions: await read(
      functionSchema,
      `SELECT p.oid::regprocedure::text AS signature, pg_get_function_result(p.oid) AS result
       FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace ORDER BY 1`,
    ),
    labels: await read(
      labelSchema,
      `SELECT t.typname AS type, e.enumlabel AS label FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
       WHERE t.typnamespace = 'public'::regnamespace ORDER BY 1, 2`,
    ),
  };
}
