import { createHash } from 'node:crypto';
import type { Question } from '../contracts/proxy.ts';
import { isSymbol } from '../market/symbol.ts';
import { type YahooError, yahooError } from './yahoo-error.ts';

/** Yahoo accepts more, but no client needs more, and one request must not use up the minute's quota. */
export const maxSymbols = 200;

/**
 * The symbol as Yahoo writes it, or `null` for an invalid one.
 *
 * @example
 * yahooSymbol(' aapl ') // 'AAPL'
 * yahooSymbol('../etc') // null
 */
export function yahooSymbol(text: string): string | null {
  const symbol = text.trim().toUpperCase();
  return isSymbol(symbol) ? symbol : null;
}

/**
 * Parameters that change the answer, by route, with their valid values. All others are dropped and never reach Yahoo,
 * above all a client's crumb, which belongs to another session.
 */
const word = /^[A-Za-z0-9_.-]{1,40}$/;
const list = /^[A-Za-z0-9_.,|-]{1,500}$/;
const flag = /^(true|false)$/i;
const count = /^\d{1,3}$/;
const instant = /^-?\d{1,12}$/;
const locale: Readonly<Record<string, RegExp>> = { lang: /^[A-Za-z]{2}(-[A-Za-z]{2,4})*$/, region: /^[A-Za-z]{2}$/ };
const known: Readonly<Record<Question['route'], Readonly<Record<string, RegExp>>>> = {
  quote: { ...locale, formatted: flag },
  chart: {
    ...locale,
    period1: instant,
    period2: instant,
    range: word,
    interval: word,
    includePrePost: flag,
    includeAdjustedClose: flag,
    events: list,
    useYfid: flag,
  },
  summary: { ...locale, formatted: flag, modules: list },
  timeseries: { ...locale, type: list, period1: instant, period2: instant, merge: flag, padTimeSeries: flag },
  search: {
    ...locale,
    // Any search text, without control characters.
    q: /^[^\p{Cc}]{1,100}$/u,
    quotesCount: count,
    newsCount: count,
    listsCount: count,
    recommendedCount: count,
    enableFuzzyQuery: flag,
    quotesQueryId: word,
    multiQuoteQueryId: word,
    newsQueryId: word,
    enableCb: flag,
    enableNavLinks: flag,
    enableEnhancedTrivialQuery: flag,
    enableResearchReports: flag,
    enableCulturalAssets: flag,
    enableLogoUrl: flag,
    enableLists: flag,
  },
};

/** Yahoo's defaults: dropped, so that requests with and without them share one answer. */
const usual: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    lang: 'en-US',
    region: 'US',
    formatted: 'false',
    includePrePost: 'false',
    useYfid: 'false',
  }),
);

function usualOf(route: Question['route'], name: string): string | undefined {
  // The default of summaries is `{raw, fmt}`, that of quotes is numbers.
  return route === 'summary' && name === 'formatted' ? 'true' : usual.get(name);
}

const timeseriesPath = '/ws/fundamentals-timeseries/v1/finance/timeseries/';

/**
 * The questions of a client's request: one per symbol for quotes, one for all other routes. Or the error to answer
 * with.
 */
export type QuestionsRead =
  | { readonly questions: readonly Question[]; readonly fields: ReadonlySet<string> }
  | { readonly error: YahooError };

/**
 * Reads `/v7/finance/quote`. `fields` is applied here and not sent on, so that requests with different fields share one
 * answer.
 */
export function readQuotes(search: URLSearchParams): QuestionsRead {
  const symbols = (search.get('symbols') ?? search.get('symbol') ?? '').split(',').filter((each) => each.trim() !== '');
  if (symbols.length === 0)
    return { error: yahooError('quote', 400, 'argument-error', 'Missing value for the "symbols" argument') };
  if (symbols.length > maxSymbols)
    return {
      error: yahooError('quote', 400, 'argument-error', `More than ${maxSymbols} symbols: send several requests.`),
    };
  const query = queryOf('quote', search);
  if (typeof query === 'string') return { error: badParameter('quote', query) };
  const questions = new Map<string, Question>();
  for (const text of symbols) {
    const symbol = yahooSymbol(text);
    // Yahoo omits unknown symbols, so invalid ones are omitted too.
    if (symbol && !questions.has(symbol)) questions.set(symbol, quoteQuestion(symbol, query));
  }
  const fields = new Set((search.get('fields') ?? '').split(',').filter((field) => field !== ''));
  return { questions: [...questions.values()], fields };
}

/** The question for one symbol's quote. */
export function quoteQuestion(symbol: string, query: Readonly<Record<string, string>> = {}): Question {
  return {
    route: 'quote',
    key: keyOf('quote', symbol, query),
    path: '/v7/finance/quote',
    query: { ...query },
    symbol,
    past: false,
  };
}

/** Reads a request of one of the other routes. `symbol` is the path's, decoded. `now` in milliseconds. */
export function readOne(
  route: Exclude<Question['route'], 'quote'>,
  symbolText: string | null,
  search: URLSearchParams,
  now: number,
): QuestionsRead {
  const symbol = symbolText === null ? null : yahooSymbol(symbolText);
  if (symbolText !== null && symbol === null)
    return { error: yahooError(route, 404, 'Not Found', 'No data found, the symbol is invalid') };
  const query = queryOf(route, search);
  if (typeof query === 'string') return { error: badParameter(route, query) };
  const fields: ReadonlySet<string> = new Set();
  switch (route) {
    case 'search':
      if (query['q'] === undefined)
        return { error: yahooError(route, 400, 'Bad Request', 'Missing required query parameter=q') };
      return {
        questions: [{ route, key: keyOf(route, '', query), path: '/v1/finance/search', query, symbol, past: false }],
        fields,
      };
    case 'summary':
      if (query['modules'] === undefined)
        return { error: yahooError(route, 400, 'Bad Request', 'Missing required query parameter=modules') };
      query['modules'] = sorted(query['modules'], ',');
      return { questions: [{ ...one(route, '/v10/finance/quoteSummary/', symbol ?? '', query), past: false }], fields };
    case 'timeseries':
      if (query['type'] === undefined)
        return { error: yahooError(route, 400, 'Bad Request', 'Missing required query parameter=type') };
      query['type'] = sorted(query['type'], ',');
      return { questions: [{ ...one(route, timeseriesPath, symbol ?? '', query), past: false }], fields };
    case 'chart': {
      if (query['events'] !== undefined) query['events'] = sorted(query['events'], '|');
      return { questions: [chartQuestion(symbol ?? '', query, now)], fields };
    }
  }
}

/**
 * A chart's question. The end "now" is another number each second, but all of them share one answer, which ages by its
 * lifetime. So an end within the last minute or in the future is `now` in the key.
 */
function chartQuestion(symbol: string, query: Record<string, string>, now: number): Question {
  const seconds = Math.floor(now / 1000);
  const end = query['period2'] === undefined ? null : Number(query['period2']);
  const toNow = end === null || end > seconds - 60;
  const asked = end !== null && toNow ? { ...query, period2: String(Math.max(end, seconds)) } : query;
  const keyed = end !== null && toNow ? { ...query, period2: 'now' } : query;
  return {
    ...one('chart', '/v8/finance/chart/', symbol, asked),
    key: keyOf('chart', symbol, keyed),
    // A day later: the last session's bars may still be corrected in the hours after it.
    past: end !== null && end < seconds - 86_400,
  };
}

function one(route: 'chart' | 'summary' | 'timeseries', base: string, symbol: string, query: Record<string, string>) {
  return { route, key: keyOf(route, symbol, query), path: base + encodeURIComponent(symbol), query, symbol };
}

/** The known parameters, checked and normalised; or the name of an invalid one. */
function queryOf(route: Question['route'], search: URLSearchParams): Record<string, string> | string {
  const query: [string, string][] = [];
  for (const [name, pattern] of Object.entries(known[route])) {
    // Some clients repeat a parameter, others write a list.
    const value = pattern === list ? search.getAll(name).join(',') : search.get(name);
    if (value === null || value === '') continue;
    if (!pattern.test(value)) return name;
    const spelled = pattern === flag ? value.toLowerCase() : value;
    if (spelled !== usualOf(route, name)) query.push([name, spelled]);
  }
  return Object.fromEntries(query);
}

function badParameter(route: Question['route'], name: string): YahooError {
  return yahooError(route, 400, 'Bad Request', `Invalid input - ${name} is not supported.`);
}

function sorted(text: string, separator: string): string {
  return [...new Set(text.split(/[|,]/).filter((each) => each !== ''))].sort().join(separator);
}

/** Readable while it is short; long parameters become a hash. */
function keyOf(route: Question['route'], symbol: string, query: Readonly<Record<string, string>>): string {
  const parameters = Object.entries(query)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const tail = parameters.length <= 200 ? parameters : createHash('sha256').update(parameters).digest('base64url');
  return `${route}:${symbol}?${tail}`;
}
