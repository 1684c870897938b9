import * as z from 'zod';
import type { ActionRow, BarReader } from '../../../core/adapters/postgres/prices/bar-reader.ts';
import type { QuoteReader } from '../../../core/adapters/postgres/prices/quote-reader.ts';
import type { Warning } from '../../../core/contracts/http/envelope.ts';
import { type BarsView, barsSchema } from '../../../core/contracts/http/market.ts';
import { readCursor, writeCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import {
  cursorParameter,
  instantParameter,
  limitParameter,
  sourceIdParameter,
} from '../../../core/http/read-request.ts';
import { type Call, type Route, route } from '../../../core/http/route.ts';
import { barBases, barIntervals, corporateActionTypes } from '../../../core/market/bar.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { NotDerivableError } from '../bars/adjust.ts';
import { adjust, adjustable, type BarsAsked, basisOf, type LoadedBar } from '../bars/load.ts';
import { requireListing, requireSource } from '../symbols.ts';
import { instrumentView } from '../views/quote.ts';
import { barsCsv, csvReply, wantsCsv } from '../views/tables.ts';

interface Uses {
  readonly quotes: QuoteReader;
  readonly bars: BarReader;
  readonly catalogue: readonly SourceDefinition[];
}

export function barRoutes({ quotes, bars, catalogue }: Uses): Route[] {
  const read = route(
    {
      method: 'get',
      path: '/bars/{symbol}',
      access: 'read',
      tag: 'Bars',
      summary: 'Open, high, low, close and volume over time',
      description:
        'Bars of one source, oldest first. `adjustment=none` gives them as the source did, and `basis` says what that is. The others are computed at read from the splits and dividends that are known: `raw` undoes the splits, `splits` brings all to the shares of today, `splits_and_dividends` follows the CRSP method. What cannot be derived from what is stored is a 422 `not_derivable`. As CSV by `Accept: text/csv` or `format=csv`.',
      params: z.object({ symbol: z.string().min(1).max(64) }),
      query: z.object({
        interval: z.enum(barIntervals).default('1d'),
        from: instantParameter.optional().describe('First start of a bar, inclusive'),
        to: instantParameter.optional().describe('Last start of a bar, exclusive'),
        adjustment: z.enum(['none', ...barBases]).default('none'),
        source: sourceIdParameter.optional(),
        knownAt: instantParameter.optional().describe('As they were known at this instant'),
        order: z.enum(['asc', 'desc']).default('asc'),
        format: z.enum(['json', 'csv']).optional(),
        limit: limitParameter(10_000, 1_000),
        cursor: cursorParameter,
      }),
      data: barsSchema,
      media: { 'text/csv': z.string() },
      problems: ['invalid_symbol', 'unknown_symbol', 'unknown_source', 'no_bars', 'not_derivable'],
    },
    async ({ params, query, call }) => {
      const listing = await requireListing(quotes, params.symbol, query.knownAt ?? query.to, call.now);
      const asked = requireSource(catalogue, query.source);
      const inOrder = asked ? [asked] : [...new Set([listing.chosen ?? [], catalogue.map((each) => each.id)].flat())];
      const stored = await bars.sourceOf(listing.listing_id, query.interval, inOrder);
      if (!stored)
        throw new ProblemError(
          'no_bars',
          `No ${query.interval} bars of ${listing.symbol} are stored. GET /sources shows which jobs collect bars.`,
        );
      const after = readCursor(query.cursor, z.tuple([z.iso.datetime()]));
      const rows = await bars.bars({
        listingId: listing.listing_id,
        source: stored.source,
        interval: query.interval,
        zone: listing.zone,
        from: query.from ?? '-infinity',
        to: query.to ?? 'infinity',
        knownAt: query.knownAt ?? null,
        order: query.order,
        after: after?.[0] ?? null,
        limit: query.limit + 1,
      });
      const page = rows.slice(0, query.limit).map(adjustable);
      const last = page.at(-1);
      const nextCursor = rows.length > page.length && last ? writeCursor([last.starts_at.toISOString()]) : undefined;
      const actions = await bars.actions(listing.listing_id, listing.zone, query.knownAt ?? null);
      const adjusted = await derived(bars, page, actions, {
        listingId: listing.listing_id,
        zone: listing.zone,
        source: stored.source,
        adjustment: query.adjustment,
        knownAt: query.knownAt ?? null,
        now: call.now,
      });
      const warnings = warningsOf(page, listing.symbol);
      if (wantsCsv(query.format, call)) {
        const of = { symbol: listing.symbol, source: stored.source, adjustment: query.adjustment };
        const lines = adjusted.map((bar) => ({ ...bar, startsAt: bar.starts_at.toISOString() }));
        return csvReply(barsCsv(of, lines), {
          name: `${listing.symbol}-${query.interval}`,
          nextCursor,
          call,
          warnings,
        });
      }
      const data: BarsView = {
        instrument: instrumentView(listing),
        interval: query.interval,
        adjustment: query.adjustment,
        basis: page[0]?.basis ?? basisOf(stored.basis),
        basisAt: (page[0]?.basis_at ?? stored.basis_at).toISOString(),
        source: stored.source,
        currency: page[0]?.currency ?? listing.listing_currency,
        zone: listing.zone,
        bars: adjusted.map((bar) => barView(bar, call)),
        actions: actionViews(actions, page, stored.source, call),
      };
      return {
        kind: 'data',
        data,
        meta: {
          source: stored.source,
          count: data.bars.length,
          ...(query.knownAt ? { knownAt: query.knownAt } : {}),
          ...(nextCursor ? { nextCursor } : {}),
        },
        warnings,
        maxAge: 5,
      };
    },
  );
  return [read];
}

async function derived(
  reader: BarReader,
  page: LoadedBar[],
  actions: ActionRow[],
  asked: BarsAsked,
): Promise<LoadedBar[]> {
  try {
    return await adjust(reader, page, actions, asked);
  } catch (error) {
    if (error instanceof NotDerivableError) throw new ProblemError('not_derivable', error.message);
    throw error;
  }
}

function barView(bar: LoadedBar, { decimal }: Call) {
  return {
    startsAt: bar.starts_at.toISOString(),
    date: bar.date,
    open: decimal(bar.open),
    high: decimal(bar.high),
    low: decimal(bar.low),
    close: decimal(bar.close),
    volume: decimal(bar.volume),
  };
}

/** The splits and dividends of the days of the page, in the words of the bars' source. */
function actionViews(actions: readonly ActionRow[], page: readonly LoadedBar[], source: string, { decimal }: Call) {
  const days = page.map((bar) => bar.day).sort();
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return [];
  return actions.flatMap((action) => {
    const type = corporateActionTypes.find((each) => each === action.type);
    if (!type || action.source !== source || action.ex_date < first || action.ex_date > last) return [];
    return [
      {
        type,
        exDate: action.ex_date,
        ratio: decimal(action.ratio),
        amount: decimal(action.amount),
        currency: action.currency,
        source: action.source,
        knownAt: action.known_at.toISOString(),
      },
    ];
  });
}

function warningsOf(page: readonly LoadedBar[], symbol: string): Warning[] {
  const stale = page.filter((bar) => bar.stale);
  const bases = new Set(page.map((bar) => bar.basis));
  return [
    ...(stale.length > 0
      ? [
          {
            code: 'stale_basis',
            message: `${stale.length} of these bars were read before a split of ${symbol} and stand on another basis than later ones. They are being read again.`,
          },
        ]
      : []),
    ...(bases.size > 1
      ? [
          {
            code: 'mixed_basis',
            message: `These bars have several bases: ${[...bases].join(', ')}. basis and basisAt are those of the first.`,
          },
        ]
      : []),
  ];
}
