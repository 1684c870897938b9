import * as z from 'zod';
import type { Citable } from '../../../contracts/citable.ts';
import { noteBelow } from '../../../contracts/http/diagnostics.ts';
import type { StateRequest, StateResponses } from '../../../contracts/state.ts';
import { causes, causeWords } from '../../../contracts/words/causes.ts';
import { passingRefusals } from '../../../contracts/words/summary-refusals.ts';
import type { Connection } from '../database/pool.ts';
import { firstRow } from '../database/rows.ts';

/** Of a report's facts, what its summary may cite. */
const factsSchema = z.object({
  headline: z.string().default(''),
  sources: z.array(z.object({ id: z.string(), title: z.string() })).default([]),
  findings: z
    .array(
      z.object({
        sources: z.array(z.string()),
        title: z.string(),
        causeCode: z.enum(causes).nullable().default(null),
        cause: z.string(),
        evidence: z.array(z.string()),
        effect: z.number(),
        healedAt: z.string().nullable().default(null),
      }),
    )
    .default([]),
});
const reportRow = z.object({ markdown: z.string().nullable(), facts: factsSchema.nullable(), asked: z.int() });

/** A report that has neither a summary nor a refusal that stays. */
const waits = 'summary IS NULL AND (summary_refusal IS NULL OR summary_refusal = ANY ($2::text[]))';

/** The Markdown of a report that has no summary yet, and how many others of 24 hours a model was asked for. */
export async function readReport(
  connection: Connection,
  { diagnosisId }: Extract<StateRequest, { op: 'readReport' }>,
): Promise<StateResponses['readReport']> {
  const result = await connection.query(
    `SELECT (SELECT markdown FROM diagnosis WHERE id = $1 AND ${waits}) AS markdown,
            (SELECT facts FROM diagnosis WHERE id = $1 AND ${waits}) AS facts,
            (SELECT count(*)::int FROM diagnosis WHERE created_at > now() - interval '24 hours' AND summary_model IS NOT NULL
             AND summary_refusal IS DISTINCT FROM 'daily_limit' AND id <> $1) AS asked`,
    [diagnosisId, passingRefusals],
  );
  const row = firstRow(reportRow, result);
  const citables = row?.facts ? citablesOf(row.facts) : [];
  return { markdown: row?.markdown ?? null, askedToday: row?.asked ?? 0, citables };
}

/** Its findings in their order, and the installation as a whole. */
function citablesOf({ headline, sources, findings }: z.infer<typeof factsSchema>): Citable[] {
  const namesOf = (ids: readonly string[]) => sources.flatMap(({ id, title }) => (ids.includes(id) ? [id, title] : []));
  return [
    ...findings.map(({ title, sources: ids, causeCode, cause, evidence, healedAt }, at) => ({
      id: `f${at + 1}`,
      title,
      names: namesOf(ids),
      text: [causeCode === null ? '' : causeWords[causeCode], cause, ...evidence].join(' '),
      isWell: healedAt !== null,
    })),
    {
      id: 's',
      title: headline,
      names: namesOf(sources.map(({ id }) => id)),
      text: '',
      isWell: findings.every(({ effect }) => effect < noteBelow),
    },
  ];
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
