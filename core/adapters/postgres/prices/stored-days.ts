import * as z from 'zod';
import type { PriceRule } from '../../../contracts/words/price-findings.ts';
import { barBases, corporateActionTypes } from '../../../market/bar.ts';
import { assetClasses } from '../../../market/instrument.ts';
import type { StoredDaysStore } from '../../../ports/stored-days.ts';
import { passingWitnesses, rulesOfStored, type StoredDays } from '../../../prices/judge-again.ts';
import { keyOf } from '../../../prices/rules/finding.ts';
import { texts } from '../database/array-literal.ts';
import { msOf } from '../database/instant.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { decimalText, firstRow, rowsOf } from '../database/rows.ts';
import { ofFinding, publishClosed } from './finding-events.ts';
import { storeFindings } from './finding-store.ts';
import { paymentsOf } from './payments.ts';
import { wantRepairs } from './repair-wants.ts';

const placeRow = z.object({ listingId: z.int(), sourceId: z.string() });
const number = z.coerce.number();
const price = decimalText.nullable();

const daysRow = z.object({
  id: z.int(),
  sourceId: z.string(),
  assetClass: z.enum(assetClasses).catch('other'),
  mic: z.string(),
  currency: z.string(),
  minorFactor: z.int(),
  zone: z.string(),
  basis: z.enum(barBases),
  bars: z.array(
    z.object({
      startsAt: z.number(),
      date: z.string(),
      open: price,
      high: price,
      low: price,
      close: decimalText,
      volume: price,
      currency: z.string(),
      minorFactor: z.int(),
    }),
  ),
  actions: z.array(
    z.object({
      type: z.enum(corporateActionTypes),
      exDate: z.string(),
      ratio: price,
      amount: price,
      currency: z.string().nullable(),
      knownAt: z.number(),
    }),
  ),
  quote: z.object({ price: number, at: z.number() }).nullable(),
  answered: z.array(z.object({ first: z.string(), last: z.string(), fetchedAt: z.number() })),
});

const nextText = `
  SELECT l.id, k.source AS "sourceId", i.asset_class AS "assetClass", l.mic, l.currency, l.minor_factor AS "minorFactor", l.zone,
         n.basis, b.bars, coalesce(a.actions, '[]') AS actions, q.quote, coalesce(r.answered, '[]') AS answered
  FROM (SELECT s.listing_id, s.source FROM bar_series s
        WHERE s.interval = '1d' AND ($1::int IS NULL OR (s.listing_id, s.source) > ($1, $2))
          AND EXISTS (SELECT FROM bar b WHERE b.listing_id = s.listing_id AND b.source = s.source AND b.interval = '1d'
                      AND b.starts_at >= $3::date AND b.withdrawn_at IS NULL)
        ORDER BY s.listing_id, s.source LIMIT $5) k
  JOIN listing l ON l.id = k.listing_id JOIN instrument i ON i.id = l.instrument_id
  CROSS JOIN LATERAL (SELECT basis FROM bar WHERE listing_id = k.listing_id AND source = k.source AND interval = '1d'
                      AND withdrawn_at IS NULL ORDER BY starts_at DESC LIMIT 1) n
  CROSS JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('startsAt', floor(${msOf('starts_at')}), 'date', date, 'open', open::text, 'high', high::text,
             'low', low::text, 'close', close::text, 'volume', volume::text, 'currency', currency,
             'minorFactor', minor_factor) ORDER BY starts_at) AS bars
    FROM bar WHERE listing_id = k.listing_id AND source = k.source AND interval = '1d' AND starts_at >= $4::date
      AND withdrawn_at IS NULL AND NOT stale AND date IS NOT NULL AND basis = n.basis) b
  LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('type', type, 'exDate', ex_date, 'ratio', ratio::text, 'amount', paid::text,
                                        'currency', paid_in, 'knownAt', floor(${msOf('known_at')})) ORDER BY ex_date, type, paid) AS actions
    FROM ${paymentsOf('corporate_action')} WHERE listing_id = k.listing_id AND source = k.source AND withdrawn_at IS NULL
      AND type = ANY ($6::text[])) a ON true
  LEFT JOIN LATERAL (
    SELECT jsonb_build_object('price', price::text, 'at', floor(${msOf('as_of')})) AS quote FROM latest_quote
    WHERE listing_id = k.listing_id AND source = k.source AND NOT provisional) q ON true
  LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('first', (from_at AT TIME ZONE l.zone)::date, 'last', (to_at AT TIME ZONE l.zone)::date,
                                        'fetchedAt', floor(${msOf('fetched_at')}))) AS answered
    FROM answered_range WHERE listing_id = k.listing_id AND source = k.source AND interval = '1d') r ON true
  WHERE b.bars IS NOT NULL
  ORDER BY l.id, k.source`;

/** The stored daily bars in Postgres. Proposals of the rules in `accepts` are accepted without a person. */
export function storedDaysStore(pool: Pool, accepts: readonly PriceRule[] = []): StoredDaysStore {
  return {
    async place() {
      return firstRow(
        placeRow,
        await pool.query('SELECT listing_id AS "listingId", source AS "sourceId" FROM judged_place'),
      );
    },

    async setPlace(place) {
      if (place === null) await pool.query('DELETE FROM judged_place');
      else
        await pool.query(
          `INSERT INTO judged_place (listing_id, source) VALUES ($1, $2)
           ON CONFLICT (one) DO UPDATE SET listing_id = excluded.listing_id, source = excluded.source`,
          [place.listingId, place.sourceId],
        );
    },

    async next({ after, from, readFrom, limit }) {
      const found = await pool.query(nextText, [
        after?.listingId ?? null,
        after?.sourceId ?? null,
        from,
        readFrom,
        limit,
        texts(corporateActionTypes),
      ]);
      return rowsOf(daysRow, found).map(
        ({ id, assetClass, mic, currency, minorFactor, zone, bars, ...rest }): StoredDays => ({
          ...rest,
          listing: { id, assetClass, mic, currency, minorFactor, zone },
          bars: bars.map((bar) => ({ ...bar, interval: '1d' })),
        }),
      );
    },

    keep: (sourceId, judged) =>
      inTransaction(pool, async (db) => {
        const { listingId, findings, payments, firstDay, lastDay } = judged;
        await db.query(`SELECT pg_advisory_xact_lock(hashtext('bars ' || $1), $2)`, [sourceId, listingId]);
        const { rows } = await db.query(
          `SELECT batch_id AS id FROM bar WHERE listing_id = $1 AND source = $2 AND interval = '1d' ORDER BY starts_at DESC LIMIT 1`,
          [listingId, sourceId],
        );
        const wrong = await storeFindings(db, sourceId, batchRow.parse(rows[0]).id, [judged], accepts);
        await wantRepairs(db, sourceId, wrong);
        publishClosed(
          db,
          await db.query(
            `UPDATE finding f SET status = 'gone', closed_at = statement_timestamp()
           WHERE f.listing_id = $1 AND f.source = $2 AND f.status = 'open' AND f.date BETWEEN $3::date AND $4::date
             AND f.rule = ANY ($5::text[]) AND NOT f.row_key = ANY ($6::text[])
             AND coalesce(f.evidence->>'witness', '') <> ALL ($7::text[])
             AND CASE WHEN f.rule = 'dividends' THEN f.kind || ' ' || f.date = ANY ($8::text[])
                      WHEN f.kind = 'bar' THEN f.interval = '1d' ELSE true END
           RETURNING ${ofFinding}`,
            [
              listingId,
              sourceId,
              firstDay,
              lastDay,
              texts(rulesOfStored),
              texts(findings.map(keyOf)),
              texts(passingWitnesses),
              texts(payments.map(({ type, exDate }) => `${type} ${exDate}`)),
            ],
          ),
        );
      }),
  };
}

const batchRow = z.object({ id: z.string() });
