import * as z from 'zod';
import {
  batchItemSchema,
  batchRequestSchema,
  type QuoteBatchItem,
  quoteSchema,
} from '../../../core/contracts/http/market.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { invalidRequest, ProblemError } from '../../../core/http/problem.ts';
import {
  cursorParameter,
  flag,
  instantParameter,
  limitParameter,
  offsetParameter,
  splitSymbols,
  symbolHelp,
} from '../../../core/http/read-request.ts';
import { type Call, type Reply, type Route, route } from '../../../core/http/route.ts';
import { asText } from '../../../core/http/wire-number.ts';
import { assetClasses } from '../../../core/market/instrument.ts';
import { canonicalSymbol } from '../../../core/market/symbol.ts';
import type { ChangedSince } from '../../../core/ports/quote-reader.ts';
import { placeOf, quoteOrders } from '../../../core/prices/quote-order.ts';
import { findQuotes } from '../../../core/serving/find-quotes.ts';
import { leftOut, licenceForbids } from '../licence.ts';
import {
  disputed,
  knownAtParameter,
  latestMaxAge,
  noQuote,
  otherNames,
  type QuoteRouteDependencies,
  sourceParameter,
  viewContext,
} from '../quote-answers.ts';
import { failureOf, requireSource, sourceLookup, unknownToAll } from '../symbols.ts';
import { quoteView } from '../views/quote.ts';
import { quotesCsv } from '../views/quotes-csv.ts';
import { csvReply, wantsCsv } from '../views/tables.ts';

const tag = 'Quotes';
/** Symbols of one request. */
const most = 500;
/** On a page of all quotes: an answer of so many stays under the limit of Lambda. */
const mostListed = 1_000;
/** Characters. Encoded they may be three times as many, and an address at CloudFront has at most 8,192. */
const longestList = 2_500;

const sorts = quoteOrders.flatMap((order) => [order, `-${order}` as const]);
const positionSchema = z.tuple([
  z.enum(sorts),
  z.string().max(100).nullable(),
  z.string().max(64),
  z.string().regex(/^\d{1,18}$/),
]);

export function quoteListRoutes({ quotes, periods, catalogue, alwaysOpen }: QuoteRouteDependencies): Route[] {
  const sourceOf = sourceLookup(catalogue);
  const contextOf = viewContext({ sourceOf, alwaysOpen, periods });

  /** Several symbols: each has its own answer. */
  async function several(
    given: readonly string[],
    asked: { source?: string | undefined; knownAt?: string | undefined; format?: 'json' | 'csv' | undefined },
    call: Call,
  ): Promise<Reply> {
    const source = requireSource(catalogue, asked.source);
    const symbols = given.map((text) => ({ text: text.trim().slice(0, 64), symbol: canonicalSymbol(text) }));
    const wanted = [...new Set(symbols.flatMap(({ symbol }) => symbol ?? []))];
    const found = await findQuotes(quotes(call.visible), sourceOf, wanted, {
      source,
      knownAt: asked.knownAt ?? null,
      now: call.now,
    });
    const csv = wantsCsv(asked.format, call);
    const context = { ...(await contextOf(call, asked.knownAt)), ...(csv ? { decimal: asText } : {}) };
    const data = symbols.map(({ text, symbol }): QuoteBatchItem => {
      if (symbol === null) return failed(text, new ProblemError('invalid_symbol', symbolHelp));
      const row = found.get(symbol);
      if (row === undefined) return failed(symbol, unknownToAll(symbol));
      if (row === 'licence_forbids') return failed(symbol, licenceForbids(symbol, call.visible));
      if (row === null) return failed(symbol, noQuote(symbol, source, asked.knownAt));
      return { symbol, quote: quoteView(row, { source }, context), error: null };
    });
    const warnings = [
      ...data.flatMap(({ symbol, quote }) => (quote?.confidence === 'disputed' ? [disputed(symbol)] : [])),
      ...otherNames([...found.values()]),
      ...(data.some(({ error }) => error?.code === 'licence_forbids') ? leftOut(call.visible, asked.source) : []),
    ];
    if (csv) return csvReply(quotesCsv(data, call.fields), { name: 'quotes', call, warnings });
    return {
      kind: 'data',
      data,
      meta: { count: data.length, ...(asked.knownAt ? { knownAt: asked.knownAt } : {}) },
      warnings,
      maxAge: latestMaxAge,
    };
  }

  const list = route(
    {
      method: 'get',
      path: '/quotes',
      access: 'read',
      shows: 'visible',
      feed: 'quotes',
      tag,
      summary: 'The prices of some symbols, or of all',
      description:
        'With `symbols`, one item per symbol, in order, each with a quote or an error of its own. Without, every consolidated quote, a page at a time, by symbol or as `sort` says; `meta.total`, with the first page, is how many match. `cursor` misses no row and gives none twice; `offset` goes straight to a place in the order as it is now, for a table that people scroll in. `meta.nextChangedSince`, sent as `changedSince`, gives what has changed since this answer and misses nothing; what was under way may come twice. As CSV by `Accept: text/csv` or `format=csv`.',
      query: z.object({
        symbols: z
          .string()
          .max(longestList, 'is too long for an address: send the symbols to POST /quotes/batch')
          .optional()
          .describe(`Up to ${most}, separated by commas; more than fit are for POST /quotes/batch`),
        source: sourceParameter,
        knownAt: knownAtParameter,
        assetClass: z.enum(assetClasses).optional(),
        exchange: z
          .string()
          .regex(/^[A-Z0-9]{4}$/, 'must be a MIC, such as XNAS')
          .optional()
          .describe('MIC of the venue; GET /exchanges lists them'),
        filter: z
          .string()
          .max(64)
          .regex(/^[ -~\u00a0-\uffff]*$/, 'has a control character')
          .optional()
          .describe('A part of the symbol or the name; case does not matter'),
        watched: flag.describe('1: only what is on the watch list'),
        except: z
          .string()
          .max(longestList, 'is too long for an address')
          .optional()
          .describe(`Symbols that are left out, up to ${most}, separated by commas`),
        sort: z.enum(sorts).default('symbol').describe('With `-` downwards; what has no value comes last'),
        changedSince: z
          .union([z.string().regex(/^\d{1,18}$/), instantParameter], {
            error: 'must be meta.nextChangedSince of an earlier answer, or an instant',
          })
          .optional()
          .describe(
            '`meta.nextChangedSince` of an earlier answer. An instant goes by the time of storing, and may miss some',
          ),
        format: z.enum(['json', 'csv']).optional(),
        limit: limitParameter(mostListed, mostListed),
        cursor: cursorParameter,
        offset: offsetParameter,
      }),
      data: z.union([z.array(quoteSchema), z.array(batchItemSchema)]),
      media: { 'text/csv': z.string() },
      problems: ['unknown_source', 'invalid_cursor'],
    },
    async ({ query, call }) => {
      if (query.symbols !== undefined) return several(splitSymbols(query.symbols, most), query, call);
      if (query.knownAt !== undefined) throw needsSymbols();
      const source = requireSource(catalogue, query.source);
      const reader = quotes(call.visible);
      const after = readCursor(query.cursor, positionSchema);
      if (after !== null && after[0] !== query.sort) throw otherOrder();
      if (after !== null && query.offset > 0) throw invalidRequest('query.offset', 'does not go with a cursor');
      // Before the page is read: what is stored in between has changed since.
      const mark = after?.[3] ?? (await reader.changeMark());
      const wanted = {
        date: new Date(call.now).toISOString().slice(0, 10),
        source,
        assetClass: query.assetClass ?? null,
        mic: query.exchange ?? null,
        text: query.filter?.trim() || null,
        watched: query.watched,
        except: exceptionsOf(query.except),
        changedSince: query.changedSince === undefined ? null : changesOf(query.changedSince),
      };
      const down = query.sort.startsWith('-');
      const order = quoteOrders.find((each) => query.sort === each || query.sort === `-${each}`) ?? 'symbol';
      const found = await reader.page({
        ...wanted,
        order,
        down,
        after: after && { value: after[1], symbol: after[2] },
        limit: query.limit + 1,
        offset: query.offset,
      });
      const { rows, meta } = page(found, query.limit, (row) => [
        query.sort,
        order === 'symbol' ? row.symbol : placeOf(row, order),
        row.symbol,
        mark,
      ]);
      const total = after === null && query.offset === 0 ? await reader.count(wanted) : null;
      const warnings = [...leftOut(call.visible, query.source), ...otherNames(rows)];
      const csv = wantsCsv(query.format, call);
      const context = { ...(await contextOf(call)), ...(csv ? { decimal: asText } : {}) };
      const views = rows.map((row) => quoteView(row, { source }, context));
      if (csv)
        return csvReply(
          quotesCsv(
            views.map((quote) => ({ symbol: quote.instrument.symbol, quote, error: null })),
            call.fields,
          ),
          {
            name: 'quotes',
            nextCursor: meta.nextCursor,
            call,
            warnings,
            headers: { 'x-next-changed-since': mark },
          },
        );
      return {
        kind: 'data',
        data: views,
        meta: { ...meta, ...(total === null ? {} : { total }), nextChangedSince: mark },
        warnings,
        maxAge: latestMaxAge,
      };
    },
  );

  const batch = route(
    {
      method: 'post',
      path: '/quotes/batch',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'The prices of up to 500 symbols',
      query: z.object({ source: sourceParameter, knownAt: knownAtParameter }),
      body: batchRequestSchema,
      onlyReads: true,
      data: z.array(batchItemSchema),
      problems: ['unknown_source'],
    },
    ({ query, body, call }) => several(body.symbols, query, call),
  );

  return [list, batch];
}

/** Symbols as they are stored; what is none leaves nothing out. Throws `invalid_request` for more than `most`. */
function exceptionsOf(text: string | undefined): string[] {
  const symbols = (text ?? '').split(',').flatMap((each) => canonicalSymbol(each) ?? []);
  if (symbols.length > most) throw invalidRequest('query.except', `names ${symbols.length} symbols; it takes ${most}`);
  return [...new Set(symbols)];
}

/** A mark, which is a number; or an instant. */
function changesOf(text: string): ChangedSince {
  return /^\d+$/.test(text) ? { mark: text } : { at: text };
}

function failed(symbol: string, problem: ProblemError): QuoteBatchItem {
  return { symbol, quote: null, error: failureOf(problem) };
}

function needsSymbols(): ProblemError {
  return new ProblemError('invalid_request', 'query.knownAt: needs symbols; the past of all is not kept as a page.', {
    errors: [{ path: 'query.knownAt', message: 'needs symbols' }],
  });
}

function otherOrder(): ProblemError {
  return new ProblemError('invalid_cursor', 'The cursor is of another sort: keep sort as it was, or omit the cursor.');
}
