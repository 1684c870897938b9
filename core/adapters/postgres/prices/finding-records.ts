import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import {
  findingEvidenceSchema,
  findingProposalSchema,
  findingSeverities,
  findingStatuses,
  findingSubjects,
  priceRules,
} from '../../../contracts/words/price-findings.ts';
import { barIntervals } from '../../../market/bar.ts';
import type { FindingRecords } from '../../../ports/finding-records.ts';
import { numbers, texts } from '../database/array-literal.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { decimalText, firstRow, instant, rowsOf } from '../database/rows.ts';
import { keepDismissed, openAccepted } from '../listings/name-store.ts';
import { catalogueRank, type RankOf } from './decide.ts';
import { ofFinding, publishClosed } from './finding-events.ts';
import { readAgainAcceptedLists } from './reread-store.ts';
import { serveVouched } from './vouched-quotes.ts';

/** `$STATUS` is the status, now or at an instant. */
const columns = `f.id, f.rule, f.severity, $STATUS AS status, a.symbol, f.source, f.kind, f.interval, f.date::text AS date, f.at, f.said,
  f.evidence, f.proposal, f.opened_at AS "openedAt", f.closed_at AS "closedAt", f.decided_by AS by`;
const now = columns.replace('$STATUS', 'f.status');
const named = `LEFT JOIN LATERAL (SELECT symbol FROM symbol_alias WHERE listing_id = f.listing_id AND namespace = 'canonical'
                                  ORDER BY valid_to DESC LIMIT 1) a ON true`;
/** What this release knows: rules and evidence of a later one are left to it. */
const known = `f.rule = ANY ('${texts(priceRules)}'::text[])
  AND f.evidence->>'code' = ANY ('${texts(findingEvidenceSchema.options.map((option) => option.shape.code.value))}'::text[])`;

/**
 * Whether a caller sees the findings of a source of `sources`, of all where that is NULL. Those that rest on other sources tell
 * what these said, so they are for who sees every source.
 */
export const visibleOf = (sources: string) => `(${sources}::text[] IS NULL OR (f.source = ANY (${sources})
  AND f.evidence->>'code' <> 'unlike_sources' AND coalesce(f.evidence->>'witness', '') <> 'other_source'))`;

const foundRow = z.object({ visible: z.boolean() });
const findingRow = z.object({
  id: z.string(),
  rule: z.enum(priceRules),
  severity: z.enum(findingSeverities),
  status: z.enum(findingStatuses),
  symbol: z.string().nullable(),
  source: z.string(),
  kind: z.enum(findingSubjects),
  interval: z.enum(barIntervals).nullable().catch(null),
  date: z.string().nullable(),
  at: instant.nullable(),
  said: decimalText.nullable(),
  evidence: findingEvidenceSchema,
  proposal: findingProposalSchema.nullable().catch(null),
  openedAt: instant,
  closedAt: instant.nullable(),
  by: z.string().nullable(),
});
const idRow = z.object({ id: z.string() });

/** Findings in Postgres. */
export function findingRecords(pool: Pool, rankOf: RankOf = catalogueRank): VisibleTo<FindingRecords> {
  return (visible) => ({
    async one(id) {
      const text = `SELECT ${visibleOf('$2')} AS visible, ${now} FROM finding f ${named} WHERE f.id = $1 AND ${known}`;
      const result = await pool.query(text, [id, visible.ids]);
      if (firstRow(foundRow, result)?.visible === false) throw visible.refusal();
      return firstRow(findingRow, result);
    },

    async list(of) {
      // Of one symbol there are few, and an index has them; of all, those with the newest ids are asked for.
      const ofSymbol =
        of.symbol === null
          ? '$6::text IS NULL'
          : `f.listing_id = ANY (ARRAY(SELECT listing_id FROM symbol_alias WHERE namespace = 'canonical' AND symbol = $6))`;
      const result = await pool.query({
        name: `findings${of.symbol === null ? '' : '-of-symbol'}`,
        text: `SELECT ${now} FROM finding f ${named}
               WHERE f.status = $1 AND ($2::text IS NULL OR f.source = $2) AND ($3::text IS NULL OR f.rule = $3)
                 AND ($4::text IS NULL OR f.severity = $4) AND ($5::bigint IS NULL OR f.id < $5)
                 AND ${ofSymbol}
                 AND ${visibleOf('$8')} AND ${known}
               ORDER BY ${of.symbol === null ? 'f.id' : 'f.id + 0'} DESC LIMIT $7`,
        values: [of.status, of.sourceId, of.rule, of.severity, of.before, of.symbol, of.limit, visible.ids],
      });
      return rowsOf(findingRow, result);
    },

    async ofSeries(listingId, source, intervals, bars, knownAt) {
      visible.require(source);
      const result = await pool.query({
        name: 'findings-of-series',
        text: `SELECT ${columns.replace('$STATUS', "CASE WHEN f.closed_at > $4 THEN 'open' ELSE f.status END")}
               FROM finding f ${named}
               WHERE f.listing_id = $1 AND f.source = $2 AND (f.interval IS NULL OR f.interval = ANY ($3::text[]))
                 AND (f.kind <> 'bar' OR f.at BETWEEN $5::timestamptz AND coalesce($6::timestamptz, 'infinity'))
                 AND ($4::timestamptz IS NULL OR f.opened_at <= $4)
                 AND (f.status IN ('open', 'accepted') OR f.closed_at > $4) AND ${known}
               ORDER BY f.id`,
        values: [listingId, source, texts(intervals), knownAt, bars.from, bars.to],
      });
      return rowsOf(findingRow, result);
    },

    async decide(ids, status, by) {
      return inTransaction(pool, async (db) => {
        const result = await db.query({
          name: 'decide-findings',
          text: `UPDATE finding f SET status = $2, closed_at = clock_timestamp(), decided_by = $3
                 WHERE id = ANY ($1::bigint[]) AND status = 'open' AND ${visibleOf('$4')} RETURNING f.id, ${ofFinding}`,
          values: [numbers(ids), status, by, visible.ids],
        });
        publishClosed(db, result);
        const decided = rowsOf(idRow, result).map((row) => row.id);
        if (decided.length === 0) return decided;
        if (status === 'accepted') {
          await openAccepted(db, decided);
          await readAgainAcceptedLists(db, decided);
        } else {
          await keepDismissed(db, decided);
          await serveVouched(db, decided, rankOf);
        }
        return decided;
      });
    },
  });
}
