import * as z from 'zod';
import { findingProposalSchema, type PriceRule } from '../../../contracts/words/price-findings.ts';
import { mayBeSameName } from '../../../market/company-name.ts';
import { assetClasses } from '../../../market/instrument.ts';
import type { ListedFinding } from '../../../prices/decision.ts';
import { keyOf } from '../../../prices/rules/finding.ts';
import { judgeIdentity, namedClasses, type SaidName } from '../../../prices/rules/names.ts';
import { numbers, texts } from '../database/array-literal.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { decimalText, firstRow, rowsOf } from '../database/rows.ts';
import { ofFinding, publishClosed, publishOpened } from '../prices/finding-events.ts';
import { lockRegister } from './listing-store.ts';
import { changeProposed, openValidity } from './validity-store.ts';

const aliasRow = z.object({
  symbol: z.string(),
  listingId: z.int(),
  name: z.string().nullable(),
  namedAt: z.number().nullable(),
  canonical: z.string().nullable(),
  assetClass: z.enum(assetClasses).catch('other'),
  currency: z.string(),
  /** The names of which findings speak that are not gone. */
  doubts: z.array(z.string()),
});
type AliasRow = z.output<typeof aliasRow>;

/**
 * What the answers of a source call its symbols. A name that shares a word with the former one takes its place, and so
 * does one under which the price goes on; where the symbol means another instrument for certain, that is opened. Gives
 * findings on those of which nothing is certain.
 */
export async function judgeNames(pool: Pool, sourceId: string, said: readonly SaidName[]): Promise<ListedFinding[]> {
  const known = await aliasesOf(pool, sourceId, said);
  const like: SaidName[] = [];
  const unlike: SaidName[] = [];
  for (const each of said) {
    const alias = known.get(each.symbol);
    if (!alias || (alias.namedAt !== null && each.fetchedAt <= alias.namedAt)) continue;
    const isLike = alias.name === null || !mayChange(alias, each) || mayBeSameName(alias.name, each.name);
    if (isLike) like.push(each);
    else if (!alias.doubts.some((name) => mayBeSameName(name, each.name))) unlike.push(each);
  }
  if (like.length > 0) await inTransaction(pool, (db) => keepNames(db, sourceId, like));
  if (unlike.length === 0) return [];
  return inTransaction(pool, async (db) => {
    await lockRegister(db);
    // What it meant may have been changed while this waited.
    const now = await aliasesOf(db, sourceId, unlike);
    const findings: ListedFinding[] = [];
    for (const each of unlike) {
      const alias = now.get(each.symbol);
      if (!alias || alias.name === null || alias.canonical === null || mayBeSameName(alias.name, each.name)) continue;
      const found = await judgeOne(db, sourceId, each, alias, alias.name, alias.canonical);
      if (found) findings.push(found);
    }
    return findings;
  });
}

/** Contracts and pairs have names of their own making, and a listing in points is not traded. */
function mayChange(alias: AliasRow, said: SaidName): boolean {
  return namedClasses.has(alias.assetClass) && namedClasses.has(said.assetClass);
}

async function aliasesOf(
  db: Pool | Connection,
  sourceId: string,
  said: readonly SaidName[],
): Promise<ReadonlyMap<string, AliasRow>> {
  const found = await db.query({
    name: 'names-of-symbols',
    text: `
      SELECT a.symbol, a.listing_id AS "listingId", a.name, date_part('epoch', a.name_at) * 1000 AS "namedAt", c.symbol AS canonical,
             i.asset_class AS "assetClass", l.currency,
             ARRAY(SELECT f.evidence->>'said' FROM finding f WHERE f.listing_id = l.id AND f.source = $1 AND f.rule = 'names'
                   AND f.status <> 'gone' AND f.evidence->>'said' IS NOT NULL) AS doubts
      FROM symbol_alias a JOIN listing l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id
      LEFT JOIN symbol_alias c ON c.listing_id = l.id AND c.namespace = 'canonical' AND c.valid_to = 'infinity'
      WHERE a.namespace = $1 AND a.symbol = ANY ($2::text[]) AND a.valid_to = 'infinity'`,
    values: [sourceId, texts(said.map((each) => each.symbol))],
  });
  return new Map(rowsOf(aliasRow, found).map((row) => [row.symbol, row]));
}

/** Takes the names as those of what the symbols mean already; doubts about them are gone. */
async function keepNames(db: Connection, sourceId: string, said: readonly SaidName[]): Promise<void> {
  const closed = await db.query({
    name: 'keep-names',
    text: `
      WITH named AS (
        UPDATE symbol_alias a SET name = s.name, name_at = to_timestamp(s.at / 1000.0::float8)
        FROM unnest($2::text[], $3::text[], $4::float8[]) AS s (symbol, name, at)
        WHERE a.namespace = $1 AND a.symbol = s.symbol AND a.valid_to = 'infinity'
          AND (a.name_at IS NULL OR a.name_at < to_timestamp(s.at / 1000.0::float8))
        RETURNING a.listing_id
      )
      UPDATE finding f SET status = 'gone', closed_at = statement_timestamp()
      FROM named WHERE f.listing_id = named.listing_id AND f.source = $1 AND f.rule = 'names' AND f.status = 'open'
      RETURNING ${ofFinding}`,
    values: [
      sourceId,
      texts(said.map((each) => each.symbol)),
      texts(said.map((each) => each.name)),
      numbers(said.map((each) => each.fetchedAt)),
    ],
  });
  publishClosed(db, closed);
}

const pricedRow = z.object({
  lastPriced: z.number().nullable(),
  price: decimalText.nullable(),
  at: z.number().nullable(),
});

async function judgeOne(
  db: Connection,
  sourceId: string,
  said: SaidName,
  alias: AliasRow,
  name: string,
  canonical: string,
): Promise<ListedFinding | null> {
  const { listingId } = alias;
  const priced = firstRow(
    pricedRow,
    await db.query({
      name: 'last-priced',
      text: `
        SELECT date_part('epoch', greatest(
                 (SELECT max(as_of) FROM latest_quote WHERE listing_id = $1),
                 (SELECT max(b.starts_at) FROM bar_series s CROSS JOIN LATERAL (
                    SELECT b.starts_at FROM bar b WHERE b.listing_id = s.listing_id AND b.source = s.source
                      AND b.interval = s.interval AND b.withdrawn_at IS NULL ORDER BY b.starts_at DESC LIMIT 1) b
                  WHERE s.listing_id = $1 AND s.interval = '1d'))) * 1000 AS "lastPriced",
               q.price, date_part('epoch', q.as_of) * 1000 AS at
        FROM (SELECT) one LEFT JOIN latest_quote q ON q.listing_id = $1 AND q.source = $2`,
      values: [listingId, sourceId],
    }),
  );
  const identity = judgeIdentity(said, {
    assetClass: alias.assetClass,
    currency: alias.currency,
    doubted: alias.doubts.length > 0,
    lastPriced: priced?.lastPriced ?? null,
    price:
      priced && priced.price !== null && priced.at !== null ? { price: Number(priced.price), at: priced.at } : null,
  });
  if (identity.kind === 'renamed') {
    await keepNames(db, sourceId, [said]);
    await renameInstrument(db, listingId, said.name);
    return null;
  }
  if (identity.kind === 'another') {
    const { currency } = said.listing;
    const listing = { ...said.listing, assetClass: said.assetClass };
    await openValidity(
      db,
      canonical,
      identity.from,
      { change: 'instrument', name: said.name, currency, listing },
      sourceId,
    );
    return null;
  }
  const { mic, currency, minorFactor, zone } = said.listing;
  const { assetClass } = said;
  const listing = { assetClass, mic, currency, minorFactor, zone };
  return {
    listingId,
    finding: {
      ...subjectOf(said),
      severity: 'doubt',
      evidence: {
        code: 'another_name',
        known: name,
        said: said.name,
        from: identity.from,
        contradicts: identity.contradicts,
      },
      proposal: {
        field: 'instrument',
        from: name,
        to: said.name,
        why: 'another_name',
        since: identity.from,
        ...listing,
      },
      row: null,
    },
  };
}

function subjectOf({ name }: SaidName) {
  return {
    rule: 'names',
    subject: { kind: 'listing', interval: null, date: null, at: null, said: name },
  } as const;
}

async function renameInstrument(db: Connection, listingId: number, name: string): Promise<void> {
  await db.query('UPDATE instrument SET name = $2 WHERE id = (SELECT instrument_id FROM listing WHERE id = $1)', [
    listingId,
    name,
  ]);
}

/**
 * Stores findings on what symbols mean and where they are traded; one that is there already stays as it is. Where `accepts`
 * has the rule of names, the other instruments are opened at once.
 */
export async function storeNameFindings(
  db: Connection,
  sourceId: string,
  batchId: string,
  found: readonly ListedFinding[],
  accepts: readonly PriceRule[],
): Promise<void> {
  if (found.length === 0) return;
  const accepted = accepts.includes('names');
  const stored = await db.query({
    name: 'store-name-findings',
    text: `
      INSERT INTO finding AS f (listing_id, source, row_key, rule, severity, kind, evidence, proposal, batch_id, status, closed_at, decided_by)
      SELECT r.*, $2::bigint, CASE WHEN $3 AND r.rule = 'names' THEN 'accepted' ELSE 'open' END,
             CASE WHEN $3 AND r.rule = 'names' THEN statement_timestamp() END, CASE WHEN $3 AND r.rule = 'names' THEN 'automatic' END
      FROM (SELECT listing_id, $1::text, row_key, rule, 'doubt', 'listing', evidence, proposal
            FROM unnest($4::int[], $5::text[], $6::jsonb[], $7::jsonb[], $8::text[]) AS r (listing_id, row_key, evidence, proposal, rule)) r
      ON CONFLICT (listing_id, source, row_key) WHERE status <> 'gone' DO NOTHING RETURNING f.id, ${ofFinding}`,
    values: [
      sourceId,
      batchId,
      accepted,
      numbers(found.map((each) => each.listingId)),
      texts(found.map((each) => keyOf(each.finding))),
      texts(found.map((each) => JSON.stringify(each.finding.evidence))),
      texts(found.map((each) => (each.finding.proposal === null ? null : JSON.stringify(each.finding.proposal)))),
      texts(found.map((each) => each.finding.rule)),
    ],
  });
  publishOpened(db, stored);
  const ids = rowsOf(z.object({ id: z.string() }), stored).map((row) => row.id);
  if (accepted && ids.length > 0) await openAccepted(db, ids);
}

const decidedRow = z.object({
  listingId: z.int(),
  source: z.string(),
  canonical: z.string(),
  proposal: findingProposalSchema,
  earliest: z.string(),
});

async function decidedOn(db: Connection, ids: readonly string[]) {
  const found = await db.query(
    `SELECT f.listing_id AS "listingId", f.source, c.symbol AS canonical, f.proposal,
            CASE WHEN isfinite(c.valid_from) THEN (c.valid_from + 1)::text ELSE '0001-01-01' END AS earliest
     FROM finding f JOIN symbol_alias c ON c.listing_id = f.listing_id AND c.namespace = 'canonical' AND c.valid_to = 'infinity'
     WHERE f.id = ANY ($1::bigint[]) AND f.rule = 'names' ORDER BY f.id`,
    [numbers(ids)],
  );
  return rowsOf(decidedRow, found).flatMap(({ proposal, ...each }) =>
    proposal.field === 'instrument' ? [{ ...each, proposal }] : [],
  );
}

/** The accepted findings on what symbols mean: each opens the other instrument, unless its symbol means that already. */
export async function openAccepted(db: Connection, ids: readonly string[]): Promise<void> {
  if ((await decidedOn(db, ids)).length === 0) return;
  await lockRegister(db);
  for (const { canonical, proposal, earliest } of await decidedOn(db, ids)) {
    const { since } = proposal;
    const from = [since, earliest].toSorted().at(-1) ?? since;
    await openValidity(db, canonical, from, changeProposed(proposal), null);
  }
}

/** The dismissed findings on what symbols mean: it is the same instrument, and has another name. */
export async function keepDismissed(db: Connection, ids: readonly string[]): Promise<void> {
  for (const { listingId, source, proposal } of await decidedOn(db, ids)) {
    await renameInstrument(db, listingId, proposal.to);
    await db.query(
      `UPDATE symbol_alias SET name = $3 WHERE listing_id = $1 AND namespace = $2 AND valid_to = 'infinity'`,
      [listingId, source, proposal.to],
    );
  }
}
