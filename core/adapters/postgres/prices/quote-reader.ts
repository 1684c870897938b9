import * as z from 'zod';
import type { VisibleSources, VisibleTo } from '../../../auth/visible-sources.ts';
import type { QuotePage, QuoteReader, QuotesWanted } from '../../../ports/quote-reader.ts';
import type { Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { whileUnchanged } from '../listings/list-changes.ts';
import { hasVisible, listingsOn, namedListingColumns, namedListingFields } from '../listings/named-listing.ts';
import { listingsFor, namedIn } from '../listings/text-search.ts';
import { catalogueRank, type RankOf } from './decide.ts';
import { classCounts, priceGroups } from './price-groups.ts';
import { provenance } from './provenance.ts';
import {
  asKnown,
  completedBy,
  currentAlias,
  listedQuoteRow,
  microseconds,
  namedListings,
  ofTheLatest,
  ofThePast,
  priceColumns,
  quoteColumns,
  quoteFields,
  repairedColumns,
  servedBy,
  servedByFields,
  servedColumns,
} from './quote-columns.ts';
import { conditionsOf, markRow, markText, Parameters, pageOf } from './quote-list.ts';
import { placesBySteps } from './quote-steps.ts';
import { sparklines } from './sparklines.ts';
import { visibleQuotes } from './visible-quotes.ts';
import { isRepaired, repairsOf, wasWrong } from './wrong-quotes.ts';

const quoteRow = z.object(quoteFields);
const listingRow = z.object({ ...namedListingFields, ...servedByFields });
const pricedRow = z.object({ ...namedListingFields, ...servedByFields, ...quoteFields });
const unpricedRow = z.object({ ...namedListingFields, ...servedByFields, source: z.null() });
const latestRow = z.union([pricedRow, unpricedRow]);
const knownQuoteRow = z.object({
  ...quoteFields,
  knownTo: microseconds.nullable(),
  repairedBy: z.string().nullable(),
});
const decidedRow = z.object({ ...servedByFields, listingId: z.int() });
const hiddenRow = z.object({ listingId: z.int() });
const countRow = z.object({ count: z.int() });
const symbolRow = z.object({ symbol: z.string() });

/**
 * Reads of quotes from Postgres. For who sees every source the price is the one that was decided when it was stored; for
 * others it is decided at the read, among what they see.
 */
export function quoteReader(pool: Pool, rankOf: RankOf = catalogueRank): VisibleTo<QuoteReader> {
  const counted = whileUnchanged<number>(pool);
  return (visible) => {
    const reader = readerOf(pool, visible, counted);
    return visible.ids === null ? reader : { ...reader, ...visibleQuotes(pool, visible.ids, rankOf) };
  };
}

function readerOf(
  pool: Pool,
  visible: VisibleSources,
  counted: ReturnType<typeof whileUnchanged<number>>,
): QuoteReader {
  return {
    async latest(symbols, date, source) {
      const result = await pool.query({
        name: 'quote-latest',
        text: `SELECT ${namedListingColumns}, ${servedBy}, ${servedColumns}, ${ofTheLatest(null)}, ${provenance}
               FROM ${namedListings('$2')}
               LEFT JOIN consolidated_quote c ON c.listing_id = l.id
               LEFT JOIN latest_quote q ON q.listing_id = l.id AND q.source = coalesce($3::text, c.source)
               ${completedBy('CASE WHEN $3::text IS NULL THEN c.complement END')}
               LEFT JOIN batch b ON b.id = q.batch_id
               WHERE a.symbol = ANY ($1::text[]) AND ${currentAlias}`,
        values: [symbols, date, source],
      });
      return rowsOf(latestRow, result);
    },

    /** Reads only `latest_quote` and `consolidated_quote`. */
    async page(of) {
      const named = await namedIn(pool, of);
      if (of.order === 'symbol' && !of.down && of.offset === 0 && of.text === null && of.mic === null) {
        // The index has the order: a page is read from it, and no more.
        const parameters = new Parameters();
        const { columns, from, where } = listOf(of, named, parameters);
        const after = of.after === null ? '' : ` AND a.symbol > ${parameters.add(of.after.symbol, 'after')}`;
        const limit = parameters.add(of.limit);
        const result = await pool.query({
          name: parameters.named(`quote-page${of.source === null ? '' : '-of-source'}`),
          text: `${columns} FROM ${from(listingsOn)} ${batches} WHERE ${where}${after} ORDER BY a.symbol LIMIT ${limit}`,
          values: parameters.values,
        });
        return rowsOf(pricedRow, result);
      }
      // First where each one stands, then those of the page.
      for (const placesOf of [placesBySteps, placesOfAll]) {
        const parameters = new Parameters();
        const list = listOf(of, named, parameters);
        const found = placesOf(of, list, parameters);
        if (!found) continue;
        const result = await pool.query({
          text: `${found.places} ${list.columns} FROM ${list.from(listingsOn, ofThePlaces(list.current))} ${batches} ${found.order}`,
          values: parameters.values,
        });
        const page = rowsOf(pricedRow, result);
        if (page.length > 0) return page;
      }
      return [];
    },

    /** What has changed since a mark is counted each time: prices decide on it. */
    count: (of) =>
      of.changedSince === null ? counted(JSON.stringify(of), () => countOf(pool, of)) : countOf(pool, of),

    groups: (date, oldest) => priceGroups(pool, date, oldest),
    classes: (date) => classCounts(pool, date),

    async sparklines(wanted, parts) {
      for (const source of new Set(wanted.map((each) => each.source))) visible.require(source);
      return sparklines(pool, wanted, parts);
    },

    async changeMark() {
      const [row] = rowsOf(markRow, await pool.query({ name: 'change-mark', text: markText }));
      if (!row) throw new Error('A statement without a table gives a row.');
      return row.mark;
    },

    async candidates(listingId) {
      const result = await pool.query({
        name: 'quote-candidates',
        text: `SELECT ${priceColumns}, ${ofTheLatest('coalesce($2::text[], ARRAY[q.source])')}, ${provenance}
               FROM latest_quote q LEFT JOIN batch b ON b.id = q.batch_id WHERE q.listing_id = $1 AND ($2::text[] IS NULL OR q.source = ANY ($2)) ORDER BY q.source`,
        values: [listingId, visible.ids],
      });
      return rowsOf(quoteRow, result);
    },

    async listings(symbols, date) {
      const result = await pool.query({
        name: 'quote-listings',
        text: `SELECT ${namedListingColumns}, ${servedBy} FROM ${namedListings('$2')} LEFT JOIN consolidated_quote c ON c.listing_id = l.id
               WHERE a.symbol = ANY ($1::text[]) AND ${currentAlias}`,
        values: [symbols, date],
      });
      return rowsOf(listingRow, result);
    },

    /** No price is of later than it was known, but for clocks that differ: so much the day's grace is for. */
    async knownAt(listingIds, knownAt) {
      const result = await pool.query({
        name: 'quote-known-at',
        text: `SELECT DISTINCT ON (s.listing_id, s.source) s.listing_id AS "listingId", ${priceColumns}, ${asKnown('$2::timestamptz')}, ${provenance}
               FROM (SELECT listing_id, source FROM latest_quote
                     WHERE listing_id = ANY ($1::int[]) AND ($3::text[] IS NULL OR source = ANY ($3))) s
               CROSS JOIN LATERAL (
                 (SELECT ${quoteColumns} FROM quote p
                  WHERE listing_id = s.listing_id AND source = s.source AND ingested_at <= $2
                    AND as_of < $2::timestamptz + interval '1 day' AND NOT ${wasWrong('p', '$2::timestamptz')}
                  ORDER BY as_of DESC LIMIT 1)
                 UNION ALL
                 (SELECT ${quoteColumns} FROM quote_revision p
                  WHERE listing_id = s.listing_id AND source = s.source AND ingested_at <= $2 AND known_to > $2
                    AND NOT ${wasWrong('p', '$2::timestamptz')}
                  ORDER BY as_of DESC LIMIT 1)) q
               LEFT JOIN batch b ON b.id = q.batch_id
               ORDER BY s.listing_id, s.source, q.as_of DESC`,
        values: [listingIds, knownAt, visible.ids],
      });
      return rowsOf(listedQuoteRow, result);
    },

    async decidedAt(listingIds, knownAt) {
      const held = `listing_id AS "listingId", source AS chosen, rule, spread, confidence, NULL::text AS complement`;
      const result = await pool.query({
        name: 'decisions-known-at',
        text: `SELECT ${held} FROM consolidated_quote WHERE listing_id = ANY ($1::int[]) AND coalesce(since, decided_at) <= $2
               UNION ALL
               SELECT ${held} FROM consolidated_quote_revision
               WHERE listing_id = ANY ($1::int[]) AND since <= $2 AND known_to > $2`,
        values: [listingIds, knownAt],
      });
      return rowsOf(decidedRow, result);
    },

    async history(of) {
      visible.require(of.source);
      const down = of.order === 'desc';
      const order = down ? 'as_of DESC, ingested_at DESC' : 'as_of, ingested_at';
      const unlessWrong = ` AND (NOT ${wasWrong('p', '$5::timestamptz')} OR ($9::bool AND ${isRepaired('p', '$1', '$5::timestamptz')}))`;
      const range = `listing_id = $1 AND source = $2 AND as_of >= $3 AND as_of < $4
        AND ($5::timestamptz IS NULL OR ingested_at <= $5)${of.raw ? '' : unlessWrong}
        AND ($6::timestamptz IS NULL OR (as_of, ingested_at) ${down ? '<' : '>'} ($6, $7::timestamptz))`;
      // The cursor narrows the range too, so that the index finds the page without walking over the pages before it.
      const from = of.after && !down ? of.after.asOf : of.from;
      const to = of.after && down ? new Date(Date.parse(of.after.asOf) + 1).toISOString() : of.to;
      const withPast = of.revisions || of.knownAt !== null;
      const past = `UNION ALL (SELECT ${quoteColumns}, known_to FROM quote_revision p
                    WHERE ${range} AND ($5::timestamptz IS NULL OR known_to > $5) ORDER BY ${order} LIMIT $8)`;
      const result = await pool.query({
        name: `quote-history-${of.order}${withPast ? '-past' : ''}${of.raw ? '-raw' : ''}`,
        text: `SELECT ${repairedColumns}, ${provenance}, q.known_to::text AS "knownTo", ${ofThePast}
               FROM ((SELECT ${quoteColumns}, NULL::timestamptz AS known_to FROM quote p WHERE ${range} ORDER BY ${order} LIMIT $8)
                     ${withPast ? past : ''}) q
               LEFT JOIN batch b ON b.id = q.batch_id ${repairsOf('$1', '$5::timestamptz', '$9::bool')}
               ORDER BY q.as_of ${down ? 'DESC' : ''}, q.ingested_at ${down ? 'DESC' : ''} LIMIT $8`,
        values: [
          of.listingId,
          of.source,
          from,
          to,
          of.knownAt,
          of.after?.asOf ?? null,
          of.after?.knownFrom ?? null,
          of.limit,
          of.repaired,
        ],
      });
      return rowsOf(knownQuoteRow, result).map((row) => ({ ...row, knownFrom: row.ingestedAt }));
    },

    async hidden(listingIds, source) {
      if (visible.ids === null || (source !== null && visible.has(source))) return new Set();
      const result = await pool.query({
        name: 'quote-hidden',
        text: `SELECT listing_id AS "listingId" FROM latest_quote WHERE listing_id = ANY ($1::int[])
               GROUP BY listing_id HAVING $3::text IS NOT NULL OR NOT bool_or(source = ANY ($2::text[]))`,
        values: [listingIds, visible.ids, source],
      });
      return new Set(rowsOf(hiddenRow, result).map((row) => row.listingId));
    },

    async symbolsLike(symbol, date) {
      const result = await pool.query(
        `SELECT a.symbol FROM symbol_alias a WHERE starts_with(a.symbol, $1) AND ${currentAlias} AND ${hasVisible('a.listing_id', '$3')}
         ORDER BY a.symbol LIMIT 300`,
        [symbol.slice(0, 1), date, visible.ids],
      );
      return rowsOf(symbolRow, result).map((row) => row.symbol);
    },
  };
}

const batches = 'LEFT JOIN batch b ON b.id = q.batch_id';
/** SQL: the symbols of a page, each looked up by its key: OFFSET keeps Postgres from reading all of them for a join. */
const ofThePlaces = (current: string) =>
  `x CROSS JOIN LATERAL (SELECT * FROM symbol_alias a WHERE a.symbol = x.symbol AND ${current} OFFSET 0) a`;

/** SQL: the places of a page among all of a list: what few have, or none, is not sought along an index. */
function placesOfAll(of: QuotePage, { facts, from, where }: ReturnType<typeof listOf>, parameters: Parameters) {
  const { place, after, order } = pageOf(of, parameters);
  const range = `LIMIT ${parameters.add(of.limit)} OFFSET ${parameters.add(of.offset)}`;
  const places = `WITH every AS MATERIALIZED (
      SELECT ${place} FROM (SELECT a.symbol, ${facts} FROM ${from(listingsFor(of))} WHERE ${where}) y),
    x AS MATERIALIZED (SELECT * FROM every x ${after} ${order} ${range})`;
  return { places, order };
}

/** Planned for its values, by which most listings are valid: each table is read once. */
async function countOf(pool: Pool, of: QuotesWanted): Promise<number> {
  const parameters = new Parameters();
  const { from, where } = listOf(of, await namedIn(pool, of), parameters);
  const result = await pool.query({
    text: `SELECT count(*)::int AS count FROM ${from(listingsFor(of))} WHERE ${where}`,
    values: parameters.values,
  });
  return rowsOf(countRow, result)[0]?.count ?? 0;
}

/** The quotes of a list: what they say, from where it comes, which of them are wanted, and which symbols are valid. */
function listOf(of: QuotesWanted, named: string | null, parameters: Parameters) {
  const unnamed = of.source === null;
  const date = parameters.add(of.date);
  const source = unnamed ? 'c.source' : parameters.add(of.source);
  const tables = unnamed ? ['c', 'q', 'm'] : ['c', 'q'];
  const conditions = conditionsOf(of, named, parameters, {
    // Where there is no complement, there is nothing to compare.
    changed: (test) =>
      tables.map((table) => (table === 'm' ? `coalesce(${test(table)}, false)` : test(table))).join(' OR '),
    stored: (at) => `(q.ingested_at >= ${at} OR c.decided_at >= ${at}${unnamed ? ` OR m.ingested_at >= ${at}` : ''})`,
  });
  const current = currentAlias.replaceAll('$2', date);
  const facts = unnamed ? servedColumns : priceColumns;
  return {
    facts,
    columns: `SELECT ${namedListingColumns}, ${servedBy}, ${facts}, ${ofTheLatest(null)}, ${provenance}`,
    from: (listings: typeof listingsOn, aliases?: string) => `${namedListings(date, listings, aliases)}
           JOIN consolidated_quote c ON c.listing_id = l.id
           JOIN latest_quote q ON q.listing_id = l.id AND q.source = ${source}
           ${unnamed ? completedBy('c.complement') : ''}`,
    where: `${current}${conditions}`,
    current,
    source: unnamed ? null : source,
  };
}
