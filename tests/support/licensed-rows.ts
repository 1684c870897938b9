import { randomUUID } from 'node:crypto';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import type { LicenceClass } from '../../core/contracts/words/licence.ts';
import { iso, makeListing, makeQuote, makeRun } from './api-fixture.ts';

/** A source of each licence class. The catalogue does not name the last one: nobody knows its licence. */
export const licensedSources: readonly { readonly id: string; readonly licence: LicenceClass }[] = [
  { id: 'yahoo', licence: 'internal' },
  { id: 'coingecko', licence: 'display' },
  { id: 'demo-broker', licence: 'redistribute' },
  { id: 'forgotten', licence: 'unknown' },
];

/** What there is of one source: one of everything that the API shows, each with the source's mark in it. */
export interface SourceThings {
  readonly id: string;
  readonly licence: LicenceClass;
  /** What the source gave as a number, and as a text: neither is anywhere else. */
  readonly marks: readonly [price: string, text: string];
  /** A share and an index that only this source has. */
  readonly symbol: string;
  readonly index: string;
  readonly runId: string;
  readonly batchId: string;
  readonly quarantineId: string;
  readonly findingId: string;
  readonly incidentId: string;
  readonly recoveryId: string;
  readonly backfillId: string;
  readonly artifact: string;
}

/** Stores one of everything of a source. */
export async function makeThings(pool: Pool, at: number): Promise<SourceThings> {
  const { id, licence } = licensedSources[at] ?? { id: '', licence: 'unknown' };
  const [price, text] = [`7${at}01.1${at}`, `MARK${at}X`] as const;
  const [symbol, index] = [`${text}S`, `^${text}`];
  const first = async (sql: string, values: unknown[]): Promise<string> => {
    const { rows } = await pool.query<{ id: string }>(sql, values);
    return rows[0]?.id ?? '';
  };
  const runId = await makeRun(pool, { sourceId: id, tasks: [{ status: 'failed', reason: 'down' }] });
  await pool.query('UPDATE run SET job = $2 WHERE id = $1', [runId, `job-${text}`]);
  await pool.query('UPDATE task SET message = $2, symbols = ARRAY[$3] WHERE run_id = $1', [
    runId,
    `said ${text}`,
    symbol,
  ]);
  const artifact = `${text}.png`;
  await pool.query(
    `INSERT INTO task_attempt (run_id, part, attempt, worker, ok, reason, message, blob_key, artifacts)
     VALUES ($1, 0, 1, 'test', false, 'down', $2, $3, ARRAY[$4])`,
    [runId, `said ${text}`, `raw/${id}/2026-11-20/${runId}/0-1.json.gz`, `artifacts/${runId}/0-1/${artifact}`],
  );
  const batchId = await first(
    `INSERT INTO batch (blob_key, parser_version, run_id, part, attempt, source_id, kind)
     VALUES ($1, '1', $2, 0, 1, $3, 'quotes') RETURNING id`,
    [`raw/${id}/2026-11-20/${runId}/0-1.json.gz`, runId, id],
  );
  await pool.query("INSERT INTO batch_statistics VALUES ($1, 'USD', 1, 0, $2, $2, $2, $2, 1, 0, 0, 1)", [
    batchId,
    price,
  ]);

  for (const [each, assetClass] of [
    [symbol, 'equity'],
    [index, 'index'],
  ] as const) {
    const listing = await makeListing(pool, each, { assetClass, name: `Name ${text}` });
    await pool.query('INSERT INTO symbol_alias (namespace, symbol, listing_id) VALUES ($1, $2, $3)', [
      id,
      each,
      listing,
    ]);
    await makeQuote(pool, listing, batchId, { source: id, price });
    await pool.query(
      `INSERT INTO bar (listing_id, source, interval, starts_at, date, close, currency, basis, basis_at, fetched_at, batch_id)
       VALUES ($1, $2, '1d', '2026-11-19T14:30:00Z', '2026-11-19', $3, 'USD', 'splits', $4, $4, $5)`,
      [listing, id, price, iso(-60), batchId],
    );
    await pool.query("INSERT INTO bar_series (listing_id, source, interval) VALUES ($1, $2, '1d')", [listing, id]);
    await pool.query(
      `INSERT INTO corporate_action (listing_id, type, ex_date, source, amount, currency, known_at, batch_id)
       VALUES ($1, 'dividend', '2026-11-19', $2, $3, 'USD', $4, $5)`,
      [listing, id, price, iso(-60), batchId],
    );
    if (assetClass !== 'index') continue;
    await pool.query(
      `INSERT INTO constituent_snapshot (index_listing_id, source, date, fetched_at, confirmed_at, batch_id)
       VALUES ($1, $2, '2026-11-20', $3, $3, $4)`,
      [listing, id, iso(-60), batchId],
    );
    await pool.query(
      `INSERT INTO constituent (index_listing_id, source, date, listing_id, rank, weight, price, currency, fetched_at, ingested_at, batch_id)
       VALUES ($1, $2, '2026-11-20', $1, 1, 1, $3, 'USD', $4, $4, $5)`,
      [listing, id, price, iso(-60), batchId],
    );
  }

  const quarantineId = await first(
    `INSERT INTO quarantine (source_id, reason, symbol, detail, path, row, run_id, part, blob_key, batch_id)
     VALUES ($1, 'unit_suspect', $2, $3, $6, $4, $5, 0, $7, $8) RETURNING id`,
    [
      id,
      symbol,
      `said ${text}`,
      { price },
      runId,
      `path ${text}`,
      `raw/${id}/2026-11-20/${runId}/0-1.json.gz`,
      batchId,
    ],
  );
  const findingId = await first(
    `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, date, said, evidence, batch_id)
     SELECT listing_id, $1, 'mark', 'dividends', 'info', 'dividend', '2026-11-19', $2, $3, $4
     FROM symbol_alias WHERE namespace = $1 AND symbol = $5 RETURNING id`,
    [id, price, { code: 'dividend_currency', currency: text, expected: 'USD' }, batchId, symbol],
  );
  const evidence = { at: iso(-60), runId, part: 0, message: `said ${text}`, blobKey: null, artifacts: [] };
  const incidentId = await first(
    `INSERT INTO incident (source_id, reason, opened_at, last_seen_at, evidence) VALUES ($1, 'down', $2, $2, $3) RETURNING id`,
    [id, iso(-60), JSON.stringify([evidence])],
  );
  const recoveryId = randomUUID();
  await pool.query(
    `INSERT INTO recovery (id, source_id, trigger, status, message, requested_at, finished_at)
     VALUES ($1, $2, 'manual', 'failed', $3, $4, $4)`,
    [recoveryId, id, `said ${text}`, iso(-60)],
  );
  const backfillId = await makeRun(pool, { sourceId: id });
  await pool.query('UPDATE run SET job = $2 WHERE id = $1', [backfillId, `job-${text}`]);
  await pool.query(
    `INSERT INTO backfill (run_id, source_id, interval, symbols, from_date, to_date, chunks)
     VALUES ($1, $2, '1d', ARRAY[$3], '2026-01-01', '2026-02-01', 1)`,
    [backfillId, id, symbol],
  );
  await pool.query(
    `INSERT INTO source_health (source_id, status, reason, message, failed_at, failure_reason, failure_message, failure_run_id, updated_at)
     VALUES ($1, 'failed', 'down', $2, $3, 'down', $2, $4, $3)`,
    [id, `said ${text}`, iso(-60), runId],
  );
  return {
    id,
    licence,
    marks: [price, text],
    symbol,
    index,
    runId,
    batchId,
    quarantineId,
    findingId,
    incidentId,
    recoveryId,
    backfillId,
    artifact,
  };
}
