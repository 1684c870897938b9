import * as z from 'zod';
import { quoteSchema, tickRowSchema } from '../../../core/contracts/http/market.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import {
  cursorParameter,
  flag,
  instantParameter,
  limitParameter,
  symbolOf,
  symbolParameter,
} from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import { findQuotes } from '../../../core/serving/find-quotes.ts';
import { licenceForbids, licenceOf } from '../licence.ts';
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
import { requireListing, requireSource, sourceLookup, unknownSymbol } from '../symbols.ts';
import { candidateViews, quoteView, tickView } from '../views/quote.ts';
import { csvReply, historyCsv, wantsCsv } from '../views/tables.ts';

const tag = 'Quotes';
const bySymbol = z.object({ symbol: symbolParameter });
export function quoteRoutes({ quotes, periods, catalogue, alwaysOpen }: QuoteRouteDependencies): Route[] {
  const sourceOf = sourceLookup(catalogue);
  const contextOf = viewContext({ sourceOf, alwaysOpen, periods });

  const one = route(
    {
      method: 'get',
      path: '/quotes/{symbol}',
      access: 'read',
      shows: 'visible',
      feed: 'quotes',
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
        warnings: [...(quote.confidence === 'disputed' ? [disputed(symbol)] : []), ...otherNames([row])],
        maxAge: latestMaxAge,
      };
    },
  );

  const history = route(
    {
      method: 'get',
      path: '/quotes/{symbol}/history',
      access: 'read',
      shows: 'visible',
      feed: 'quotes',
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
        return csvReply(historyCsv(listing, licence, rows, call.fields), {
          name,
          nextCursor: meta.nextCursor,
          call,
        });
      }
      const context = await contextOf(call, query.knownAt);
      return {
        kind: 'data',
        data: rows.map((row) => tickView(row, listing, context)),
        meta: {
          ...meta,
          ...(source ? { source } : {}),
          ...(query.knownAt ? { knownAt: query.knownAt } : {}),
        },
        maxAge: 5,
      };
    },
  );

  return [one, history];
}
