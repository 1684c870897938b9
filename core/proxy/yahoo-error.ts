import type { Question } from '../contracts/proxy.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';

/** An answer of the proxy on Yahoo's own routes, before headers. */
export interface YahooError {
  readonly status: 400 | 401 | 404 | 405 | 429 | 502 | 503 | 504;
  readonly contentType: string;
  readonly body: string;
}

type Route = Question['route'] | 'other';

/** The object that an answer of a route has at its top, where Yahoo puts its errors too. */
const roots: Readonly<Record<Route, string>> = {
  quote: 'quoteResponse',
  chart: 'chart',
  summary: 'quoteSummary',
  timeseries: 'timeseries',
  search: 'finance',
  other: 'finance',
};

/** An error in Yahoo's form: `{"chart":{"result":null,"error":{"code":…,"description":…}}}`. */
export function yahooError(
  route: Route,
  status: Exclude<YahooError['status'], 429>,
  code: string,
  description: string,
): YahooError {
  // Who is not let in hears so from Yahoo's gate, whatever the route.
  const root = status === 401 || status === 405 ? 'finance' : roots[route];
  return {
    status,
    contentType: 'application/json;charset=utf-8',
    body: JSON.stringify({ [root]: { result: null, error: { code, description } } }),
  };
}

/** Yahoo's limiter says this and nothing else; clients look for the words. */
export const tooManyRequests: YahooError = {
  status: 429,
  contentType: 'text/plain;charset=utf-8',
  body: 'Too Many Requests\r\n',
};

/**
 * What a client hears when Yahoo gave no answer and none is kept. Only words of ours: what an upstream wrote into an
 * error may hold what we sent it.
 */
export function failureAnswer(route: Route, reason: RunReason | 'stopped'): YahooError {
  switch (reason) {
    case 'rate_limited':
    case 'quota_exhausted':
      return tooManyRequests;
    case 'timeout':
      return yahooError(route, 504, 'Gateway Timeout', 'Yahoo did not answer in time, and no earlier answer is kept.');
    case 'stopped':
      return yahooError(route, 503, 'Service Unavailable', 'The proxy was stopped by its operator.');
    case 'not_found':
      return yahooError(route, 404, 'Not Found', notFound[route]);
    case 'bad_request':
      return yahooError(route, 400, 'Bad Request', 'Yahoo does not take this request.');
    case 'down':
      return yahooError(route, 502, 'Bad Gateway', 'Yahoo cannot be reached, and no earlier answer is kept.');
    case 'blocked':
    case 'auth_expired':
      return yahooError(route, 502, 'Bad Gateway', 'Yahoo refuses the session of this proxy; it is being renewed.');
    default:
      return yahooError(
        route,
        502,
        'Bad Gateway',
        'Yahoo answered what cannot be read, and no earlier answer is kept.',
      );
  }
}

/** Yahoo's own words, by route. */
export const notFound: Readonly<Record<Route, string>> = {
  quote: 'No data found',
  chart: 'No data found, symbol may be delisted',
  summary: 'Quote not found for symbol',
  timeseries: 'No data found',
  search: 'No data found',
  other: 'HTTP 404 Not Found',
};
