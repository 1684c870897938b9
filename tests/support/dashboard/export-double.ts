/** The double's exports as they are read, made and ended: one gets on by a part each time that it is looked at. */
import { z } from 'zod';
import {
  type ExportView,
  exportLinkSchema,
  exportRequestSchema,
  exportSchema,
} from '../../../core/contracts/http/exports.ts';
import { type Answer, data, problem } from './double-answer.ts';
import type { DoubleState } from './double-state.ts';
import { ago, exportId, exportOf } from './export-data.ts';

/** The answer to a read, or `null` where it is none of exports. */
export function readExports(state: DoubleState, path: string, query: URLSearchParams): Answer | null {
  const [, collection, id, part] = path.split('/').map(decodeURIComponent);
  if (collection !== 'exports') return null;
  if (id === undefined) return data(z.array(exportSchema), state.exports);
  const found = state.exports.find((each) => each.id === id);
  if (!found) return problem(404, 'unknown_export', 'There is no such export', 'GET /exports lists what there is.');
  if (part === 'files') return linksOf(found, query.get('cursor'));
  const looked = { ...found };
  if (found.status === 'running') Object.assign(found, next(found));
  return data(exportSchema, looked);
}

function next({ parts: { done, total }, createdAt }: ExportView): Partial<ExportView> {
  const parts = { done: done + 1, total };
  return parts.done === total
    ? { parts, status: 'succeeded', finishedAt: createdAt, expiresAt: ago(-7 * 24) }
    : { parts };
}

function linksOf({ id, status }: ExportView, cursor: string | null): Answer {
  if (status !== 'succeeded') return problem(409, 'export_not_ready', 'The export is not done', 'It is being written.');
  const link = (path: string, rows: number | null) => ({
    ...{ path, url: `https://bucket.invalid/exports/${id}/${path}?signed`, rows },
    ...(rows === null ? { bytes: null, sha256: null } : { bytes: rows * 55, sha256: 'ab'.repeat(32) }),
  });
  const months = cursor === null ? ['2026-08', '2026-09'] : ['2026-10'];
  const files = months.map((month) =>
    link(`quotes/exchange=XNAS/interval=tick/month=${month}/${'c0ffee'.repeat(5)}.parquet`, 101_312),
  );
  return cursor === null
    ? data(z.array(exportLinkSchema), [link('_manifest.json', null), ...files], { nextCursor: 'more' })
    : data(z.array(exportLinkSchema), files);
}

/** The answer to a change, or `null` where it is none of exports. */
export function changeExport(state: DoubleState, method: string, path: string, body: unknown): Answer | null {
  const [, collection, id] = path.split('/').map(decodeURIComponent);
  if (collection !== 'exports') return null;
  if (method === 'POST') {
    const { symbols = null, exchange = null, intervals, from, to = from } = exportRequestSchema.parse(body);
    const unknown = symbols?.find((symbol) => !state.quotes.some(({ instrument }) => instrument.symbol === symbol));
    if (unknown !== undefined)
      return problem(404, 'unknown_symbol', 'The symbol is not known', `No source has data for ${unknown}.`);
    const made = exportOf({
      ...{
        id: exportId(9),
        status: 'running',
        symbols,
        exchange,
        intervals,
        from,
        to,
        listings: symbols?.length ?? 412,
      },
      ...{ parts: { done: 0, total: 2 }, rows: 0, bytes: 0, files: 0, createdAt: ago(0) },
      ...{ finishedAt: null, expiresAt: null },
    });
    state.exports = [made, ...state.exports];
    return { ...data(exportSchema, made), status: 202 };
  }
  const found = state.exports.find((each) => each.id === id);
  if (!found) return problem(404, 'unknown_export', 'There is no such export', 'GET /exports lists what there is.');
  Object.assign(found, { status: 'cancelled', expiresAt: null });
  return data(exportSchema, found);
}
