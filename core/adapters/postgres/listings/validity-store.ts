import * as z from 'zod';
import { type FindingProposal, findingProposalSchema } from '../../../contracts/words/price-findings.ts';
import { blockOf } from '../../../events/block.ts';
import type { ListingChange, OpenedValidity, UnopenedValidity, ValidityStore } from '../../../ports/validity-store.ts';
import { publish } from '../database/outbox.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { firstRow, onlyRow, rowsOf } from '../database/rows.ts';
import { ofFinding, publishClosed } from '../prices/finding-events.ts';
import { readAgainOtherCurrency } from '../prices/reread-store.ts';
import { lockRegister } from './listing-store.ts';

const currentRow = z.object({
  listingId: z.int(),
  instrumentId: z.int(),
  currency: z.string(),
  minorFactor: z.int(),
  begun: z.boolean(),
});
const idRow = z.object({ id: z.int() });
const movedRow = z.object({ namespace: z.string(), symbol: z.string() });

/** Validities of symbols in Postgres. */
export function validityStore(pool: Pool): ValidityStore {
  return {
    open: (symbol, from, change) =>
      inTransaction(pool, async (db) => {
        await lockRegister(db);
        return openValidity(db, symbol, from, change, null);
      }),
  };
}

/** Opens a validity in the caller's transaction, under the lock of registrations. `source` is whose answers say so. */
export async function openValidity(
  db: Connection,
  symbol: string,
  from: string,
  change: ListingChange,
  source: string | null,
): Promise<OpenedValidity | UnopenedValidity> {
  const current = firstRow(
    currentRow,
    await db.query(
      `SELECT l.id AS "listingId", l.instrument_id AS "instrumentId", l.currency, l.minor_factor AS "minorFactor",
              a.valid_from >= $2::date AS begun
       FROM symbol_alias a JOIN listing l ON l.id = a.listing_id
       WHERE a.namespace = 'canonical' AND a.symbol = $1 AND a.valid_to = 'infinity'`,
      [symbol, from],
    ),
  );
  if (!current) return 'unknown';
  if (current.begun) return 'too_early';
  if (
    change.change === 'currency' &&
    change.currency === current.currency &&
    change.minorFactor === current.minorFactor
  )
    return 'same';
  if (change.change === 'symbol') {
    if (change.to === symbol) return 'same';
    const taken = await db.query(
      "SELECT 1 FROM symbol_alias WHERE namespace = 'canonical' AND symbol = $1 AND valid_to > $2::date",
      [change.to, from],
    );
    if (taken.rows.length > 0) return 'taken';
  }
  const listingId = await listingAfter(db, current, change);
  const to = change.change === 'symbol' ? change.to : null;
  const moved = rowsOf(
    movedRow,
    await db.query(
      `UPDATE symbol_alias SET valid_to = $2::date
       WHERE listing_id = $1 AND valid_to = 'infinity' AND valid_from < $2::date AND ($3::text IS NULL OR symbol = $3)
       RETURNING namespace, symbol`,
      [current.listingId, from, to === null ? null : symbol],
    ),
  );
  // A source names the new symbol itself, in its own way: its next answer registers it.
  const kept = to === null ? moved : [{ namespace: 'canonical', symbol: to }];
  for (const alias of kept)
    await db.query(
      'INSERT INTO symbol_alias (namespace, symbol, listing_id, valid_from) VALUES ($1, $2, $3, $4::date)',
      [alias.namespace, alias.symbol, listingId, from],
    );
  if (change.change !== 'symbol') {
    await readAgainOtherCurrency(db, listingId);
    publishClosed(
      db,
      await db.query(
        `UPDATE finding f SET status = 'gone', closed_at = statement_timestamp()
         WHERE listing_id = $1 AND rule = 'names' AND status = 'open' RETURNING ${ofFinding}`,
        [current.listingId],
      ),
    );
  }
  const opened: OpenedValidity = {
    symbol: to ?? symbol,
    formerSymbol: symbol,
    listingId,
    formerListingId: current.listingId,
    currency: change.change === 'symbol' ? current.currency : (change.currency ?? current.currency),
    from,
  };
  const sources = moved.map((alias) => alias.namespace).filter((namespace) => namespace !== 'canonical');
  const sourceId = source ?? sources.toSorted()[0] ?? 'canonical';
  const block = blockOf(listingId);
  publish(db, [
    {
      type: 'listing.changed',
      data: { sourceId, block, change: change.change, automatic: source !== null, ...opened },
    },
  ]);
  return opened;
}

/** The listing that the symbol means from then on. */
async function listingAfter(
  db: Connection,
  current: z.output<typeof currentRow>,
  change: ListingChange,
): Promise<number> {
  if (change.change === 'symbol') return current.listingId;
  let { instrumentId } = current;
  if (change.change === 'instrument') {
    const made = await db.query(
      'INSERT INTO instrument (asset_class, name) SELECT coalesce($3, asset_class), $2 FROM instrument WHERE id = $1 RETURNING id',
      [current.instrumentId, change.name, change.listing?.assetClass ?? null],
    );
    await db.query("UPDATE instrument SET status = 'delisted' WHERE id = $1", [current.instrumentId]);
    instrumentId = onlyRow(idRow, made).id;
  }
  const listed = change.change === 'instrument' ? change.listing : undefined;
  const currency = change.currency ?? current.currency;
  const minorFactor = change.change === 'currency' ? change.minorFactor : (listed?.minorFactor ?? current.minorFactor);
  const listing = await db.query(
    `INSERT INTO listing (instrument_id, mic, currency, minor_factor, zone)
     SELECT $2, coalesce($5, mic), $3, $4, coalesce($6, zone) FROM listing WHERE id = $1
     ON CONFLICT (instrument_id, mic, currency) DO UPDATE SET minor_factor = excluded.minor_factor RETURNING id`,
    [current.listingId, instrumentId, currency, minorFactor, listed?.mic ?? null, listed?.zone ?? null],
  );
  return onlyRow(idRow, listing).id;
}

const sinceRow = z.object({
  symbol: z.string(),
  since: z.string(),
  named: findingProposalSchema.nullable().catch(null),
});

/**
 * Opens the validities that the answers of a source ask for, of symbols that it gives in another currency than their
 * listing's: once it has done so on days that lie apart, and nobody has given a price in the former currency since. Under
 * quite another name it is another instrument.
 */
export async function openSaid(
  pool: Pool,
  sourceId: string,
  said: readonly { readonly symbol: string; readonly currency: string; readonly minorFactor: number }[],
  fetchedAt: number,
  days: number,
): Promise<void> {
  await inTransaction(pool, async (db) => {
    await lockRegister(db);
    for (const { symbol, currency, minorFactor } of said) {
      const since = firstRow(
        sinceRow,
        await db.query({
          name: 'other-currency-since',
          // The price of a bar may be of years ago: its fetch says since when the source speaks so.
          text: `
            SELECT c.symbol, f.proposal AS named, to_char(to_timestamp(least(q.at, q.fetched) / 1000.0::float8) AT TIME ZONE l.zone, 'YYYY-MM-DD') AS since
            FROM symbol_alias a JOIN listing l ON l.id = a.listing_id
            JOIN symbol_alias c ON c.listing_id = l.id AND c.namespace = 'canonical' AND c.valid_to = 'infinity'
            CROSS JOIN LATERAL (
              SELECT (row->>'fetchedAt')::float8 AS fetched, coalesce(row->>'asOf', row->>'fetchedAt')::float8 AS at
              FROM quarantine WHERE source_id = $1 AND reason = 'source_mismatch' AND resolved_at IS NULL AND symbol = $2
                AND finding->>'code' = 'other_currency' AND row->>'currency' = $3
              ORDER BY id LIMIT 1) q
            LEFT JOIN finding f ON f.listing_id = l.id AND f.source = $1 AND f.rule = 'names' AND f.status = 'open'
              AND f.proposal->>'currency' = $3
            WHERE a.namespace = $1 AND a.symbol = $2 AND a.valid_to = 'infinity' AND l.currency <> $3
              AND q.fetched <= $4::float8 - $5::float8 * 86400000.0::float8
              AND NOT EXISTS (SELECT FROM latest_quote p WHERE p.listing_id = l.id
                              AND p.confirmed_at >= to_timestamp(q.fetched / 1000.0::float8))
            ORDER BY f.id DESC LIMIT 1`,
          values: [sourceId, symbol, currency, fetchedAt, days],
        }),
      );
      if (!since) continue;
      await openValidity(db, since.symbol, since.since, changeSaid(since.named, currency, minorFactor), sourceId);
    }
  });
}

/** The change to the instrument that a finding on a name proposes. */
export function changeProposed({
  to,
  assetClass,
  mic,
  currency,
  minorFactor,
  zone,
}: Extract<FindingProposal, { field: 'instrument' }>): ListingChange {
  return { change: 'instrument', name: to, currency, listing: { assetClass, mic, currency, minorFactor, zone } };
}

/** The change to another currency. `named` is what a finding proposes where the source has another name for the symbol, too. */
function changeSaid(named: FindingProposal | null, currency: string, minorFactor: number): ListingChange {
  return named?.field === 'instrument' ? changeProposed(named) : { change: 'currency', currency, minorFactor };
}
