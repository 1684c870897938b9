import * as z from 'zod';
import { barBases } from '../../../market/bar.ts';
import type { StoredBarSeries } from '../../../prices/decision.ts';
import { judgeSources } from '../../../prices/judge-sources.ts';
import { keyOf } from '../../../prices/rules/finding.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';
import { decimalText, rowsOf } from '../database/rows.ts';
import { ofFinding, publishClosed } from './finding-events.ts';
import { storeFindings } from './finding-store.ts';

const several = z.object({ listingId: z.int() });
const daysRow = z.object({
  sourceId: z.string(),
  bars: z.array(
    z.object({ startsAt: z.number(), date: z.string(), close: decimalText, basis: z.enum(barBases).catch('raw') }),
  ),
});
const splitRow = z.object({ exDate: z.string() });

/** Rows that another rule calls wrong have no say. */
const daysText = `
  SELECT b.source AS "sourceId", jsonb_agg(jsonb_build_object('startsAt', (date_part('epoch', b.starts_at) * 1000)::int8, 'date', b.date,
           'close', b.close::text, 'basis', b.basis) ORDER BY b.starts_at) AS bars
  FROM bar_series s JOIN bar b ON b.listing_id = s.listing_id AND b.source = s.source AND b.interval = '1d'
  WHERE s.listing_id = $1 AND s.interval = '1d' AND b.date BETWEEN $2::date AND $3::date
    AND b.starts_at BETWEEN $2::date - interval '2 days' AND $3::date + interval '2 days'
    AND b.withdrawn_at IS NULL AND NOT b.stale
    AND NOT EXISTS (SELECT FROM finding f WHERE f.listing_id = b.listing_id AND f.source = b.source AND f.kind = 'bar' AND f.interval = '1d'
                    AND f.at = b.starts_at AND f.severity = 'wrong' AND f.rule <> 'sources' AND f.status IN ('open', 'accepted'))
  GROUP BY b.source ORDER BY b.source`;

/**
 * Compares the daily bars of listings that several sources have, in the years of an answer, and stores what differs of
 * each source. Findings of these years that do not hold any more are gone.
 */
export async function compareSources(
  db: Connection,
  sourceId: string,
  batchId: string,
  series: readonly StoredBarSeries[],
): Promise<void> {
  const daily = new Map(series.flatMap((each) => (each.bars[0]?.interval === '1d' ? [[each.listing.id, each]] : [])));
  if (daily.size === 0) return;
  const found = await db.query({
    name: 'series-of-several',
    text: `SELECT DISTINCT listing_id AS "listingId" FROM bar_series
           WHERE listing_id = ANY ($1::int[]) AND interval = '1d' AND source <> $2 ORDER BY 1`,
    values: [numbers([...daily.keys()]), sourceId],
  });
  for (const { listingId } of rowsOf(several, found)) {
    const each = daily.get(listingId);
    const dates = each?.bars.flatMap((bar) => bar.date ?? []).sort();
    const [first, last] = [dates?.[0], dates?.at(-1)];
    if (!each || first === undefined || last === undefined) continue;
    await db.query(`SELECT pg_advisory_xact_lock(hashtext('sources of bars'), $1)`, [listingId]);
    const years = [`${first.slice(0, 4)}-01-01`, `${last.slice(0, 4)}-12-31`];
    const days = await db.query({ name: 'days-of-sources', text: daysText, values: [listingId, ...years] });
    const splits = await db.query({
      name: 'splits-of-listing',
      text: `SELECT DISTINCT ex_date::text AS "exDate" FROM corporate_action
             WHERE listing_id = $1 AND type = 'split' AND withdrawn_at IS NULL`,
      values: [listingId],
    });
    const judged = judgeSources(
      each.listing,
      rowsOf(daysRow, days),
      rowsOf(splitRow, splits).map((split) => split.exDate),
    );
    for (const [source, one] of judged) {
      if (one.findings.length > 0) await storeFindings(db, source, batchId, [one]);
      publishClosed(
        db,
        await db.query({
          name: 'end-source-findings',
          text: `UPDATE finding f SET status = 'gone', closed_at = statement_timestamp()
               WHERE listing_id = $1 AND source = $2 AND rule = 'sources' AND kind = 'bar' AND interval = '1d' AND status = 'open'
                 AND date BETWEEN $3::date AND $4::date AND NOT row_key = ANY ($5::text[])
               RETURNING ${ofFinding}`,
          values: [listingId, source, ...years, texts(one.findings.map(keyOf))],
        }),
      );
    }
  }
}
