import { Decimal } from 'decimal.js';
import { z } from 'zod';
import type { Connection } from '../../../core/adapters/postgres/database/pool.ts';
import { asFollowed } from '../../../core/events/outbox-row.ts';
import { assetClasses } from '../../../core/market/instrument.ts';
import { asOfBases } from '../../../core/market/quote.ts';

const number = z.coerce.number();
const text = z.string();
/** A decimal in one notation: `1.50` and `1.5` are the same price. */
const decimal = z
  .string()
  .nullable()
  .transform((value) => plain(value));

/** A decimal in one notation, so that two can be compared as texts. */
export function plain(value: string | null): string | null {
  return value === null ? null : new Decimal(value).toFixed();
}

const batch = z.object({
  id: text,
  blobKey: text,
  parserVersion: text,
  runId: text,
  part: number,
  attempt: number,
  sourceId: text,
  kind: text,
  replay: text.nullable(),
  accepted: number,
  rejected: number,
  written: number,
  reason: text.nullable(),
  detail: z.unknown(),
  newestAsOf: number.nullable(),
  ingestedAt: number,
});
const held = z.object({
  id: text,
  batchId: text,
  blobKey: text,
  reason: text,
  symbol: text.nullable(),
  path: text,
  row: z.unknown(),
  finding: z.unknown(),
  resolved: z.boolean(),
});
const statistics = z.object({
  batchId: text,
  currency: text,
  count: number,
  rejected: number,
  mean: decimal,
  median: decimal,
  min: decimal,
  max: decimal,
  up: number,
  down: number,
  unchanged: number,
  volume: decimal,
});
const run = z.object({
  id: text,
  sourceId: text,
  job: text,
  kind: text,
  trigger: text,
  slot: text,
  /** A backfill that was cancelled: its parts that were never sent are deleted. */
  cancelled: z.boolean(),
});
const task = z.object({
  runId: text,
  part: number,
  symbols: z.array(text),
  status: text,
  finished: z.boolean(),
  reason: text.nullable(),
  detail: z.unknown(),
  attempt: number,
  accepted: number,
  rejected: number,
  batchId: text.nullable(),
});
const attempt = z.object({
  runId: text,
  part: number,
  attempt: number,
  finished: z.boolean(),
  ok: z.boolean().nullable(),
  reason: text.nullable(),
  detail: z.unknown(),
  blobKey: text.nullable(),
  batchSought: z.boolean(),
});
const quote = z.object({
  listingId: number,
  source: text,
  asOf: number,
  price: decimal,
  previousClose: decimal,
  bid: decimal,
  ask: decimal,
  volume: decimal,
  currency: text,
  minorFactor: number,
  session: text.nullable(),
  delaySeconds: number.nullable(),
  asOfBasis: z.enum(asOfBases),
  fetchedAt: number,
  /** Microseconds. */
  ingestedAt: text,
  batchId: text,
});
const bar = z.object({
  listingId: number,
  source: text,
  interval: text,
  startsAt: number,
  date: text.nullable(),
  open: decimal,
  high: decimal,
  low: decimal,
  close: decimal,
  volume: decimal,
  currency: text,
  minorFactor: number,
  basis: text,
  fetchedAt: number,
  ingestedAt: text,
  batchId: text,
  withdrawn: z.boolean(),
});
const action = z.object({
  listingId: number,
  source: text,
  type: text,
  exDate: text,
  ratio: decimal,
  amount: decimal,
  currency: text.nullable(),
  knownAt: number,
  batchId: text,
});
const member = z.object({
  indexId: number,
  source: text,
  date: text,
  listingId: number,
  rank: number,
  weight: decimal,
  price: decimal,
  previousClose: decimal,
  currency: text,
  fetchedAt: number,
  ingestedAt: text,
  batchId: text,
});
const decision = z.object({
  listingId: number,
  source: text,
  rule: text,
  spread: decimal,
  confidence: text,
  candidates: number,
  usualMove: number.nullable(),
});
const eventRow = z.object({ id: text, type: text, key: text, data: z.record(z.string(), z.unknown()) });
/** As followers get it; what is no event is left as it is. */
const event = eventRow.transform((row) => {
  const followed = asFollowed({ ...row, data: JSON.stringify(row.data) });
  return eventRow.parse({ ...followed, data: JSON.parse(followed.data) });
});
const alias = z.object({
  namespace: text,
  symbol: text,
  from: number.nullable(),
  to: number.nullable(),
  listingId: number,
  assetClass: z.enum(assetClasses).catch('other'),
  mic: text,
  currency: text,
  minorFactor: number,
  zone: text,
});

const quoteFinding = z.object({
  listingId: number,
  source: text,
  rule: text,
  at: number,
  said: decimal,
  status: text,
});

export type StoredQuoteFinding = z.output<typeof quoteFinding>;
export type StoredBatch = z.output<typeof batch>;
export type HeldRow = z.output<typeof held>;
export type StoredStatistics = z.output<typeof statistics>;
export type StoredQuote = z.output<typeof quote>;
export type StoredBar = z.output<typeof bar>;
export type StoredMember = z.output<typeof member>;
export type StoredAction = z.output<typeof action>;

const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;
const microseconds = (column: string) => `(extract(epoch FROM ${column}) * 1000000)::int8::text`;

const quoteColumns = `listing_id AS "listingId", source, ${ms('as_of')} AS "asOf", price, previous_close AS "previousClose", bid, ask,
  volume, currency, minor_factor AS "minorFactor", session, delay_seconds AS "delaySeconds", as_of_basis AS "asOfBasis",
  ${ms('fetched_at')} AS "fetchedAt", ${microseconds('ingested_at')} AS "ingestedAt", batch_id AS "batchId"`;
const barColumns = `listing_id AS "listingId", source, interval, ${ms('starts_at')} AS "startsAt", date::text, open, high, low, close,
  volume, currency, minor_factor AS "minorFactor", basis, ${ms('fetched_at')} AS "fetchedAt",
  ${microseconds('ingested_at')} AS "ingestedAt", batch_id AS "batchId", withdrawn_at IS NOT NULL AS withdrawn`;
const memberColumns = `index_listing_id AS "indexId", source, date::text, listing_id AS "listingId", rank, weight, price,
  previous_close AS "previousClose", currency, ${ms('fetched_at')} AS "fetchedAt",
  ${microseconds('ingested_at')} AS "ingestedAt", batch_id AS "batchId"`;
const knownTo = `, ${microseconds('known_to')} AS "knownTo"`;

/** Everything that the checker looks at, on a connection that sees one instant. Nothing is decided in SQL. */
export async function storedRows(db: Connection) {
  return {
    batches: await read(
      db,
      batch,
      `SELECT id, blob_key AS "blobKey", parser_version AS "parserVersion", run_id AS "runId", part, attempt,
                source_id AS "sourceId", kind, replay, accepted, rejected, written, reason, detail,
                ${ms('newest_as_of')} AS "newestAsOf", ${ms('ingested_at')} AS "ingestedAt" FROM batch ORDER BY id`,
    ),
    held: await read(
      db,
      held,
      `SELECT id, batch_id AS "batchId", blob_key AS "blobKey", reason, symbol, path, row, finding,
                resolved_at IS NOT NULL AND discarded_at IS NULL AS resolved FROM quarantine ORDER BY id`,
    ),
    statistics: await read(
      db,
      statistics,
      `SELECT batch_id AS "batchId", currency, count, rejected, mean, median, min, max, up, down, unchanged, volume
         FROM batch_statistics ORDER BY batch_id, currency`,
    ),
    replays: await read(db, z.object({ id: text, blobs: number }), 'SELECT id, blobs FROM replay'),
    runs: await read(
      db,
      run,
      `SELECT r.id, r.source_id AS "sourceId", job, kind, trigger, slot, b.cancelled_at IS NOT NULL AS cancelled
         FROM run r LEFT JOIN backfill b ON b.run_id = r.id`,
    ),
    tasks: await read(
      db,
      task,
      `SELECT run_id AS "runId", part, symbols, status, finished_at IS NOT NULL AS finished, reason, detail, attempt, accepted,
                rejected, batch_id AS "batchId" FROM task ORDER BY run_id, part`,
    ),
    attempts: await read(
      db,
      attempt,
      `SELECT run_id AS "runId", part, attempt, finished_at IS NOT NULL AS finished, ok, reason, detail,
                blob_key AS "blobKey", batch_sought AS "batchSought" FROM task_attempt ORDER BY run_id, part, attempt`,
    ),
    quotes: await read(db, quote, `SELECT ${quoteColumns} FROM quote`),
    quoteRevisions: await read(
      db,
      quote.extend({ knownTo: text }),
      `SELECT ${quoteColumns}${knownTo} FROM quote_revision`,
    ),
    latest: await read(
      db,
      quote.extend({ confirmedAt: number }),
      `SELECT ${quoteColumns}, ${ms('confirmed_at')} AS "confirmedAt" FROM latest_quote`,
    ),
    decisions: await read(
      db,
      decision,
      'SELECT listing_id AS "listingId", source, rule, spread, confidence, candidates, usual_move AS "usualMove" FROM consolidated_quote',
    ),
    quoteFindings: await read(
      db,
      quoteFinding,
      `SELECT listing_id AS "listingId", source, rule, ${ms('at')} AS at, said, status FROM finding
         WHERE kind = 'quote' AND severity = 'wrong' ORDER BY id`,
    ),
    bars: await read(db, bar, `SELECT ${barColumns} FROM bar`),
    barRevisions: await read(db, bar.extend({ knownTo: text }), `SELECT ${barColumns}${knownTo} FROM bar_revision`),
    actions: await read(
      db,
      action,
      `SELECT listing_id AS "listingId", source, type, ex_date::text AS "exDate", ratio, amount, currency,
                ${ms('known_at')} AS "knownAt", batch_id AS "batchId" FROM corporate_action`,
    ),
    members: await read(db, member, `SELECT ${memberColumns} FROM constituent`),
    memberRevisions: await read(
      db,
      member.extend({ knownTo: text }),
      `SELECT ${memberColumns}${knownTo} FROM constituent_revision`,
    ),
    events: await read(db, event, 'SELECT id, type, key, data FROM outbox ORDER BY id'),
    incidents: await read(
      db,
      z.object({ id: text, resolved: z.boolean() }),
      'SELECT id, resolved_at IS NOT NULL AS resolved FROM incident',
    ),
    recoveries: await read(
      db,
      z.object({ id: text, started: z.boolean(), finished: z.boolean() }),
      'SELECT id, started_at IS NOT NULL AS started, finished_at IS NOT NULL AS finished FROM recovery',
    ),
    health: await read(
      db,
      z.object({ sourceId: text, status: text }),
      'SELECT source_id AS "sourceId", status FROM source_health',
    ),
    aliases: await read(
      db,
      alias,
      `SELECT a.namespace, a.symbol, l.id AS "listingId", i.asset_class AS "assetClass", l.mic, l.currency,
                l.minor_factor AS "minorFactor", l.zone,
                CASE WHEN isfinite(a.valid_from) THEN ${ms('a.valid_from')} END AS "from",
                CASE WHEN isfinite(a.valid_to) THEN ${ms('a.valid_to')} END AS "to"
         FROM symbol_alias a JOIN listing l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id
         ORDER BY a.namespace, a.symbol, a.valid_from`,
    ),
  };
}

export type StoredRows = Awaited<ReturnType<typeof storedRows>>;

async function read<Row extends z.ZodType>(db: Connection, row: Row, statement: string): Promise<z.output<Row>[]> {
  return z.array(row).parse((await db.query(statement)).rows);
}
