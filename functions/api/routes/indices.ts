import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import {
  type ConstituentsView,
  type ConstituentView,
  constituentsSchema,
  type IndexBatchItem,
  type IndexView,
  indexBatchItemSchema,
  indexBatchRequestSchema,
  indexSchema,
} from '../../../core/contracts/http/indices.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import {
  cursorParameter,
  instantParameter,
  limitParameter,
  sourceIdParameter,
  symbolHelp,
  symbolParameter,
} from '../../../core/http/read-request.ts';
import { type Call, type Route, route } from '../../../core/http/route.ts';
import type { NamedListing } from '../../../core/market/instrument.ts';
import type { StoredMember, StoredSnapshot } from '../../../core/market/stored-index.ts';
import { canonicalSymbol } from '../../../core/market/symbol.ts';
import type { ConstituentReader } from '../../../core/ports/constituent-reader.ts';
import type { QuoteReader } from '../../../core/ports/quote-reader.ts';
import type { PlannedPeriods } from '../../../core/ports/watch-store.ts';
import { findQuotes } from '../../../core/serving/find-quotes.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { leftOut, licenceForbids, licenceOf } from '../licence.ts';
import { requireListing, requireSource, sourceLookup } from '../symbols.ts';
import { instrumentView, quoteView, type ViewContext } from '../views/quote.ts';
import { constituentsCsv, csvReply, wantsCsv } from '../views/tables.ts';

interface RouteDependencies {
  readonly quotes: VisibleTo<QuoteReader>;
  readonly constituents: VisibleTo<ConstituentReader>;
  readonly catalogue: readonly SourceDefinition[];
  readonly alwaysOpen?: boolean;
  readonly periods: PlannedPeriods;
}

const tag = 'Indices';
const bySymbol = z.object({ symbol: symbolParameter.describe('^GSPC, ^NDX, ^DJI') });
const nothingOlder = { date: null, source: null, knownAt: null } as const;
/** Members change by the day, their prices with each fetch. */
const membersMaxAge = 30;

/** An index, and whether something of it is left out; or why there is none to show. */
type FoundIndex = { readonly view: IndexView; readonly isPart: boolean } | 'no_index' | 'licence_forbids';

export function indexRoutes({ quotes, constituents, catalogue, alwaysOpen, periods }: RouteDependencies): Route[] {
  const sourceOf = sourceLookup(catalogue);

  /** Indices by symbol; one that is not known is absent. What of one must not be shown is left out of it. */
  async function found(symbols: readonly string[], call: Call): Promise<Map<string, FoundIndex>> {
    const date = new Date(call.now).toISOString().slice(0, 10);
    const reader = quotes(call.visible);
    const listings = await reader.listings(symbols, date);
    const prices = await findQuotes(reader, sourceOf, symbols, { source: null, knownAt: null, now: call.now });
    const ids = listings.map((listing) => listing.listingId);
    const snapshots = await constituents(call.visible).snapshots(ids, nothingOlder);
    const hidden = await constituents(call.visible).hidden(ids, null);
    const context: ViewContext = {
      decimal: call.decimal,
      sourceOf,
      now: call.now,
      alwaysOpen,
      periods: await periods(call.now),
    };
    return new Map(
      listings.map((listing): [string, FoundIndex] => {
        if (listing.assetClass !== 'index') return [listing.symbol, 'no_index'];
        const found = prices.get(listing.symbol);
        const price = found === 'licence_forbids' ? null : found;
        const isPart = found === 'licence_forbids' || hidden.has(listing.listingId);
        const snapshot = snapshots.find((each) => each.indexListingId === listing.listingId);
        if (isPart && !price && !snapshot) return [listing.symbol, 'licence_forbids'];
        const view = {
          instrument: instrumentView(listing),
          quote: price ? quoteView(price, { source: null }, context) : null,
          constituents: snapshot ? setView(snapshot, call) : null,
        };
        return [listing.symbol, { view, isPart }];
      }),
    );
  }

  function setView(snapshot: StoredSnapshot, { decimal }: Call): NonNullable<IndexView['constituents']> {
    return {
      source: snapshot.source,
      date: snapshot.date,
      count: snapshot.members,
      weight: decimal(snapshot.weight),
      fetchedAt: snapshot.fetchedAt.toISOString(),
      confirmedAt: snapshot.confirmedAt.toISOString(),
      licence: licenceOf(sourceOf(snapshot.source)),
    };
  }

  const one = route(
    {
      method: 'get',
      path: '/indices/{symbol}',
      access: 'read',
      shows: 'visible',
      feed: 'indices',
      tag,
      summary: 'An index: its level, and what is known of its members',
      params: bySymbol,
      data: indexSchema,
      problems: ['invalid_symbol', 'unknown_symbol', 'not_an_index'],
    },
    async ({ params, call }) => {
      const listing = await requireIndex(quotes(call.visible), params.symbol, undefined, call);
      const index = (await found([listing.symbol], call)).get(listing.symbol);
      if (index === 'licence_forbids') throw licenceForbids(listing.symbol, call.visible);
      if (!index || index === 'no_index') throw notAnIndex(listing.symbol);
      const { quote } = index.view;
      return {
        kind: 'data',
        data: index.view,
        warnings: index.isPart ? leftOut(call.visible) : [],
        meta: quote
          ? {
              source: quote.source,
              asOf: quote.asOf,
              fetchedAt: quote.fetchedAt,
              stale: quote.stale,
              ageSeconds: quote.ageSeconds,
            }
          : {},
        maxAge: 1,
      };
    },
  );

  const batch = route(
    {
      method: 'post',
      path: '/indices/batch',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'Up to 100 indices',
      body: indexBatchRequestSchema,
      onlyReads: true,
      data: z.array(indexBatchItemSchema),
    },
    async ({ body, call }) => {
      const asked = body.symbols.map((text) => ({ text: text.trim().slice(0, 64), symbol: canonicalSymbol(text) }));
      const known = await found([...new Set(asked.flatMap(({ symbol }) => symbol ?? []))], call);
      const data = asked.map(({ text, symbol }): IndexBatchItem => {
        if (symbol === null) return refused(text, new ProblemError('invalid_symbol', symbolHelp));
        const index = known.get(symbol);
        if (index === undefined) return refused(symbol, new ProblemError('unknown_symbol', `No source has ${symbol}.`));
        if (index === 'licence_forbids') return refused(symbol, licenceForbids(symbol, call.visible));
        if (index === 'no_index') return refused(symbol, notAnIndex(symbol));
        return { symbol, index: index.view, error: null };
      });
      const isPart = [...known.values()].some(
        (each) => each === 'licence_forbids' || (each !== 'no_index' && each.isPart),
      );
      return {
        kind: 'data',
        data,
        meta: { count: data.length },
        warnings: isPart ? leftOut(call.visible) : [],
      };
    },
  );

  const members = route(
    {
      method: 'get',
      path: '/indices/{symbol}/constituents',
      access: 'read',
      shows: 'visible',
      feed: 'indices',
      tag,
      summary: 'What an index is made of: weight and price of each member, heaviest first',
      description:
        'The snapshot of a day, in the zone of the index: the newest, or the newest that is not later than `date`; `data.date` says which. Prices are those that stood beside the weights. With `knownAt`, as it was known then. As CSV by `Accept: text/csv` or `format=csv`; the next page is then in the Link header.',
      params: bySymbol,
      query: z.object({
        date: z.iso.date().optional().describe('Not later than this day'),
        source: sourceIdParameter.optional(),
        knownAt: instantParameter.optional().describe('As it was known at this instant'),
        format: z.enum(['json', 'csv']).optional(),
        limit: limitParameter(1_000, 1_000),
        cursor: cursorParameter,
      }),
      data: constituentsSchema,
      media: { 'text/csv': z.string() },
      problems: [
        'invalid_symbol',
        'unknown_symbol',
        'not_an_index',
        'unknown_source',
        'no_constituents',
        'invalid_cursor',
      ],
    },
    async ({ params, query, call }) => {
      const reader = constituents(call.visible);
      const listing = await requireIndex(quotes(call.visible), params.symbol, query.knownAt ?? query.date, call);
      const source = requireSource(catalogue, query.source);
      const after = readCursor(query.cursor, z.tuple([z.string(), z.iso.date(), z.int(), z.string()]));
      const knownAt = query.knownAt ?? null;
      // A cursor continues the snapshot of the first page.
      const of = after ? { date: after[1], source: after[0] } : { date: query.date ?? null, source };
      const [snapshot] = await reader.snapshots([listing.listingId], { ...of, knownAt });
      if (!snapshot && (await reader.hidden([listing.listingId], of.source)).size > 0)
        throw licenceForbids(listing.symbol, call.visible);
      if (!snapshot) throw noConstituents(listing.symbol, query.date);
      const found = await reader.members({
        snapshot,
        knownAt,
        after: after && { rank: after[2], symbol: after[3] },
        limit: query.limit + 1,
      });
      const { rows, meta } = page(found, query.limit, (member) => [
        snapshot.source,
        snapshot.date,
        member.rank,
        member.symbol,
      ]);
      if (wantsCsv(query.format, call)) {
        const name = `${listing.symbol}-constituents-${snapshot.date}`;
        const licence = licenceOf(sourceOf(snapshot.source));
        const table = { symbol: listing.symbol, source: snapshot.source, licence, date: snapshot.date };
        return csvReply(constituentsCsv(table, rows, call.fields), { name, nextCursor: meta.nextCursor, call });
      }
      const data: ConstituentsView = {
        index: instrumentView(listing),
        ...setView(snapshot, call),
        constituents: rows.map((row) => memberView(row, call)),
      };
      return {
        kind: 'data',
        data,
        meta: {
          source: snapshot.source,
          fetchedAt: data.confirmedAt,
          ...meta,
          ...(knownAt ? { knownAt } : {}),
        },
        maxAge: membersMaxAge,
      };
    },
  );

  return [one, batch, members];
}

async function requireIndex(
  quotes: QuoteReader,
  text: string,
  at: string | undefined,
  call: Call,
): Promise<NamedListing> {
  const listing = await requireListing(quotes, text, at, call.now);
  if (listing.assetClass !== 'index') throw notAnIndex(listing.symbol);
  return listing;
}

function notAnIndex(symbol: string): ProblemError {
  return new ProblemError('not_an_index', `${symbol} is no index. GET /quotes/${symbol} has its price.`);
}

function noConstituents(symbol: string, date: string | undefined): ProblemError {
  return new ProblemError(
    'no_constituents',
    date === undefined
      ? `No source has given the constituents of ${symbol}. GET /sources shows which jobs collect constituents.`
      : `What ${symbol} was made of on ${date} is not stored; the first snapshot is of a later day, or there is none.`,
  );
}

function refused(symbol: string, problem: ProblemError): IndexBatchItem {
  return { symbol, index: null, error: { code: problem.code, detail: problem.message, retryable: problem.retryable } };
}

function memberView(row: StoredMember, { decimal }: Call): ConstituentView {
  return {
    rank: row.rank,
    instrument: instrumentView(row),
    weight: decimal(row.weight),
    price: decimal(row.price),
    previousClose: decimal(row.previousClose),
    change: decimal(row.change),
    changeFraction: decimal(row.changeFraction),
    currency: row.currency,
  };
}
