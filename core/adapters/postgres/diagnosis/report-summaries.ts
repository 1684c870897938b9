import * as z from 'zod';
import type { StateRequest, StateResponses } from '../../../contracts/state.ts';
import { passingRefusals } from '../../../contracts/words/summary-refusals.ts';
import type { Connection } from '../database/pool.ts';
import { firstRow } from '../database/rows.ts';

const reportRow = z.object({ markdown: z.string().nullable(), asked: z.int() });

/** A report that has neither a summary nor a refusal that stays. */
const waits = 'summary IS NULL AND (summary_refusal IS NULL OR summary_refusal = ANY ($2::text[]))';

/** The Markdown of a report that has no summary yet, and how many others of 24 hours a model was asked for. */
export async function readReport(
  connection: Connection,
  { diagnosisId }: Extract<StateRequest, { op: 'readReport' }>,
): Promise<StateResponses['readReport']> {
  const result = await connection.query(
    `SELECT (SELECT markdown FROM diagnosis WHERE id = $1 AND ${waits}) AS markdown,
            (SELECT count(*)::int FROM diagnosis WHERE created_at > now() - interval '24 hours' AND summary_model IS NOT NULL
             AND summary_refusal IS DISTINCT FROM 'daily_limit' AND id <> $1) AS asked`,
    [diagnosisId, passingRefusals],
  );
  const row = firstRow(reportRow, result);
  return { markdown: row?.markdown ?? null, askedToday: row?.asked ?? 0 };
}

/** Keeps a report's summary, unless it has one. */
export async function keepSummary(
  connection: Connection,
  { diagnosisId, model, text }: Extract<StateRequest, { op: 'keepSummary' }>,
): Promise<StateResponses['keepSummary']> {
  const { rowCount } = await connection.query(
    `UPDATE diagnosis SET summary = $3, summary_model = $4, summary_refusal = NULL WHERE id = $1 AND ${waits}`,
    [diagnosisId, passingRefusals, text.replaceAll('\0', ''), model],
  );
  return { kept: rowCount === 1 };
}

/** Keeps why a report has no summary, unless it has one. */
export async function refuseSummary(
  connection: Connection,
  { diagnosisId, model, why }: Extract<StateRequest, { op: 'refuseSummary' }>,
): Promise<StateResponses['refuseSummary']> {
  const { rowCount } = await connection.query(
    `UPDATE diagnosis SET summary_refusal = $3, summary_model = $4 WHERE id = $1 AND ${waits}`,
    [diagnosisId, passingRefusals, why, model],
  );
  return { kept: rowCount === 1 };
}
