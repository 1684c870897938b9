import { maskKeys } from '../auth/api-keys.ts';
import { LicenceError } from '../auth/visible-sources.ts';
import type { Problem } from '../contracts/http/envelope.ts';
import { AnswerStoreError } from '../ports/answer-store.ts';
import { errorCode, isDatabaseUnavailable } from '../ports/database-unavailable.ts';

/**
 * Every problem of the API by its `code`: HTTP status, a fixed title, and whether the same request may work later. The
 * `detail` says what happened this time and what to do.
 */
export const problems = {
  invalid_request: { status: 400, title: 'The request is not valid', retryable: false },
  invalid_symbol: { status: 400, title: 'That cannot be a symbol', retryable: false },
  invalid_cursor: { status: 400, title: 'The cursor is not one of this list', retryable: false },
  unknown_source: { status: 404, title: 'There is no such source', retryable: false },
  unauthenticated: { status: 401, title: 'An API key is needed', retryable: false },
  invalid_key: { status: 401, title: 'The API key is not valid', retryable: false },
  session_ended: { status: 401, title: 'The session has ended', retryable: false },
  sign_in_refused: { status: 401, title: 'The sign-in was refused', retryable: false },
  forbidden: { status: 403, title: 'The key may not do this', retryable: false },
  licence_forbids: { status: 403, title: 'The licence does not allow it to this key', retryable: false },
  foreign_origin: { status: 403, title: 'The request came from another site', retryable: false },
  not_found: { status: 404, title: 'There is nothing here', retryable: false },
  unknown_symbol: { status: 404, title: 'The symbol is not known', retryable: false },
  no_quote: { status: 404, title: 'There is no price yet', retryable: true },
  not_an_index: { status: 404, title: 'The symbol is no index', retryable: false },
  no_constituents: { status: 404, title: 'The members of the index are not known', retryable: true },
  unknown_answer: { status: 404, title: 'There is no such raw answer', retryable: false },
  unknown_artifact: { status: 404, title: 'There is no such artifact', retryable: false },
  no_bars: { status: 404, title: 'There are no bars', retryable: true },
  unknown_recovery: { status: 404, title: 'There is no such recovery', retryable: false },
  recovery_running: { status: 409, title: 'A recovery of the source is under way', retryable: true },
  source_paused: { status: 409, title: 'The source is stopped', retryable: false },
  unknown_run: { status: 404, title: 'There is no such run', retryable: false },
  method_not_allowed: { status: 405, title: 'The method is not allowed here', retryable: false },
  unknown_service: { status: 404, title: 'There is no such service', retryable: false },
  unknown_queue: { status: 404, title: 'There is no such queue', retryable: false },
  no_credentials: { status: 404, title: 'The source has no credentials', retryable: false },
  credentials_missing: { status: 409, title: 'The credentials of the source are not set', retryable: false },
  login_on_hold: { status: 409, title: 'The login of the source is on hold', retryable: false },
  nothing_to_replay: { status: 404, title: 'There is nothing to replay', retryable: false },
  unknown_diagnosis: { status: 404, title: 'There is no such report', retryable: false },
  unknown_model: { status: 404, title: 'There is no such model', retryable: false },
  models_full: { status: 409, title: 'There are as many models as may be', retryable: false },
  unknown_import: { status: 404, title: 'There is no such import', retryable: false },
  import_ended: { status: 409, title: 'The import is closed', retryable: false },
  part_differs: { status: 409, title: 'The part is another one', retryable: false },
  parts_missing: { status: 409, title: 'Parts of the import are missing', retryable: false },
  unknown_export: { status: 404, title: 'There is no such export', retryable: false },
  unknown_backfill: { status: 404, title: 'There is no such backfill', retryable: false },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key is of another request', retryable: false },
  alerts_full: { status: 409, title: 'There is no room for another one', retryable: false },
  alerts_not_ready: { status: 503, title: 'Alerts are not ready', retryable: true },
  not_watched: { status: 404, title: 'The symbol is not on the watch list', retryable: false },
  not_collectable: { status: 422, title: 'No source can be asked for the symbol', retryable: false },
  watch_full: { status: 409, title: 'The watch list has no room', retryable: false },
  export_too_large: { status: 422, title: 'The export would be too large', retryable: false },
  export_not_ready: { status: 409, title: 'The files of the export are not there', retryable: false },
  not_backfillable: { status: 422, title: 'The source cannot be asked for that range', retryable: false },
  unknown_job: { status: 404, title: 'The source has no such job', retryable: false },
  payload_too_large: { status: 413, title: 'The body is too large', retryable: false },
  unsupported_media_type: { status: 415, title: 'The body must be JSON', retryable: false },
  not_derivable: { status: 422, title: 'The prices cannot be derived', retryable: false },
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  internal: { status: 500, title: 'The API failed', retryable: false },
  unavailable: { status: 503, title: 'The service is not available now', retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ProblemCode = keyof typeof problems;

interface ProblemExtras {
  readonly retryable?: boolean;
  readonly errors?: readonly { path: string; message: string }[];
  readonly headers?: Readonly<Record<string, string>>;
  /** What to type to change it. */
  readonly command?: string;
}

/** Thrown anywhere in a route; becomes an `application/problem+json` answer (RFC 9457). */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly retryable: boolean;
  readonly errors: readonly { path: string; message: string }[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly command: string | undefined;

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail);
    this.code = code;
    this.retryable = extras.retryable ?? problems[code].retryable;
    this.errors = extras.errors;
    this.headers = extras.headers ?? {};
    this.command = extras.command;
  }
}

/** The problem for one field of the request, `body.until` or `query.from`, and what is wrong with it. */
export function invalidRequest(path: string, message: string): ProblemError {
  return new ProblemError('invalid_request', `${path}: ${message}`, { errors: [{ path, message }] });
}

/** The body of the answer, with keys masked that stand in the address or in what was sent. `type` is a name, not an address: the codes are listed in the OpenAPI document. */
export function problemBody(problem: ProblemError, requestId: string, instance: string): Problem {
  const { status, title } = problems[problem.code];
  return {
    type: `urn:quotron:problem:${problem.code}`,
    title,
    status,
    detail: maskKeys(problem.message),
    instance: maskKeys(instance),
    code: problem.code,
    retryable: problem.retryable,
    requestId,
    ...(problem.errors ? { errors: [...problem.errors] } : {}),
    ...(problem.command === undefined ? {} : { command: problem.command }),
  };
}

/**
 * The problem for an unexpected error. It never contains the error's own text, which is only for the log.
 *
 * A database that is away or busy is a 503 to try again, and so is one that is not there or not migrated yet (SQLSTATE
 * 3D000, 42P01). Class 22 is a value that Postgres cannot store, which a check here should have caught.
 */
export function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof LicenceError) return new ProblemError('licence_forbids', error.message);
  if (error instanceof AnswerStoreError)
    return new ProblemError(
      'unavailable',
      'The answer is over 4 MB, and the store for such answers cannot be reached. Try again shortly, or request less: a shorter range, fewer symbols, a smaller limit.',
      { headers: { 'retry-after': '2' } },
    );
  const code = errorCode(error);
  if (isDatabaseUnavailable(error) || code === '42P01' || code === '3D000')
    return new ProblemError(
      'unavailable',
      'The database cannot be reached or is busy. Nothing was changed. Try again shortly.',
      {
        headers: { 'retry-after': '2' },
      },
    );
  if (/^22[0-9A-Z]{3}$/.test(code))
    return new ProblemError('invalid_request', 'A value of the request is outside of what can be stored.');
  return new ProblemError(
    'internal',
    'An unexpected error. Search the log for its request id; a retry is unlikely to help.',
  );
}
