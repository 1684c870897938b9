import * as z from 'zod';
import type { Failure } from '../../contracts/failure.ts';
import type { RowFinding } from '../../contracts/words/row-findings.ts';
import type { Parsed, SourceAnswer } from '../parser.ts';
import { transportFailure } from './http-failure.ts';
import { standInOf } from './stand-ins.ts';

/** A byte order mark at the start of a body, read as UTF-8 or byte by byte, and the space around it. */
const orderMark = /^(?:[\s\ufeff]|\u00ef\u00bb\u00bf)+/;

/** The body of a 200 as JSON, or why there is none. Never throws. */
export function readBody(answer: Pick<SourceAnswer, 'response' | 'error'>): { json: unknown } | { failure: Failure } {
  const failure = transportFailure(answer);
  if (failure) return { failure };
  const body = withoutOrderMark(answer.response?.body ?? '');
  try {
    return { json: JSON.parse(body) };
  } catch {
    return {
      failure: body.startsWith('<')
        ? (standInOf(body) ?? {
            reason: 'blocked',
            detail: { code: 'page_in_place_of_data' },
            message: 'The source answered a web page in place of data.',
          })
        : { reason: 'schema_drift', detail: { code: 'invalid_json' }, message: 'The answer is not whole JSON.' },
    };
  }
}

/** A body without the byte order mark and the space at its start. */
export function withoutOrderMark(body: string): string {
  return body.replace(orderMark, '');
}

/**
 * A code of a source, such as a symbol, a currency or an exchange: characters that can be seen, and only plain ones. One
 * condition, since each costs as much as all else of a field.
 */
export function codeText(most: number): z.ZodString {
  return z.string().regex(new RegExp(`^[\\x20-\\x7e]{1,${most}}$`));
}

/** That an answer is not of its schema, and where. */
export function driftOf(error: z.ZodError): Failure {
  const paths = error.issues.slice(0, 3).map((issue) => pathOf(issue) || 'the whole answer');
  return {
    reason: 'schema_drift',
    detail: { code: 'schema_mismatch', paths },
    message: `The answer has another shape than it used to have, at ${paths.join(', ').slice(0, 200)}.`,
  };
}

/** That a row lacks fields, or has them in another form. For a rejection of the reason `schema`. */
export function invalidFields(fields: readonly string[]): RowFinding {
  return { code: 'invalid_fields', fields: fields.slice(0, 20).map((field) => field.slice(0, 200)) };
}

/** Where a row is not of its schema; `row` for the row as a whole. */
export function fieldsOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => pathOf(issue) || 'row');
}

/** A path may have keys that the source chose: only what any store and page takes is kept of them. */
function pathOf(issue: z.core.$ZodIssue): string {
  return issue.path
    .join('.')
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, 200);
}

/** An answer that is a failure as a whole. */
export function failed(failure: Failure): Parsed {
  return { quotes: [], bars: [], rejections: [], failure, missing: [] };
}
