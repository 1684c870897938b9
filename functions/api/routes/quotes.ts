import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import type { Warning } from '../../../core/contracts/http/envelope.ts';
import {
  batchItemSchema,
  batchRequestSchema,
  type QuoteBatchItem,
  quoteSchema,
  tickRowSchema,
} from '../../../core/contracts/http/market.ts';
import { commandToWatch } from '../../../core/contracts/http/watch.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import {
  cursorParameter,
  flag,
  instantParameter,
  limitParameter,
  sourceIdParameter,
  symbolHelp,
  symbolOf,
  symbolParameter,
} from '../../../core/http/read-request.ts';
import { type Call, type Reply, type Route, route } from '../../../core/http/route.ts';
import { assetClasses } from '../../../core/market/instrument.ts';
import { canonicalSymbol } from '../../../core/market/symbol.ts';
import type { QuoteReader } from '../../../core/ports/quote-reader.ts';
import type { PlannedPeriods } from '../../../core/ports/watch-store.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { findQuotes } from '../find-quotes.ts';
import { leftOut, licenceForbids, licenceOf } from '../licence.ts';
import { requireListing, requireSource, sourceLookup, unknownSymbol, unknownToAll } from '../symbols.ts';
import { candidateViews, quoteView, tickView, type ViewContext } from '../views/quote.ts';
import { csvReply, historyCsv, wantsCsv } from '../views/tables.ts';

interface RouteDependencies {
  readonly quotes: VisibleTo<QuoteReader>;
  readonly periods: PlannedPeriods;
  readonly catalogue: readonly SourceDefinition[];
  readonly alwaysOpen?: boolean;
}

const tag = 'Quotes';
const bySymbol = z.object({ symbol: symbolParameter });
const sourceParameter = sourceIdParameter
  .optional()
  .describe('The price of this source, instead of the consolidated one');
const knownAtParameter = instantParameter.optional().describe('As it was known at this instant');
const most = 500;
/** On a page of all quotes: an answer of so many stays under the limit of Lambda. */
const mostListed = 1_000;
/** Characters. Encoded they may be three times as many, and an address at CloudFront has at most 8,192. */
const longestList = 2_500;
/** Seconds a cache may keep a latest price. Sources are asked once a minute. */
const latestMaxAge = 1;

export function quoteRoutes({ quotes, periods, catalogue, alwaysOpen }: RouteDependencies): Route[] {
  const sourceOf = sourceLookup(catalogue);
  const contextOf = async (call: Call, knownAt?: string): Promise<ViewContext> => ({
    decimal: call.decimal,
    sourceOf,
    now: knownAt === undefined ? call.now : Date.parse(knownAt),
    alwaysOpen,
    periods: await periods(call.now),
  });

  const one = route(
    {
      method: 'get',
      path: '/quotes/{symbol}',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'The price of one symbol',
      params: bySymbol,
      query: z.object({
        source: sourceParameter,
        knownAt: knownAtParameter,
        explain: flag.describe('1: with what every source says, and which was chosen'),
      }),
      data: quoteSchema,
      problems: ['invalid_symbol', 'unknown_symbol', 'unknown_source', 'no_quote'],
    },
    async ({ params, query, call }) => {
      const symbol = symbolOf(params.symbol);
      const source = requireSource(catalogue, query.source);
      const reader = quotes(call.visible);
      const found = await findQuotes(reader, sourceOf, [symbol], {
        source,
        knownAt: query.knownAt ?? null,
        now: call.now,
      });
      const row = found.get(symbol);
      if (row === undefined) throw await unknownSymbol(reader, symbol, call.now);
      if (row === 'licence_forbids') throw licenceForbids(symbol, call.visible);
      if (row === null) throw noQuote(symbol, source, query.knownAt);
      const context = await contextOf(call, query.knownAt);
      const quote = quoteView(row, { source }, context);
      const candidates = query.explain
        ? candidateViews(
            query.knownAt
              ? await reader.knownAt([row.listingId], query.knownAt)
              : await reader.candidates(row.listingId),
            row,
            row.chosen,
            context,
          )
        : undefined;
      return {
        kind: 'data',
        data: candidates ? { ...quote, candidates } : quote,
        meta: {
          source: quote.source,
          asOf: quote.asOf,
          fetchedAt: quote.fetchedAt,
          stale: quote.stale,
          ageSeconds: quote.ageSeconds,
          ...(query.knownAt ? { knownAt: query.knownAt } : {}),
        },
        warnings: quote.confidence === 'disputed' ? [disputed(symbol)] : [],
        maxAge: latestMaxAge,
      };
    },
  );

  /** Several symbols: each has its own answer. */
  async function several(
    given: readonly string[],
    asked: { source?: string | undefined; knownAt?: string | undefined },
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
    const context = await contextOf(call, asked.knownAt);
    const data = symbols.map(({ text, symbol }): QuoteBatchItem => {
      if (symbol === null) return failed(text, new ProblemError('invalid_symbol', symbolHelp));
      const row = found.get(symbol);
      if (row === undefined) return failed(symbol, unknownToAll(symbol));
      if (row === 'licence_forbids') return failed(symbol, licenceForbids(symbol, call.visible));
      if (row === null) return failed(symbol, noQuote(symbol, source, asked.knownAt));
      return { symbol, quote: quoteView(row, { source }, context), error: null };
    });
    return {
      kind: 'data',
      data,
      meta: { count: data.length, ...(asked.knownAt ? { knownAt: asked.knownAt } : {}) },
      warnings: [
        ...data.flatMap(({ symbol, quote }) => (quote?.confidence === 'disputed' ? [disputed(symbol)] : [])),
        ...(data.some(({ error }) => error?.code === 'licence_forbids') ? leftOut(call.visible, asked.source) : []),
      ],
      maxAge: latestMaxAge,
    };
  }

  const list = route(
    {
      method: 'get',
      path: '/quotes',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'The prices of some symbols, or of all',
      description:
        'With `symbols`, one item per symbol, in order, each with a quote or an error of its own. Without, every consolidated quote, a page at a time, by symbol.',
      query: z.object({
        symbols: z
          .string()
          .max(longestList, 'is too long for an address: send the symbols to POST /quotes/batch')
          .optional()
          .describe(`Up to ${most}, separated by commas; more than fit are for POST /quotes/batch`),
        source: sourceParameter,
        knownAt: knownAtParameter,
        assetClass: z.enum(assetClasses).optional(),
        limit: limitParameter(mostListed, most),
        cursor: cursorParameter,
      }),
      data: z.union([z.array(quoteSchema), z.array(batchItemSchema)]),
      problems: ['unknown_source', 'invalid_cursor'],
    },
    async ({ query, call }) => {
      if (query.symbols !== undefined) return several(splitSymbols(query.symbols), query, call);
      if (query.knownAt !== undefined)
        throw new ProblemError(
          'invalid_request',
          'query.knownAt: needs symbols; the past of all is not kept as a page.',
          {
            errors: [{ path: 'query.knownAt', message: 'needs symbols' }],
          },
        );
      const source = requireSource(catalogue, query.source);
      const [after] = readCursor(query.cursor, z.tuple([z.string()])) ?? [''];
      const found = await quotes(call.visible).page({
        after,
        date: dateOf(call.now),
        source,
        assetClass: query.assetClass ?? null,
        limit: query.limit + 1,
      });
      const { rows, meta } = page(found, query.limit, (row) => [row.symbol]);
      const context = await contextOf(call);
      return {
        kind: 'data',
        data: rows.map((row) => quoteView(row, { source }, context)),
        meta,
        warnings: leftOut(call.visible, query.source),
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
      data: z.array(batchItemSchema),
      problems: ['unknown_source'],
    },
    ({ query, body, call }) => several(body.symbols, query, call),
  );

  const history = route(
    {
      method: 'get',
      path: '/quotes/{symbol}/history',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'The stored prices of one symbol, newest first',
      description:
        'Of one source: the one that is served, unless `source` names another. With `revisions=1` what was corrected is listed too, each row with the time in which it was what Quotron knew (knownFrom, knownTo). With `knownAt`, each price as it was known then. As CSV by `Accept: text/csv` or `format=csv`; the next page is then in the Link header.',
      params: bySymbol,
      query: z.object({
        from: instantParameter.optional().describe('First asOf, inclusive'),
        to: instantParameter.optional().describe('Last asOf, exclusive'),
        source: sourceParameter,
        knownAt: knownAtParameter,
        revisions: flag.describe('1: with prices that were corrected later'),
        quality: z
          .enum(['served', 'raw', 'repaired'])
          .default('served')
          .describe(
            '`served` leaves out what a finding calls wrong, `raw` is what came, `repaired` has what accepted proposals make of it',
          ),
        order: z.enum(['asc', 'desc']).default('desc'),
        format: z.enum(['json', 'csv']).optional(),
        limit: limitParameter(2_000, 500),
        cursor: cursorParameter,
      }),
      data: z.array(tickRowSchema),
      media: { 'text/csv': z.string() },
      problems: ['invalid_symbol', 'unknown_symbol', 'unknown_source', 'invalid_cursor'],
    },
    async ({ params, query, call }) => {
      const reader = quotes(call.visible);
      const listing = await requireListing(reader, params.symbol, query.knownAt ?? query.to, call.now);
      const source = requireSource(catalogue, query.source) ?? listing.chosen;
      const after = readCursor(query.cursor, z.tuple([z.iso.datetime(), z.iso.datetime()]));
      if (source === null && (await reader.hidden([listing.listingId], null)).size > 0)
        throw licenceForbids(listing.symbol, call.visible);
      const found = source
        ? await reader.history({
            listingId: listing.listingId,
            source,
            from: query.from ?? '-infinity',
            to: query.to ?? 'infinity',
            knownAt: query.knownAt ?? null,
            revisions: query.revisions,
            raw: query.quality === 'raw',
            repaired: query.quality === 'repaired',
            order: query.order,
            after: after && { asOf: after[0], knownFrom: after[1] },
            limit: query.limit + 1,
          })
        : [];
      const { rows, meta } = page(found, query.limit, (row) => [row.asOf.toISOString(), row.knownFrom]);
      if (wantsCsv(query.format, call)) {
        const name = `${listing.symbol}-history`;
        const licence = licenceOf(source === null ? undefined : sourceOf(source));
        return csvReply(historyCsv(listing.symbol, licence, rows), { name, nextCursor: meta.nextCursor, call });
      }
      const context = await contextOf(call, query.knownAt);
      return {
        kind: 'data',
        data: rows.map((row) => tickView(row, context)),
        meta: {
          ...meta,
          ...(source ? { source } : {}),
          ...(query.knownAt ? { knownAt: query.knownAt } : {}),
        },
        maxAge: 5,
      };
    },
  );

  return [one, list, batch, history];
}

function splitSymbols(text: string): string[] {
  const symbols = text.split(',').filter((each) => each.trim() !== '');
  if (symbols.length > 0 && symbols.length <= most) return symbols;
  const message = `names ${symbols.length} symbols; it takes 1 to ${most}, separated by commas`;
  throw new ProblemError('invalid_request', `query.symbols: ${message}`, {
    errors: [{ path: 'query.symbols', message }],
  });
}

function failed(symbol: string, problem: ProblemError): QuoteBatchItem {
  const { code, message: detail, retryable, command } = problem;
  return { symbol, quote: null, error: { code, detail, retryable, ...(command === undefined ? {} : { command }) } };
}

function noQuote(symbol: string, source: string | null, knownAt: string | undefined): ProblemError {
  const of = source ? `${symbol} from ${source}` : symbol;
  return knownAt === undefined
    ? new ProblemError(
        'no_quote',
        `${of} is known, but no price of it has been accepted yet. GET /watch/${encodeURIComponent(symbol)} says whether it is collected.`,
        { command: commandToWatch(symbol) },
      )
    : new ProblemError('no_quote', `No price of ${of} was known at ${knownAt}.`, { retryable: false });
}

function disputed(symbol: string): Warning {
  return { code: 'disputed', message: `The sources disagree on ${symbol}: see ?explain=1.` };
}

function dateOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}
