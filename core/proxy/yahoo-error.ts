import type { RunReason } from '../contracts/words/run-reasons.ts';

/** An answer of the proxy on Yahoo's own routes, before headers. */
export interface YahooError {
  readonly status: 400 | 401 | 403 | 404 | 405 | 413 | 422 | 429 | 501 | 502 | 503 | 504;
  readonly contentType: string;
  readonly body: string;
}

/** The top-level object of a route's answers, which has Yahoo's errors too, and Yahoo's own words for "there is none". */
export interface ErrorForm {
  readonly root: string;
  readonly unknown: string;
}

/** The form of Yahoo's gateway, for requests that reach none of its routes. */
export const gatewayForm: ErrorForm = { root: 'finance', unknown: 'HTTP 404 Not Found' };

/** Why there is no answer: of Yahoo, of a stopped proxy, or of a database that is away and gives no permits. */
export type NoAnswerReason = RunReason | 'stopped' | 'unavailable';

/** An error in Yahoo's format: `{"chart":{"result":null,"error":{"code":…,"description":…}}}`. */
export function yahooError(
  { root }: ErrorForm,
  status: Exclude<YahooError['status'], 429>,
  code: string,
  description: string,
): YahooError {
  // Refused requests get the error of Yahoo's gateway on every route.
  const shown = status === 401 || status === 403 || status === 405 || status === 501 ? gatewayForm.root : root;
  return {
    status,
    contentType: 'application/json;charset=utf-8',
    body: JSON.stringify({ [shown]: { result: null, error: { code, description } } }),
  };
}

/** The exact text of Yahoo's limiter; clients look for it. */
export const tooManyRequests: YahooError = {
  status: 429,
  contentType: 'text/plain;charset=utf-8',
  body: 'Too Many Requests\r\n',
};

/**
 * The error for a client when Yahoo gave no answer and none is cached. The texts are ours, because an upstream's error
 * may contain what we sent.
 */
export function failureAnswer(form: ErrorForm, reason: NoAnswerReason): YahooError {
  switch (reason) {
    case 'rate_limited':
    case 'quota_exhausted':
      return tooManyRequests;
    case 'timeout':
      return yahooError(form, 504, 'Gateway Timeout', 'Yahoo did not answer in time, and no earlier answer is cached.');
    case 'stopped':
      return yahooError(form, 503, 'Service Unavailable', 'The proxy was stopped by its operator.');
    case 'unavailable':
      return unavailable(form);
    case 'not_found':
      return yahooError(form, 404, 'Not Found', form.unknown);
    case 'bad_request':
      return yahooError(form, 400, 'Bad Request', 'Yahoo rejected this request.');
    case 'down':
      return yahooError(form, 502, 'Bad Gateway', 'Yahoo cannot be reached, and no earlier answer is cached.');
    case 'blocked':
    case 'auth_expired':
      return yahooError(form, 502, 'Bad Gateway', 'Yahoo refuses the session of this proxy; it is being renewed.');
    default:
      return yahooError(form, 502, 'Bad Gateway', 'Yahoo gave an unreadable answer, and no earlier answer is cached.');
  }
}

/** The proxy's own database is away. The same may work in a moment. */
export function unavailable(form: ErrorForm): YahooError {
  return yahooError(form, 503, 'Service Unavailable', 'The proxy cannot reach its database now. Try again shortly.');
}
