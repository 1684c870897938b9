import type * as z from 'zod';
import type { Exchange } from '../../contracts/blob.ts';
import { transportFailure } from '../http-failure.ts';
import type { Failure, Parsed } from '../parser.ts';
import { errorAnswerSchema } from './schema.ts';

/** Yahoo's limiter says this as plain text; old clients stored it as the crumb. */
const limited = /^\s*(edge:\s*)?too many requests/i;

/** The body of a 200 as JSON of a schema, or why it is not. Never throws. */
export function readJson<S extends z.ZodType>(
  exchange: Exchange,
  schema: S,
): { value: z.output<S> } | { failure: Failure } {
  const failure = transportFailure(exchange);
  if (failure) return { failure };
  const body = exchange.response?.body ?? '';
  if (limited.test(body))
    return { failure: { reason: 'rate_limited', message: 'The source answered "Too Many Requests" inside a 200.' } };
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return {
      failure: /^\s*</.test(body)
        ? { reason: 'blocked', message: 'The source answered a web page in place of data.' }
        : { reason: 'schema_drift', message: 'The answer is not whole JSON.' },
    };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  const at = parsed.error.issues.slice(0, 3).map((issue) => issue.path.join('.') || 'the whole answer');
  return {
    failure: {
      reason: 'schema_drift',
      message: `The answer has another shape than it used to have, at ${at.join(', ')}.`,
    },
  };
}

/** Why an answer that has the right shape holds an error in place of a result. */
export function toldFailure(error: unknown): Failure {
  const told = errorAnswerSchema.safeParse(error);
  if (!told.success) return { reason: 'schema_drift', message: 'The answer has neither a result nor an error.' };
  const code = told.data.code.toLowerCase();
  if (code === 'unauthorized') return { reason: 'auth_expired', message: 'The session or crumb is not accepted.' };
  if (code === 'not found') return { reason: 'not_found', message: 'The source does not know what was asked for.' };
  if (code === 'bad request') return { reason: 'bad_request', message: 'The source does not take this request.' };
  return { reason: 'unexplained', message: 'The source answered with an error of a kind that is not known.' };
}

/** An answer that is a failure as a whole. */
export function failed(failure: Failure): Parsed {
  return { quotes: [], bars: [], rejections: [], failure, missing: [] };
}
