import * as z from 'zod';
import type { Failure } from '../contracts/failure.ts';
import { fullPair } from '../market/symbol.ts';
import { withoutOrderMark } from '../sources/reading/json.ts';
import { readJson, toldFailure } from '../sources/yahoo/answer.ts';
import { jsonMember, jsonParts } from './json-parts.ts';
import { lifetimeOf, phaseOf } from './lifetimes.ts';
import type { Heard, ReadAnswer } from './read-answer.ts';

const number = z.number();
const namedRow = z.looseObject({
  symbol: z.string().min(1).max(64),
  marketState: z.string().nullish().catch(null),
});
/** A price as a number or, with `formatted=true`, as `{raw, fmt}`. */
const pricedRow = z.looseObject({ regularMarketPrice: z.union([number, z.looseObject({ raw: number })]) });

const quoteAnswer = z.object({
  quoteResponse: z.object({ result: z.array(z.unknown()).nullable(), error: z.unknown() }),
});

/** Fewer odd rows say nothing of Yahoo: some symbols are odd for good. */
const leastDrifted = 3;

/** What an answer to quotes has for each symbol that was asked for. */
export interface QuotesRead {
  /** As Yahoo said it; a 404 for each symbol that Yahoo does not know. */
  readonly rows: ReadonlyMap<string, ReadAnswer>;
  /** Why there is no answer for the symbols that are not in `rows`: most rows have their prices elsewhere. */
  readonly drift: Failure | null;
}

/**
 * Reads an answer to quotes. A row is passed on as Yahoo said it, a strange one too: a delisted name has a time and no price.
 * Only where most of the rows that trade have no price where it used to be, these have no answer, and kept ones stay.
 */
export function readQuoteAnswer(heard: Heard, symbols: readonly string[]): QuotesRead | { readonly failure: Failure } {
  const answer = readJson(heard, quoteAnswer);
  if ('failure' in answer) return answer;
  const { result: found, error } = answer.value.quoteResponse;
  if (!found && error !== null) return { failure: toldFailure(error) };
  const result = found ?? [];
  const texts = rowsIn(heard);
  const rows = new Map<string, ReadAnswer>();
  const odd = new Map<string, ReadAnswer>();
  let drifted = 0;
  for (const [at, row] of result.entries()) {
    const priced = pricedRow.safeParse(row).success;
    if (!priced && trades(row)) drifted++;
    const named = namedRow.safeParse(row);
    // Without its symbol nobody can be given it.
    if (!named.success) continue;
    const { symbol, marketState } = named.data;
    const lifetime = priced ? lifetimeOf('quote', phaseOf(marketState)) : lifetimeOf('missing', 'unknown');
    const read: ReadAnswer = { status: 200, body: texts[at] ?? '', lifetime };
    (priced || !trades(row) ? rows : odd).set(symbol.toUpperCase(), read);
  }
  if (drifted >= leastDrifted && drifted * 2 > result.length)
    return {
      rows,
      drift: {
        reason: 'schema_drift',
        detail: { code: 'prices_missing', rows: drifted, of: result.length },
        message: `${drifted} of ${result.length} quotes have no price where it used to be.`,
      },
    };
  for (const [symbol, row] of odd) rows.set(symbol, row);
  for (const [symbol, named] of renamed(symbols, [...rows.keys()])) {
    const row = rows.get(named);
    if (row) rows.set(symbol, row);
  }
  for (const symbol of symbols) {
    if (!rows.has(symbol)) rows.set(symbol, { status: 404, body: '', lifetime: lifetimeOf('missing', 'unknown') });
  }
  return { rows, drift: null };
}

/** The rows as they stand in the answer, each a text of its own: a part of the whole would keep the whole in memory. */
function rowsIn({ response }: Heard): string[] {
  const body = withoutOrderMark(response?.body ?? '');
  const rows = jsonParts(jsonMember(jsonMember(body, 'quoteResponse'), 'result'));
  return rows.map(({ text }) => Buffer.from(text).toString());
}

/**
 * By which name Yahoo answered what it answered by another: `USDJPY=X` is `JPY=X` there, and a company may have a new
 * symbol. Where it is not certain which row is whose, it is nobody's.
 */
function renamed(asked: readonly string[], answered: readonly string[]): [symbol: string, named: string][] {
  const missing = asked.filter((symbol) => !answered.includes(symbol));
  const others = answered.filter((symbol) => !asked.includes(symbol));
  const isOnly = missing.length === 1 && others.length === 1;
  return missing.flatMap((symbol) =>
    others
      .filter((other) => isOnly || fullPair(other) === fullPair(symbol))
      .map((other): [string, string] => [symbol, other]),
  );
}

/** Whether a row has figures of a market, so that it should have a price. What is delisted has at most the last time. */
function trades(row: unknown): boolean {
  if (typeof row !== 'object' || row === null) return true;
  if (!('symbol' in row)) return true;
  return Object.keys(row).some((name) => name.startsWith('regularMarket') && name !== 'regularMarketTime');
}
