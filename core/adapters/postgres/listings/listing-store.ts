import * as z from 'zod';
import { pseudoMics } from '../../../market/exchange.ts';
import type { Alias, KnownListing, NewListing } from '../../../market/instrument.ts';
import { assetClasses, type Listing } from '../../../market/instrument.ts';
import { numbers, storable, texts } from '../database/array-literal.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';

/** Key of the advisory lock under which listings are registered: one at a time, so that each is made once. */
const registerLock = 0x6c697374;

/** Waits until nobody else registers listings or changes what symbols mean; until the transaction ends. */
export async function lockRegister(db: Connection): Promise<void> {
  await db.query('SELECT pg_advisory_xact_lock($1)', [registerLock]);
}

const aliasRow = z.object({
  symbol: z.string(),
  from: z.number().nullable(),
  to: z.number().nullable(),
  id: z.int(),
  asset_class: z.enum(assetClasses).catch('other'),
  mic: z.string(),
  currency: z.string(),
  minor_factor: z.int(),
  zone: z.string(),
  name: z.string().nullable(),
  doubted: z.boolean(),
});

/** What symbols mean in a namespace, each with all its times. Unknown ones are absent. */
export async function findAliases(
  db: Pool | Connection,
  namespace: string,
  symbols: readonly string[],
): Promise<Map<string, Alias[]>> {
  const { rows } = await db.query({
    name: 'find-aliases',
    text: `
      SELECT a.symbol, l.id, i.asset_class, l.mic, l.currency, l.minor_factor, l.zone, a.name,
             EXISTS (SELECT FROM finding f WHERE f.listing_id = l.id AND f.source = $1 AND f.rule = 'names' AND f.status = 'open') AS doubted,
             CASE WHEN isfinite(a.valid_from) THEN extract(epoch FROM a.valid_from)::float8 * 1000 END AS "from",
             CASE WHEN isfinite(a.valid_to) THEN extract(epoch FROM a.valid_to)::float8 * 1000 END AS "to"
      FROM symbol_alias a JOIN listing l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id
      WHERE a.namespace = $1 AND a.symbol = ANY ($2::text[])
      ORDER BY a.symbol, a.valid_from`,
    values: [namespace, texts(symbols)],
  });
  const found = new Map<string, Alias[]>();
  for (const row of rows.map((each) => aliasRow.parse(each))) {
    const alias: Alias = {
      listing: {
        id: row.id,
        assetClass: row.asset_class,
        mic: row.mic,
        currency: row.currency,
        minorFactor: row.minor_factor,
        zone: row.zone,
      },
      from: row.from ?? Number.NEGATIVE_INFINITY,
      to: row.to ?? Number.POSITIVE_INFINITY,
      name: row.name,
      doubted: row.doubted,
    };
    const known = found.get(row.symbol);
    if (known) known.push(alias);
    else found.set(row.symbol, [alias]);
  }
  return found;
}

/**
 * Registers symbols that were asked for: instrument, listing and the aliases in the canonical namespace and the
 * source's. Where another source has registered the canonical symbol before, only the source's alias is added, and the
 * venue where that source did not say it; a symbol without a listing of its own is left unknown where none has. A symbol
 * whose earlier meaning has ended gets a new one from that day. Gives what the symbols now mean.
 */
export async function registerListings(
  pool: Pool,
  sourceId: string,
  newcomers: readonly NewListing[],
): Promise<Map<string, Alias[]>> {
  return inTransaction(pool, async (db) => {
    await lockRegister(db);
    const symbols = newcomers.map((each) => each.symbol);
    const since = await findAliases(db, sourceId, symbols);
    const named = await namedByPeople(db, sourceId, symbols);
    const missing = newcomers
      .filter((each) => !isCurrent(since.get(each.symbol)))
      .map((each) => ({ ...each, canonical: named.get(each.symbol) ?? each.canonical }));
    if (missing.length === 0) return since;

    const canonical = await findAliases(
      db,
      'canonical',
      missing.map((each) => each.canonical),
    );
    const listingOf = new Map<string, number>();
    const venueless = new Map<string, KnownListing>();
    for (const [symbol, aliases] of canonical) {
      const current = aliases.findLast((alias) => alias.to === Number.POSITIVE_INFINITY)?.listing;
      if (current) listingOf.set(symbol, current.id);
      if (current?.mic === pseudoMics.unknown) venueless.set(symbol, current);
    }
    await giveVenues(db, venueless, missing);
    const unseen = new Map(
      missing.flatMap(({ listing, ...each }) =>
        listing === null || listingOf.has(each.canonical) ? [] : [[each.canonical, { ...each, listing }]],
      ),
    );
    for (const [symbol, id] of await insertListings(db, [...unseen.values()])) listingOf.set(symbol, id);
    await insertAliases(db, 'canonical', [...unseen.keys()], listingOf);
    await insertAliases(
      db,
      sourceId,
      missing.map((each) => each.symbol),
      new Map(missing.flatMap((each) => entry(each.symbol, listingOf.get(each.canonical)))),
      new Map(missing.map((each) => [each.symbol, each.listing?.mic ?? null])),
    );
    return findAliases(db, sourceId, symbols);
  });
}

const namedRow = z.object({ symbol: z.string(), canonical: z.string() });

/** The canonical symbols under which a source's own are on the watch list: a person may have said what the rule does not know. */
async function namedByPeople(
  db: Connection,
  sourceId: string,
  symbols: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = await db.query(
    `SELECT source_symbol AS symbol, symbol AS canonical FROM watch WHERE source_id = $1 AND source_symbol = ANY ($2::text[])`,
    [sourceId, texts(symbols)],
  );
  return new Map(rowsOf(namedRow, found).map(({ symbol, canonical }) => [symbol, canonical]));
}

function isCurrent(aliases: readonly Alias[] | undefined): boolean {
  return aliases?.some((alias) => alias.to === Number.POSITIVE_INFINITY) ?? false;
}

function entry(symbol: string, id: number | undefined): [string, number][] {
  return id === undefined ? [] : [[symbol, id]];
}

/**
 * Completes listings that a source registered without saying where they are listed, as a page of an index's members does
 * not. Only in the same currency and unit: facts stand on the listing already, and they must go on meaning what they mean.
 */
async function giveVenues(
  db: Connection,
  venueless: ReadonlyMap<string, KnownListing>,
  newcomers: readonly NewListing[],
): Promise<void> {
  const found = newcomers.flatMap((each) => {
    const known = venueless.get(each.canonical);
    const { listing } = each;
    const same = known && listing?.currency === known.currency && listing.minorFactor === known.minorFactor;
    return same && listing.mic !== pseudoMics.unknown ? [{ ...each, listing, id: known.id }] : [];
  });
  if (found.length === 0) return;
  await db.query(
    `WITH said AS (
       SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[])
         AS t (id, mic, zone, asset_class, name)
     ), listed AS (
       UPDATE listing l SET mic = said.mic, zone = said.zone FROM said WHERE l.id = said.id
       RETURNING l.instrument_id, said.asset_class, said.name
     )
     UPDATE instrument i SET asset_class = listed.asset_class, name = coalesce(listed.name, i.name)
     FROM listed WHERE i.id = listed.instrument_id`,
    [
      numbers(found.map((each) => each.id)),
      texts(found.map((each) => each.listing.mic)),
      texts(found.map((each) => each.listing.zone)),
      texts(found.map((each) => each.assetClass)),
      texts(found.map((each) => each.name)),
    ],
  );
}

const idRow = z.object({ instrument: z.int(), listing: z.int() });

/** By canonical symbol, the ids of new listings. Ids are drawn first, so that each row's is known. */
async function insertListings(
  db: Connection,
  newcomers: readonly (NewListing & { readonly listing: Listing })[],
): Promise<Map<string, number>> {
  if (newcomers.length === 0) return new Map();
  const { rows } = await db.query(
    `SELECT nextval(pg_get_serial_sequence('instrument', 'id'))::int AS instrument,
            nextval(pg_get_serial_sequence('listing', 'id'))::int AS listing
     FROM generate_series(1, $1)`,
    [newcomers.length],
  );
  const ids = rows.map((row) => idRow.parse(row));
  await db.query(
    `INSERT INTO instrument (id, asset_class, name) OVERRIDING SYSTEM VALUE
     SELECT * FROM unnest($1::int[], $2::text[], $3::text[])`,
    [
      numbers(ids.map((id) => id.instrument)),
      texts(newcomers.map((each) => each.assetClass)),
      texts(newcomers.map((each) => each.name)),
    ],
  );
  await db.query(
    `INSERT INTO listing (id, instrument_id, mic, currency, minor_factor, zone) OVERRIDING SYSTEM VALUE
     SELECT * FROM unnest($1::int[], $2::int[], $3::text[], $4::text[], $5::int[], $6::text[])`,
    [
      numbers(ids.map((id) => id.listing)),
      numbers(ids.map((id) => id.instrument)),
      texts(newcomers.map((each) => each.listing.mic)),
      texts(newcomers.map((each) => each.listing.currency)),
      numbers(newcomers.map((each) => each.listing.minorFactor)),
      texts(newcomers.map((each) => each.listing.zone)),
    ],
  );
  return new Map(newcomers.flatMap((each, index) => entry(each.canonical, ids[index]?.listing)));
}

async function insertAliases(
  db: Connection,
  namespace: string,
  symbols: readonly string[],
  listingOf: ReadonlyMap<string, number>,
  venueOf: ReadonlyMap<string, string | null> = new Map(),
): Promise<void> {
  const known = symbols.filter((symbol) => listingOf.has(symbol));
  await db.query(
    `INSERT INTO symbol_alias (namespace, symbol, listing_id, mic, valid_from)
     SELECT $1, n.symbol, n.listing_id, n.mic,
            coalesce((SELECT max(valid_to) FROM symbol_alias a WHERE a.namespace = $1 AND a.symbol = n.symbol), '-infinity')
     FROM unnest($2::text[], $3::int[], $4::text[]) AS n (symbol, listing_id, mic)
     ON CONFLICT DO NOTHING`,
    [
      namespace,
      texts(known.map(storable)),
      numbers(known.map((symbol) => listingOf.get(symbol) ?? null)),
      texts(known.map((symbol) => venueOf.get(symbol) ?? null)),
    ],
  );
}
