import type * as z from 'zod';
import type { Failure } from '../../contracts/failure.ts';
import type { SourceAnswer } from '../parser.ts';
import { driftOf, readBody } from '../reading/json.ts';
import { errorAnswerSchema } from './schema.ts';

/** Yahoo's limiter says this as plain text; old clients stored it as the crumb. */
const limited = /^\s*(edge:\s*)?too many requests/i;

/** The body of a 200 as JSON of a schema, or why it is not. Never throws. */
export function readJson<S extends z.ZodType>(
  answer: Pick<SourceAnswer, 'response' | 'error'>,
  schema: S,
): { value: z.output<S> } | { failure: Failure } {
  const read = readBody(answer);
  if (answer.response?.status === 200 && 'failure' in read && limited.test(answer.response.body))
    return {
      failure: {
        reason: 'rate_limited',
        detail: { code: 'rate_limit_notice' },
        message: 'The source answered "Too Many Requests" inside a 200.',
      },
    };
  if ('failure' in read) return read;
  const parsed = schema.safeParse(read.json);
  return parsed.success ? { value: parsed.data } : { failure: driftOf(parsed.error) };
}

/** Why an answer that has the right shape holds an error in place of a result. */
export function toldFailure(error: unknown): Failure {
  const told = errorAnswerSchema.safeParse(error);
  if (!told.success)
    return {
      reason: 'schema_drift',
      detail: { code: 'neither_result_nor_error' },
      message: 'The answer has neither a result nor an error.',
    };
  const code = told.data.code.toLowerCase();
  if (code === 'unauthorized')
    return {
      reason: 'auth_expired',
      detail: { code: 'session_refused' },
      message: 'The session or crumb is not accepted.',
    };
  if (code === 'not found')
    return {
      reason: 'not_found',
      detail: { code: 'unknown_symbol' },
      message: 'The source does not know what was asked for.',
    };
  if (code === 'bad request')
    return {
      reason: 'bad_request',
      detail: { code: 'request_refused' },
      message: 'The source does not take this request.',
    };
  return {
    reason: 'unexplained',
    detail: { code: 'unknown_error' },
    message: 'The source answered with an error of a kind that is not known.',
  };
}
