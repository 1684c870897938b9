import type { Question } from '../contracts/proxy.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';

/** An answer of the proxy on Yahoo's own routes, before headers. */
export interface YahooError {
  readonly status: 400 | 401 | 403 | 404 | 405 | 429 | 502 | 503 | 504;
  readonly contentType: string;
  readonly body: string;
}

type Route = Question['route'] | 'other';

/** Why there is no answer: of Yahoo, of a stopped proxy, or of a database that is away and gives no permits. */
export type NoAnswerReason = RunReason | 'stopped' | 'unavailable';

/** The top-level object of each route's answers, which also has Yahoo's errors. */
const roots: Readonly<Record<Route, string>> = {
  quote: 'quoteResponse',
  chart: 'chart',
  summary: 'quoteSummary',
  timeseries: 'timeseries',
  search: 'finance',
  other: 'finance',
};

/** An error in Yahoo's format: `{"chart":{"result":null,"error":{"code":…,"description":…}}}`. */
export function yahooError(
  route: Route,
  status: Exclude<YahooError['status'], 429>,
  code: string,
  description: string,
): YahooError {
  // Refused requests get the error of Yahoo's gateway on every route.
  const root = status === 401 || status === 403 || status === 405 ? 'finance' : roots[route];
  return {
    status,
    contentType: 'application/json;charset=utf-8',
    body: JSON.stringify({ [root]: { result: null, error: { code, description } } }),
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
export function failureAnswer(route: Route, reason: NoAnswerReason): YahooError {
  switch (reason) {
    case 'rate_limited':
    case 'quota_exhausted':
      return tooManyRequests;
    case 'timeout':
      return yahooError(
        route,
        504,
        'Gateway Timeout',
        'Yahoo did not answer in time, and no earlier answer is cached.',
      );
    case 'stopped':
      return yahooError(route, 503, 'Service Unavailable', 'The proxy was stopped by its operator.');
    case 'unavailable':
      return unavailable(route);
    case 'not_found':
      return yahooError(route, 404, 'Not Found', notFound[route]);
    case 'bad_request':
      return yahooError(route, 400, 'Bad Request', 'Yahoo rejected this request.');
    case 'down':
      return yahooError(route, 502, 'Bad Gateway', 'Yahoo cannot be reached, and no earlier answer is cached.');
    case 'blocked':
    case 'auth_expired':
      return yahooError(route, 502, 'Bad Gateway', 'Yahoo refuses the session of this proxy; it is being renewed.');
    default:
      return yahooError(route, 502, 'Bad Gateway', 'Yahoo gave an unreadable answer, and no earlier answer is cached.');
  }
}

/** The proxy's own database is away. The same may work in a moment. */
export function unavailable(route: Route): YahooError {
  return yahooError(route, 503, 'Service Unavailable', 'The proxy cannot reach its database now. Try again shortly.');
}

/** Yahoo's own texts, by route. */
export const notFound: Readonly<Record<Route, string>> = {
  quote: 'No data found',
  chart: 'No data found, symbol may be delisted',
  summary: 'Quote not found for symbol',
  timeseries: 'No data found',
  search: 'No data found',
  other: 'HTTP 404 Not Found',
};
