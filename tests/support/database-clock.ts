import type { Pool } from '../../core/adapters/postgres/database/pool.ts';

/**
 * Lets a test set the clock of its database. Statements call `now()`, `clock_timestamp()` and `statement_timestamp()`
 * without a schema, so functions of these names in a schema that is searched first take their place. As long as no time
 * is set, they give the real one.
 *
 * Holds for sessions that begin after it, and for this database only.
 */
export async function installDatabaseClock(database: Pool): Promise<void> {
  await database.query(`
    CREATE SCHEMA test_clock;
    CREATE TABLE test_clock.time (stands_at timestamptz);
    INSERT INTO test_clock.time VALUES (NULL);
    ${functionOf('now', 'STABLE')}
    ${functionOf('statement_timestamp', 'STABLE')}
    ${functionOf('clock_timestamp', 'VOLATILE')}
    DO $$
      DECLARE of record;
      BEGIN
        EXECUTE format('ALTER DATABASE %I SET search_path = test_clock, public, pg_catalog', current_database());
        -- A default was bound to the real function when its table was made.
        FOR of IN SELECT d.adrelid::regclass AS relation, a.attname AS attribute, pg_get_expr(d.adbin, d.adrelid) AS call
                  FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
                  WHERE pg_get_expr(d.adbin, d.adrelid) IN ('now()', 'statement_timestamp()', 'clock_timestamp()') LOOP
          EXECUTE format('ALTER TABLE %s ALTER %I SET DEFAULT test_clock.%s', of.relation, of.attribute, of.call);
        END LOOP;
      END $$`);
}

/** From now on the database's clock stands at this instant; `null` lets the real time run. */
export async function setDatabaseClock(database: Pool, at: Date | null): Promise<void> {
  await database.query('UPDATE test_clock.time SET stands_at = $1', [at]);
}

function functionOf(name: string, volatility: 'STABLE' | 'VOLATILE'): string {
  return `
    CREATE FUNCTION test_clock.${name}() RETURNS timestamptz LANGUAGE sql ${volatility} PARALLEL SAFE
      AS 'SELECT coalesce((SELECT stands_at FROM test_clock.time), pg_catalog.${name}())';`;
}
