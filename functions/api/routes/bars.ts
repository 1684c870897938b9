import * as z from 'zod';
import { type BarsItem, barsItemSchema, barsSchema } from '../../../core/contracts/http/market.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { splitSymbols, symbolParameter } from '../../../core/http/read-request.ts';
import { type Call, type Route, route } from '../../../core/http/route.ts';
import { barsQuery, type SeriesDependencies, seriesOf } from '../bars/series.ts';
import { leftOut } from '../licence.ts';
import { failureOf } from '../symbols.ts';
import { type BarLine, barsCsv, csvReply, wantsCsv } from '../views/tables.ts';

export function barRoutes(dependencies: SeriesDependencies): Route[] {
  const read = route(
    {
      method: 'get',
      path: '/bars/{symbol}',
      access: 'read',
      shows: 'visible',
      feed: 'bars',
      tag: 'Bars',
      summary: 'Open, high, low, close and volume over time',
      description:
        'Bars of one source, oldest first. `adjustment=none` gives them as the source did, and `basis` says what that is. The others are computed at read from the splits and dividends that are known: `raw` undoes the splits, `splits` brings all to the shares of today, `splits_and_dividends` follows the CRSP method. What cannot be derived from what is stored is a 422 `not_derivable`. As CSV by `Accept: text/csv` or `format=csv`.',
      params: z.object({ symbol: symbolParameter }),
      query: barsQuery,
      data: barsSchema,
      media: { 'text/csv': z.string() },
      problems: ['invalid_symbol', 'unknown_symbol', 'unknown_source', 'no_bars', 'not_derivable'],
    },
    async ({ params, query, call }) => {
      const after = readCursor(query.cursor, z.tuple([z.iso.datetime()]))?.[0] ?? null;
      const { data, lines, warnings, meta } = await seriesOf(dependencies, params.symbol, { ...query, after }, call);
      if (!wantsCsv(query.format, call)) return { kind: 'data', data, meta, warnings, maxAge: 5 };
      const name = `${data.instrument.symbol}-${query.interval}`;
      return csvReply(barsCsv(lines(), call.fields), { name, nextCursor: meta.nextCursor, call, warnings });
    },
  );

  const several = route(
    {
      method: 'get',
      path: '/bars',
      access: 'read',
      shows: 'visible',
      feed: 'bars',
      tag: 'Bars',
      summary: 'The bars of several symbols',
      description:
        'One item per symbol, in order, each with bars or an error of its own. `limit` is of all bars of a page: one that ends within a symbol goes on there. As CSV by `Accept: text/csv` or `format=csv`, one line a bar; symbols without bars are left out and named by a warning.',
      query: barsQuery.extend({
        symbols: z.string().min(1).max(2_500).describe(`Up to ${mostSymbols}, separated by commas`),
      }),
      data: z.array(barsItemSchema),
      media: { 'text/csv': z.string() },
      problems: ['unknown_source', 'invalid_cursor'],
    },
    async ({ query, call }) => {
      const symbols = splitSymbols(query.symbols, mostSymbols);
      const [first, after] = readCursor(query.cursor, z.tuple([z.int().min(0), z.iso.datetime()])) ?? [0, null];
      const items: BarsItem[] = [];
      const lines: (() => BarLine[])[] = [];
      /** Where each bar stands, and one more where there are more. */
      const places: [number, string][] = [];
      for (let index = first; index < symbols.length; index++) {
        const limit = query.limit - places.length;
        const place = places.at(-1);
        if (limit === 0 && place) {
          places.push(place);
          break;
        }
        const asked = { ...query, limit, after: index === first ? after : null };
        const item = await itemOf(symbols[index] ?? '', asked, call);
        items.push(item.view);
        lines.push(item.lines);
        places.push(...(item.view.bars?.bars ?? []).map(({ startsAt }): [number, string] => [index, startsAt]));
        const last = places.at(-1);
        if (item.more && last) {
          places.push(last);
          break;
        }
      }
      const { meta } = page(places, query.limit, (place) => place);
      const hidden = items.some(({ error }) => error?.code === 'licence_forbids');
      const left = hidden ? leftOut(call.visible, query.source) : [];
      const warnings = items.flatMap(({ symbol, error, warnings: own }) => [
        ...own,
        ...(error ? [{ code: error.code, message: `${symbol}: ${error.detail}` }] : []),
      ]);
      if (!wantsCsv(query.format, call)) return { kind: 'data', data: items, meta, warnings: left, maxAge: 5 };
      const name = `bars-${query.interval}`;
      return csvReply(
        barsCsv(
          lines.flatMap((each) => each()),
          call.fields,
        ),
        { name, nextCursor: meta.nextCursor, call, warnings },
      );
    },
  );
  return [read, several];

  async function itemOf(
    text: string,
    asked: Parameters<typeof seriesOf>[2],
    call: Call,
  ): Promise<{ readonly view: BarsItem; readonly lines: () => BarLine[]; readonly more: boolean }> {
    try {
      const { data, lines, warnings, meta } = await seriesOf(dependencies, text, asked, call);
      const view = { symbol: data.instrument.symbol, bars: data, warnings: [...warnings], error: null };
      return { view, lines, more: meta.nextCursor !== undefined };
    } catch (error) {
      // A source that there is not is a mistake of the request; everything else is of this symbol.
      if (!(error instanceof ProblemError) || error.code === 'unknown_source' || error.code === 'invalid_request')
        throw error;
      const view = { symbol: text.slice(0, 64), bars: null, warnings: [], error: failureOf(error) };
      return { view, lines: () => [], more: false };
    }
  }
}

/** Symbols of one request: each costs some queries. */
const mostSymbols = 50;
