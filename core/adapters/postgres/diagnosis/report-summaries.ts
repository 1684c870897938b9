import * as z from 'zod';
import type { StateRequest, StateResponses } from '../../../contracts/state.ts';
import type { Connection } from '../database/pool.ts';

const markdownRow = z.object({ markdown: z.string() });

/** The Markdown of a report that has no summary yet. */
export async function readReport(
  connection: Connection,
  { diagnosisId }: Extract<StateRequest, { op: 'readReport' }>,
): Promise<StateResponses['readReport']> {
  const { rows } = await connection.query('SELECT markdown FROM diagnosis WHERE id = $1 AND summary IS NULL', [
    diagnosisId,
  ]);
  return { markdown: rows.length === 0 ? null : markdownRow.parse(rows[0]).markdown };
}

/** Keeps a report's summary, unless it has one. */
export async function keepSummary(
  connection: Connection,
  { diagnosisId, model, text }: Extract<StateRequest, { op: 'keepSummary' }>,
): Promise<StateResponses['keepSummary']> {
  const { rowCount } = await connection.query(
    'UPDATE diagnosis SET summary = $2, summary_model = $3 WHERE id = $1 AND summary IS NULL',
    [diagnosisId, text.replaceAll('\0', ''), model],
  );
  return { kept: rowCount === 1 };
}
