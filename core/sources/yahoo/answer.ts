import * as z from 'zod';
import type { Failure } from '../../contracts/failure.ts';
import type { SourceAnswer } from '../parser.ts';
import { driftOf, readBody, withoutOrderMark } from '../reading/json.ts';
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
  if ('failure' in read) return { failure: toldInside(answer, read.failure) };
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

const refusalSchema = z.record(
  z.string(),
  z.object({ error: z.object({ code: z.string(), description: z.unknown() }) }),
);

/** Statuses of a refusal whose body says why: the request is at fault, or what it asks for is not there. */
function mayTell(status: number): boolean {
  return status === 400 || status === 404 || status === 410 || status === 422;
}

/** The error in the body of a refusal: `{chart: {result: null, error: {code, description}}}`; `null` where there is none. */
function errorInside({ response }: Pick<SourceAnswer, 'response'>): { code: string; description: unknown } | null {
  if (!response || (response.status !== 200 && !mayTell(response.status)) || response.body.length > longestRefusal)
    return null;
  try {
    const refusal = refusalSchema.safeParse(JSON.parse(withoutOrderMark(response.body)));
    return refusal.success ? (Object.values(refusal.data)[0]?.error ?? null) : null;
  } catch {
    return null;
  }
}

/** A refusal of Yahoo takes some hundred characters. */
export const longestRefusal = 10_000;

/** What a status stands for, unless the code in the body says more than the status: 400 with `Unauthorized` is a session. */
function toldInside(answer: Pick<SourceAnswer, 'response'>, failure: Failure): Failure {
  const error = failure.detail.code === 'http_status' ? errorInside(answer) : null;
  const told = error && toldFailure(error);
  const isKnown = told?.reason === 'auth_expired' || told?.reason === 'not_found';
  return told && isKnown && told.reason !== failure.reason && failure.reason === 'bad_request' ? told : failure;
}

/**
 * Whether a refusal says that there are no bars so early: the range ends before the first day of trading. Nothing but the
 * words tells it from a request that is wrong.
 */
export function saysNoneSoEarly(answer: Pick<SourceAnswer, 'response'>): boolean {
  const error = errorInside(answer);
  return (
    typeof error?.description === 'string' && /^data doesn.t exist for startdate\b/i.test(error.description.trim())
  );
}
