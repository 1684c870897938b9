import * as z from 'zod';
import {
  findingSeverities,
  findingStatuses,
  findingSubjects,
  priceRules,
} from '../../../contracts/words/price-findings.ts';
import { blockOf } from '../../../events/block.ts';
import { barIntervals } from '../../../market/bar.ts';
import { publish } from '../database/outbox.ts';
import type { Connection } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { canonicalOf } from '../listings/canonical-symbols.ts';

/** SQL: what a statement that opens or closes findings must return of `finding f`. */
export const ofFinding = `f.id AS "findingId", f.source AS "sourceId", f.listing_id AS "listingId", ${canonicalOf('f.listing_id')} AS symbol,
  f.rule, f.severity, f.kind, f.interval, f.date::text AS date, f.at AS "asOf", f.status`;

const findingRow = z.object({
  findingId: z.string(),
  sourceId: z.string(),
  listingId: z.int(),
  symbol: z.string().nullable(),
  // A row of another release may have a word that this one does not know.
  rule: z.enum(priceRules).nullable().catch(null),
  severity: z.enum(findingSeverities).nullable().catch(null),
  kind: z.enum(findingSubjects).nullable().catch(null),
  interval: z.enum(barIntervals).nullable(),
  date: z.string().nullable(),
  asOf: z
    .date()
    .transform((at) => at.toISOString())
    .nullable(),
  status: z.enum(findingStatuses).catch('gone'),
});

interface Result {
  readonly rows: readonly unknown[];
}

/** Publishes that findings were opened: rows of `ofFinding`. Those that were accepted at once are closed as well. */
export function publishOpened(db: Connection, result: Result): void {
  const rows = known(result);
  publish(
    db,
    rows.map(({ status: _, ...data }) => ({ type: 'finding.opened', data })),
  );
  publish(
    db,
    rows.flatMap((data) => (data.status === 'open' ? [] : [{ type: 'finding.closed' as const, data }])),
  );
}

/** Publishes that findings were closed: rows of `ofFinding`. */
export function publishClosed(db: Connection, result: Result): void {
  publish(
    db,
    known(result).map((data) => ({ type: 'finding.closed', data })),
  );
}

function known(result: Result) {
  return rowsOf(findingRow, result).flatMap(({ rule, severity, kind, symbol, ...row }) =>
    rule === null || severity === null || kind === null
      ? []
      : [{ ...row, rule, severity, kind, symbol: symbol ?? '', block: blockOf(row.listingId) }],
  );
}
