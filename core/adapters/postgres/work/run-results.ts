import * as z from 'zod';
import { type FailureDetail, keptDetailSchema } from '../../../contracts/words/failure-details.ts';
import { type RunReason, runReasons } from '../../../contracts/words/run-reasons.ts';
import type { Pool } from '../database/pool.ts';
import { runsAt } from '../database/switches.ts';
import { isWrong } from '../prices/wrong-quotes.ts';

/** What runs brought for one symbol from one source. */
export interface SymbolResult {
  readonly symbol: string;
  readonly price: string | null;
  readonly currency: string | null;
  readonly asOf: string | null;
  readonly source: string | null;
  /** Rows of quotes and bars that are new, or replaced others. */
  readonly stored: number;
  readonly rejected: number;
  /** The source answered, and not on this symbol. */
  readonly unknown: boolean;
}

/** The constituents of an index that runs asked for. All but the index and the source are `null` where unknown. */
export interface IndexResult {
  readonly index: string;
  readonly source: string;
  readonly members: number | null;
  /** The member with the greatest weight. A fraction: 0.0705 is 7.05 %. */
  readonly heaviest: { readonly symbol: string; readonly weight: string } | null;
  readonly fetchedAt: string | null;
}

export interface RunResults {
  readonly rows: readonly SymbolResult[];
  readonly indices: readonly IndexResult[];
  /** Rows that passed the checks. The same row twice is accepted and not stored again. */
  readonly accepted: number;
  readonly stored: number;
  readonly rejected: number;
  /** Tasks that failed, with the reason. */
  readonly failures: readonly FailedTask[];
  /** Whether any source answered anything: then its raw answers are kept. */
  readonly answered: boolean;
}

export interface FailedTask {
  readonly source: string;
  readonly job: string;
  readonly reason: RunReason;
  readonly detail: FailureDetail;
  readonly message: string | null;
  /** Nothing of the source answered at all: no connection, or silence. */
  readonly unreachable: boolean;
}

const openRow = z.object({ open: z.coerce.number(), soon: z.coerce.number() });

/**
 * How many tasks of runs have not ended, and how many of these may end soon: they wait neither for their source's quota nor
 * for a service that someone stopped.
 */
export async function openTasks(pool: Pool, runs: readonly string[]): Promise<{ open: number; soon: number }> {
  const { rows } = await pool.query(
    `SELECT count(*) AS open, count(*) FILTER (
              WHERE (waits_until IS NULL OR waits_until < now() + interval '5 seconds')
                AND ${runsAt('ingest', 'now()')} AND (status IN ('running', 'fetched') OR ${runsAt('scrapers', 'now()')})) AS soon
     FROM task WHERE run_id = ANY($1) AND finished_at IS NULL`,
    [runs],
  );
  return openRow.parse(rows[0]);
}

/** What runs have brought, by symbol and source. */
export async function resultsOfRuns(pool: Pool, runs: readonly string[]): Promise<RunResults> {
  return {
    rows: await symbolsOf(pool, runs),
    indices: await indicesOf(pool, runs),
    ...(await totalsOf(pool, runs)),
    failures: await failuresOf(pool, runs),
    answered: await answeredIn(pool, runs),
  };
}

const symbolRow = z
  .object({
    symbol: z.string(),
    price: z.string().nullable(),
    currency: z.string().nullable(),
    as_of: z.date().nullable(),
    source: z.string().nullable(),
    stored: z.coerce.number(),
    rejected: z.coerce.number(),
    unknown: z.boolean(),
  })
  .transform(({ as_of, ...row }) => ({ ...row, asOf: as_of?.toISOString() ?? null }));

async function symbolsOf(pool: Pool, runs: readonly string[]): Promise<SymbolResult[]> {
  const { rows } = await pool.query(
    `WITH batches AS (SELECT id FROM batch WHERE run_id = ANY($1)),
          asked AS (SELECT DISTINCT t.source_id, s.symbol FROM task t JOIN run r ON r.id = t.run_id, unnest(t.symbols) AS s (symbol)
                    WHERE t.run_id = ANY($1) AND r.kind IN ('quotes', 'bars')),
          known AS (SELECT a.source_id, a.symbol, x.listing_id FROM asked a
                    LEFT JOIN symbol_alias x ON x.namespace = a.source_id AND x.symbol = a.symbol AND x.valid_to = 'infinity')
     SELECT coalesce(c.symbol, w.symbol, k.symbol) AS symbol, (w.missing_since IS NOT NULL AND w.found_at IS NULL) IS TRUE AS unknown, q.price, q.currency, q.as_of, k.source_id AS source,
            (SELECT count(*) FROM quote r WHERE r.listing_id = k.listing_id AND r.source = k.source_id AND r.batch_id IN (SELECT id FROM batches)
               AND NOT ${isWrong('r')})
              + (SELECT count(*) FROM bar r WHERE r.listing_id = k.listing_id AND r.source = k.source_id AND r.batch_id IN (SELECT id FROM batches)) AS stored,
            (SELECT count(*) FROM quarantine r WHERE r.source_id = k.source_id AND r.symbol = k.symbol
               AND r.batch_id IN (SELECT id FROM batches))
              + (SELECT count(*) FROM finding f WHERE f.listing_id = k.listing_id AND f.source = k.source_id AND f.kind = 'quote'
                 AND f.severity = 'wrong' AND f.status IN ('open', 'accepted') AND f.batch_id IN (SELECT id FROM batches)) AS rejected
     FROM known k
     LEFT JOIN symbol_alias c ON c.namespace = 'canonical' AND c.listing_id = k.listing_id AND c.valid_to = 'infinity'
     LEFT JOIN latest_quote q ON q.listing_id = k.listing_id AND q.source = k.source_id
     LEFT JOIN watch w ON w.source_id = k.source_id AND w.source_symbol = k.symbol
     ORDER BY 1, source`,
    [runs],
  );
  return rows.map((row) => symbolRow.parse(row));
}

const indexRow = z
  .object({
    symbol: z.string(),
    source: z.string(),
    members: z.int().nullable(),
    heaviest: z.string().nullable(),
    weight: z.string().nullable(),
    fetched_at: z.date().nullable(),
  })
  .transform(({ symbol, source, members, heaviest, weight, fetched_at }) => ({
    index: symbol,
    source,
    members,
    heaviest: heaviest === null || weight === null ? null : { symbol: heaviest, weight },
    fetchedAt: fetched_at?.toISOString() ?? null,
  }));

/** The indices that runs asked for, with the newest that their source has said of each. */
async function indicesOf(pool: Pool, runs: readonly string[]): Promise<IndexResult[]> {
  const { rows } = await pool.query(
    `WITH asked AS (SELECT DISTINCT t.source_id AS source, s.symbol FROM task t JOIN run r ON r.id = t.run_id, unnest(t.symbols) AS s (symbol)
                    WHERE t.run_id = ANY($1) AND r.kind = 'constituents')
     SELECT coalesce(c.symbol, a.symbol) AS symbol, a.source, m.members, h.symbol AS heaviest, h.weight, n.confirmed_at AS fetched_at
     FROM asked a
     LEFT JOIN symbol_alias x ON x.namespace = a.source AND x.symbol = a.symbol AND x.valid_to = 'infinity'
     LEFT JOIN symbol_alias c ON c.namespace = 'canonical' AND c.listing_id = x.listing_id AND c.valid_to = 'infinity'
     LEFT JOIN LATERAL (SELECT * FROM constituent_snapshot s WHERE s.index_listing_id = x.listing_id AND s.source = a.source
                        ORDER BY s.date DESC LIMIT 1) n ON true
     LEFT JOIN LATERAL (SELECT count(*)::int AS members FROM constituent k
                        WHERE (k.index_listing_id, k.source, k.date) = (n.index_listing_id, n.source, n.date)) m ON n.date IS NOT NULL
     LEFT JOIN LATERAL (SELECT y.symbol, k.weight FROM constituent k
                        JOIN symbol_alias y ON y.namespace = 'canonical' AND y.listing_id = k.listing_id AND y.valid_to = 'infinity'
                        WHERE (k.index_listing_id, k.source, k.date) = (n.index_listing_id, n.source, n.date)
                        ORDER BY k.weight DESC, k.rank LIMIT 1) h ON true
     ORDER BY 1, 2`,
    [runs],
  );
  return rows.map((row) => indexRow.parse(row));
}

const totalsRow = z.object({ accepted: z.coerce.number(), stored: z.coerce.number(), rejected: z.coerce.number() });

async function totalsOf(pool: Pool, runs: readonly string[]): Promise<z.infer<typeof totalsRow>> {
  const { rows } = await pool.query(
    `SELECT coalesce(sum(accepted), 0) AS accepted, coalesce(sum(written), 0) AS stored, coalesce(sum(rejected), 0) AS rejected
     FROM batch WHERE run_id = ANY($1)`,
    [runs],
  );
  return totalsRow.parse(rows[0]);
}

/** Codes of failures in which no answer came. */
const unanswered = ['connection_failed', 'timeout'];

const failureRow = z.object({
  source: z.string(),
  job: z.string(),
  reason: z
    .enum(runReasons)
    .nullable()
    .catch('unexplained')
    .transform((reason) => reason ?? 'unexplained'),
  detail: keptDetailSchema,
  message: z.string().nullable(),
  unreachable: z.boolean(),
});

async function failuresOf(pool: Pool, runs: readonly string[]): Promise<FailedTask[]> {
  const { rows } = await pool.query(
    `SELECT t.source_id AS source, r.job, t.reason, t.detail, t.message,
            coalesce(t.detail->>'code' = ANY($2), false) AS unreachable
     FROM task t JOIN run r ON r.id = t.run_id
     WHERE t.run_id = ANY($1) AND t.status = 'failed' ORDER BY t.source_id, r.job, t.part`,
    [runs, unanswered],
  );
  return rows.map((row) => failureRow.parse(row));
}

const answeredRow = z.object({ answered: z.boolean() });

async function answeredIn(pool: Pool, runs: readonly string[]): Promise<boolean> {
  const { rows } = await pool.query(
    // A blob without any answer is kept, too, and read.
    `SELECT EXISTS (SELECT FROM task_attempt a JOIN task t USING (run_id, part)
                    WHERE a.run_id = ANY($1) AND a.blob_key IS NOT NULL
                      AND NOT (t.status = 'failed' AND coalesce(t.detail->>'code' = ANY($2), false))) AS answered`,
    [runs, unanswered],
  );
  return answeredRow.parse(rows[0]).answered;
}
