import type * as z from 'zod';
import type { Exchange } from '../../contracts/blob.ts';
import type { Failure } from '../../contracts/failure.ts';
import type { Parsed } from '../parser.ts';
import { transportFailure } from './http-failure.ts';

/** The body of a 200 as JSON, or why there is none. Never throws. */
export function readBody(exchange: Exchange): { json: unknown } | { failure: Failure } {
  const failure = transportFailure(exchange);
  if (failure) return { failure };
  const body = exchange.response?.body ?? '';
  try {
    return { json: JSON.parse(body) };
  } catch {
    return {
      failure: /^\s*</.test(body)
        ? {
            reason: 'blocked',
            detail: { code: 'page_in_place_of_data' },
            message: 'The source answered a web page in place of data.',
          }
        : { reason: 'schema_drift', detail: { code: 'invalid_json' }, message: 'The answer is not whole JSON.' },
    };
  }
}

/** That an answer is not of its schema, and where. */
export function driftOf(error: z.ZodError): Failure {
  const paths = error.issues.slice(0, 3).map((issue) => issue.path.join('.').slice(0, 200) || 'the whole answer');
  return {
    reason: 'schema_drift',
    detail: { code: 'schema_mismatch', paths },
    message: `The answer has another shape than it used to have, at ${paths.join(', ').slice(0, 200)}.`,
  };
}

/** An answer that is a failure as a whole. */
export function failed(failure: Failure): Parsed {
  return { quotes: [], bars: [], rejections: [], failure, missing: [] };
}
