import { memoryQueueInspector } from '../../core/adapters/memory/queue-inspector.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { factsReader } from '../../core/adapters/postgres/diagnosis/facts-reader.ts';
import type { Diagnosis } from '../../core/contracts/http/diagnostics.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { makeDiagnosis } from '../../functions/api/make-diagnosis.ts';
import { installationHealthOn } from './installation-health.ts';

/** `x` in place of a text; where there is none, none. */
const x = (column: string) => `NEW.${column} := left(NEW.${column}, 0) || 'x'`;
/** The texts in JSON: messages, and details that are texts. */
const xInside = (column: string) =>
  `NEW.${column} := regexp_replace(NEW.${column}::text, '"(message|detail)": "(\\\\.|[^"\\\\])*"', '"\\1": "x"', 'g')::jsonb`;

/** Every column that holds words for people about something that failed. */
const words: Readonly<Record<string, readonly string[]>> = {
  task: [x('message')],
  task_attempt: [x('message')],
  batch: [x('message')],
  quarantine: [x('detail')],
  incident: [xInside('evidence')],
  source_health: [x('message'), x('failure_message')],
  recovery: [x('message'), xInside('steps')],
};

/** From now on the database keeps `x` in place of every message, also of those that it has. Codes stay. */
export async function forgetWords(pool: Pool): Promise<void> {
  for (const [table, changes] of Object.entries(words))
    await pool.query(
      `CREATE OR REPLACE FUNCTION wordless_${table}() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN ${changes.join('; ')}; RETURN NEW; END $$;
       CREATE OR REPLACE TRIGGER wordless BEFORE INSERT OR UPDATE ON ${table}
         FOR EACH ROW EXECUTE FUNCTION wordless_${table}();
       UPDATE ${table} SET reason = reason`,
    );
}

/** The database keeps messages again. */
export async function keepWords(pool: Pool): Promise<void> {
  for (const table of Object.keys(words)) await pool.query(`DROP TRIGGER IF EXISTS wordless ON ${table}`);
}

/** What the rules make of all sources at an instant. Keeps no report: two of the same facts are the same. */
export async function diagnosisAt(pool: Pool, now: number): Promise<Diagnosis> {
  const { diagnosis } = await makeDiagnosis(
    { id: '00000000-0000-4000-8000-000000000001', now, requestedBy: null },
    {
      facts: factsReader(pool),
      diagnoses: { newest: async () => null, keep: async () => {}, one: async () => null, list: async () => [] },
      inspector: memoryQueueInspector({}),
      catalogue,
      installation: installationHealthOn(pool),
      simulated: [],
      log: () => {},
    },
  );
  return diagnosis;
}
