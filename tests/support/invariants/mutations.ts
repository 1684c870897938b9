/** Ways to lose, double or change what is stored, each in one statement on a database that is in order. */
export interface Mutation {
  readonly name: string;
  /** `:batch` is a batch of quotes, `:slot` one of a run that the schedule planned. */
  readonly sql: string;
}

const one = (table: string, where = 'true') =>
  `ctid = (SELECT ctid FROM ${table} WHERE ${where} ORDER BY batch_id DESC LIMIT 1)`;
/** The columns that a copy of a quote may set. */
const quoteColumns = `price, previous_close, bid, ask, volume, currency, minor_factor, session, delay_seconds, as_of_basis,
  fetched_at, ingested_at, batch_id`;

export const mutations: readonly Mutation[] = [
  { name: 'an outcome dropped', sql: `UPDATE task SET status = 'fetched', finished_at = NULL WHERE batch_id = :batch` },
  { name: 'a batch lost', sql: 'DELETE FROM batch WHERE id = :batch' },
  {
    name: 'a batch doubled',
    sql: `INSERT INTO batch (blob_key, parser_version, run_id, part, attempt, source_id, kind, accepted, rejected, written)
          SELECT blob_key, 'other', run_id, part, attempt, source_id, kind, accepted, rejected, written FROM batch WHERE id = :batch`,
  },
  {
    name: 'a stored quote lost',
    sql: `DELETE FROM quote WHERE (listing_id, source, as_of) = (SELECT listing_id, source, as_of FROM quote WHERE batch_id = :batch LIMIT 1)`,
  },
  { name: 'all quotes lost', sql: 'DELETE FROM quote' },
  { name: 'a latest row lost', sql: `DELETE FROM latest_quote WHERE ${one('latest_quote')}` },
  {
    name: 'a quote stored twice',
    sql: `INSERT INTO quote (listing_id, source, as_of, ${quoteColumns})
          SELECT listing_id, source, as_of + interval '1 millisecond', ${quoteColumns} FROM quote WHERE batch_id = :batch LIMIT 1`,
  },
  {
    name: 'a price doubled',
    sql: `UPDATE quote SET price = price * 2 WHERE (listing_id, source, as_of) = (SELECT listing_id, source, as_of FROM quote WHERE batch_id = :batch LIMIT 1)`,
  },
  {
    name: 'a row credited to another batch',
    sql: `UPDATE quote SET batch_id = (SELECT min(id) FROM batch WHERE source_id = quote.source AND id <> :batch)
          WHERE (listing_id, source, as_of) = (SELECT listing_id, source, as_of FROM quote WHERE batch_id = :batch LIMIT 1)`,
  },
  { name: 'a row in quarantine lost', sql: `DELETE FROM quarantine WHERE ${one('quarantine')}` },
  {
    name: 'a row in quarantine lost, and counted as never there',
    sql: `WITH lost AS (DELETE FROM quarantine WHERE ${one('quarantine')} RETURNING batch_id),
               counted AS (UPDATE batch SET rejected = rejected - 1 WHERE id = (SELECT batch_id FROM lost))
          UPDATE batch_statistics SET rejected = rejected - 1 WHERE batch_id = (SELECT batch_id FROM lost) AND rejected > 0`,
  },
  { name: 'a finding on a wrong quote lost', sql: "DELETE FROM finding WHERE kind = 'quote' AND severity = 'wrong'" },
  {
    name: 'a finding on a quote that is served',
    sql: `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, at, said, evidence, batch_id)
          SELECT listing_id, source, 'made up', 'unit', 'wrong', 'quote', as_of, price, '{}', batch_id FROM latest_quote LIMIT 1`,
  },
  {
    name: 'a row in quarantine doubled',
    sql: `INSERT INTO quarantine (source_id, reason, symbol, detail, path, row, run_id, part, blob_key, batch_id, finding)
          SELECT source_id, reason, symbol, detail, path, row, run_id, part, blob_key, batch_id, finding FROM quarantine LIMIT 1`,
  },
  {
    name: 'an event lost',
    sql: `DELETE FROM outbox WHERE id = (SELECT min(id) FROM outbox WHERE type = 'quotes.stored')`,
  },
  {
    name: 'an event told twice',
    sql: `INSERT INTO outbox (type, key, data) SELECT type, key, data FROM outbox WHERE data->>'batchId' = (:batch)::text LIMIT 1`,
  },
  { name: 'a count of a batch wrong', sql: 'UPDATE batch SET written = written + 1 WHERE id = :batch' },
  { name: 'statistics lost', sql: 'DELETE FROM batch_statistics WHERE batch_id = :batch' },
  {
    name: 'an attempt left open',
    sql: `UPDATE task_attempt SET finished_at = NULL, ok = NULL WHERE (run_id, part) = (SELECT run_id, part FROM batch WHERE id = :batch)`,
  },
  { name: 'a reason wrong', sql: `UPDATE task SET reason = 'blocked' WHERE status = 'failed'` },
  {
    name: 'a due slot gone with its run and tasks',
    sql: `WITH slot AS (SELECT run_id FROM batch WHERE id = :slot), gone AS (DELETE FROM task_attempt WHERE run_id IN (SELECT run_id FROM slot)),
               tasks AS (DELETE FROM task WHERE run_id IN (SELECT run_id FROM slot))
          DELETE FROM run WHERE id IN (SELECT run_id FROM slot)`,
  },
  {
    name: 'a decision naming another source',
    sql: `UPDATE consolidated_quote SET source = 'coingecko' WHERE candidates = 1 AND source = 'yahoo'`,
  },
  {
    name: 'a decision by a move that no bars show',
    sql: `UPDATE consolidated_quote SET usual_move = 0.9`,
  },
  { name: 'a decision lost', sql: `DELETE FROM consolidated_quote WHERE candidates > 1` },
  { name: 'a former version lost', sql: 'DELETE FROM quote_revision' },
  { name: 'a former version doubled', sql: 'INSERT INTO quote_revision SELECT * FROM quote_revision LIMIT 1' },
  {
    name: 'a latest row that is not the newest',
    sql: `UPDATE latest_quote SET price = price + 1 WHERE ${one('latest_quote')}`,
  },
  {
    name: 'a latest row confirmed by nobody',
    sql: `UPDATE latest_quote SET confirmed_at = confirmed_at + interval '1 hour' WHERE ${one('latest_quote')}`,
  },
  { name: 'a bar lost', sql: `DELETE FROM bar WHERE ${one('bar')}` },
  { name: 'a close doubled', sql: `UPDATE bar SET close = close * 2 WHERE ${one('bar')}` },
  { name: 'a corporate action lost', sql: `DELETE FROM corporate_action WHERE ${one('corporate_action')}` },
  { name: 'a constituent lost', sql: `DELETE FROM constituent WHERE ${one('constituent')}` },
  { name: 'a weight doubled', sql: `UPDATE constituent SET weight = weight / 2 WHERE ${one('constituent')}` },
  { name: 'a former version of a constituent lost', sql: 'DELETE FROM constituent_revision' },
  { name: 'replaced constituents not told', sql: `DELETE FROM outbox WHERE type = 'constituents.revised'` },
  { name: 'a success without rows', sql: `UPDATE task SET accepted = 0 WHERE batch_id = :batch` },
  {
    name: 'an attempt that told the contrary',
    sql: `UPDATE task_attempt SET ok = NOT ok WHERE (run_id, part) = (SELECT run_id, part FROM batch WHERE id = :batch)`,
  },
  { name: 'a change of health not told', sql: `DELETE FROM outbox WHERE type = 'source.health-changed'` },
  { name: 'an incident not told', sql: `DELETE FROM outbox WHERE type = 'incident.opened'` },
];
