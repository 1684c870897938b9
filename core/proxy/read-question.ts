import { createHash } from 'node:crypto';
import type { Question } from '../contracts/proxy.ts';
import { quoteRoute } from './market-routes.ts';
import { placeholders, yahooSymbol } from './parameters.ts';
import { readBody } from './read-body.ts';
import type { ProxyRoute } from './route.ts';
import { type YahooError, yahooError } from './yahoo-error.ts';

/** As many as yahooquery sends at once. Yahoo is asked for them in smaller requests, one after the other in the line. */
export const maxSymbols = 1_500;

/**
 * The questions of a client's request: one per symbol for quotes, one for all other routes. Or the error to answer
 * with.
 */
export type QuestionsRead = QuestionsAsked | { readonly error: YahooError };

/** What a client asks. `fields`: which of each quote it wants; empty for all. */
export interface QuestionsAsked {
  readonly questions: readonly Question[];
  readonly fields: ReadonlySet<string>;
}

/** A client's request of a route. */
export interface ClientRequest {
  /** What stands in place of the path's placeholder, decoded; `undefined` where there is none. */
  readonly inPath: string | undefined;
  readonly search: URLSearchParams;
  /** The body of a POST as it came. */
  readonly body?: string | undefined;
}

const noFields: ReadonlySet<string> = new Set();

/** Reads a request. `now` in milliseconds. */
export function readRequest(route: ProxyRoute, request: ClientRequest, now: number): QuestionsRead {
  if (route === quoteRoute) return readQuotes(request.search);
  const place = placeOf(route);
  // Finance::Quote has the symbol of a summary there.
  const given = request.inPath ?? request.search.get('symbols') ?? '';
  const filled = place === null ? '' : (placeholders.get(place)?.(given) ?? null);
  if (filled === null)
    return { error: yahooError(route, 404, 'Not Found', `No data found, the ${place ?? ''} is invalid`) };
  const query = queryOf(route, request.search);
  if (typeof query === 'string') return { error: badParameter(route, query) };
  const missing = Object.entries(route.parameters).find(
    ([name, { isRequired }]) => isRequired === true && !Object.hasOwn(query, name),
  );
  if (missing)
    return { error: yahooError(route, 400, 'Bad Request', `Missing required query parameter=${missing[0]}`) };
  const body = route.body && readBody(request.body ?? '', route.body);
  if (body && 'problem' in body) return { error: yahooError(route, body.status, 'Bad Request', body.problem) };
  const symbol = place === 'symbol' ? filled : (query['symbol'] ?? null);
  const { asked, keyed, past } = route.spansTime ? untilNow(query, now) : { asked: query, keyed: query, past: false };
  return {
    questions: [
      {
        route: route.name,
        key: keyOf(route, filled, body ? { ...keyed, body: body.hash } : keyed),
        path: route.paths[0].replace(/\{\w+\}/, filled.split(',').map(encodeURIComponent).join(',')),
        query: asked,
        body: body?.text ?? null,
        symbol,
        past,
      },
    ],
    fields: noFields,
  };
}

/** The name of the placeholder of a route's path, or `null`. */
function placeOf(route: ProxyRoute): string | null {
  return /\{(\w+)\}/.exec(route.paths[0])?.[1] ?? null;
}

/**
 * Reads a request for quotes. `fields` is applied here and not sent on, so that requests with different fields share
 * one answer.
 */
function readQuotes(search: URLSearchParams): QuestionsRead {
  const symbols = [...search.getAll('symbols'), ...search.getAll('symbol')]
    .join(',')
    .split(',')
    .filter((each) => each.trim() !== '');
  if (symbols.length === 0)
    return { error: yahooError(quoteRoute, 400, 'argument-error', 'Missing value for the "symbols" argument') };
  if (symbols.length > maxSymbols)
    return {
      error: yahooError(quoteRoute, 400, 'argument-error', `More than ${maxSymbols} symbols: send several requests.`),
    };
  const query = queryOf(quoteRoute, search);
  if (typeof query === 'string') return { error: badParameter(quoteRoute, query) };
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
    route: quoteRoute.name,
    key: keyOf(quoteRoute, symbol, query),
    path: quoteRoute.paths[0],
    query: { ...query },
    body: null,
    symbol,
    past: false,
  };
}

/**
 * The end "now" is another number each second, but all of them share one answer, which ages by its lifetime. So an end
 * within the last minute or in the future is `now` in the key.
 */
function untilNow(query: Record<string, string>, now: number) {
  const seconds = Math.floor(now / 1000);
  const end = query['period2'] === undefined ? null : Number(query['period2']);
  const toNow = end !== null && end > seconds - 60;
  return {
    asked: toNow ? { ...query, period2: String(Math.max(end, seconds)) } : query,
    keyed: toNow ? { ...query, period2: 'now' } : query,
    // A day later: the last session's bars may still be corrected in the hours after it.
    past: end !== null && end < seconds - 86_400,
  };
}

/** What languages call nothing, which yahooquery sends as the value of a parameter that it was not given. */
const nothing = /^(?:none|null|undefined|nan)$/i;

/** The known parameters, checked and normalised; or the name of an invalid one. */
function queryOf(route: ProxyRoute, search: URLSearchParams): Record<string, string> | string {
  const query: [string, string][] = [];
  for (const [name, parameter] of Object.entries(route.parameters)) {
    const given = parameter.isList ? search.getAll(name).join(',') : search.get(name);
    if (given === null || given === '') continue;
    const value = parameter.read(given);
    if (value === null && nothing.test(given)) continue;
    if (value === null) return name;
    if (value !== parameter.usual) query.push([name, value]);
  }
  return Object.fromEntries(query);
}

function badParameter(route: ProxyRoute, name: string): YahooError {
  return yahooError(route, 400, 'Bad Request', `Invalid input - ${name} is not supported.`);
}

/** Readable while it is short; long parameters become a hash. */
function keyOf(route: ProxyRoute, inPath: string, query: Readonly<Record<string, string>>): string {
  const known = new Map(Object.entries(route.parameters));
  const parameters = Object.entries(query)
    .map(([name, value]) => [name, known.get(name)?.keyed?.(value) ?? value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const tail = parameters.length <= 200 ? parameters : hashOf(parameters);
  const place = inPath.length <= 40 ? inPath : hashOf(inPath);
  return `${route.name}:${place}?${tail}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
