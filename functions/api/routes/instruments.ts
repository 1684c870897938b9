import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import { instrumentSchema, listingChangeSchema, openedValiditySchema } from '../../../core/contracts/http/market.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { invalidRequest, ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, limitParameter, symbolOf, symbolParameter } from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import { isCurrency } from '../../../core/market/currencies.ts';
import { assetClasses } from '../../../core/market/instrument.ts';
import { canonicalSymbol } from '../../../core/market/symbol.ts';
import type { InstrumentReader } from '../../../core/ports/instrument-reader.ts';
import type { ListingChange, ValidityStore } from '../../../core/ports/validity-store.ts';
import { leftOut } from '../licence.ts';
import { instrumentView } from '../views/quote.ts';

interface RouteDependencies {
  readonly instruments: VisibleTo<InstrumentReader>;
  readonly validities: ValidityStore;
}

export function instrumentRoutes({ instruments, validities }: RouteDependencies): Route[] {
  const find = route(
    {
      method: 'get',
      path: '/instruments',
      access: 'read',
      shows: 'visible',
      feed: 'instruments',
      tag: 'Instruments',
      summary: 'Find instruments by symbol or name',
      description: 'The symbol itself first, then symbols that begin so, then others and names that contain the text.',
      query: z.object({
        query: z
          .string()
          .max(64)
          .regex(/^[ -~\u00a0-\uffff]*$/, 'has a control character')
          .default(''),
        assetClass: z.enum(assetClasses).optional(),
        limit: limitParameter(500, 50),
        cursor: cursorParameter,
      }),
      data: z.array(instrumentSchema),
      problems: ['invalid_cursor'],
    },
    async ({ query, call }) => {
      const after = readCursor(query.cursor, z.tuple([z.int().min(0).max(2), z.string().max(64)]));
      const text = query.query.trim();
      // brk.b and eur/usd are how people write BRK-B and EURUSD=X; a name such as "Apple" is left as it is.
      const written = /[./]/.test(text) ? (canonicalSymbol(text) ?? text) : text;
      const date = new Date(call.now).toISOString().slice(0, 10);
      const wanted = { text: written, date, assetClass: query.assetClass ?? null };
      const found = await instruments(call.visible).search({
        ...wanted,
        after: after && { rank: after[0], symbol: after[1] },
        limit: query.limit + 1,
      });
      const { rows, meta } = page(found, query.limit, (row) => [row.rank, row.symbol]);
      const total = after === null ? { total: await instruments(call.visible).count(wanted) } : {};
      return {
        kind: 'data',
        data: rows.map(instrumentView),
        meta: { ...meta, ...total },
        warnings: leftOut(call.visible),
        maxAge: 60,
      };
    },
  );
  const change = route(
    {
      method: 'post',
      path: '/instruments/{symbol}/change',
      access: 'operate',
      shows: 'nothing',
      tag: 'Instruments',
      summary: 'Open what a symbol means from a day on',
      description:
        'The listing trades in another currency, or has another symbol, or the symbol means another instrument. What is stored of before stays under the former listing, and is read with dates of before. Rows that wait in quarantine for it are read again within minutes.',
      params: z.object({ symbol: symbolParameter }),
      body: listingChangeSchema,
      data: openedValiditySchema,
      problems: ['invalid_symbol', 'unknown_symbol'],
    },
    async ({ params, body, call }) => {
      const symbol = symbolOf(params.symbol);
      if (body.change !== 'symbol' && body.currency !== undefined && !isCurrency(body.currency))
        throw invalidRequest('body.currency', 'is no currency of ISO 4217');
      const from = body.from ?? new Date(call.now).toISOString().slice(0, 10);
      const opened = await validities.open(symbol, from, changeOf(body));
      if (typeof opened === 'object') return { kind: 'data', data: opened };
      if (opened === 'unknown') throw new ProblemError('unknown_symbol', `No source has ${symbol}.`);
      if (opened === 'taken') throw invalidRequest('body.to', 'means something already');
      if (opened === 'same') throw invalidRequest('body', 'changes nothing');
      throw invalidRequest('body.from', `must be later than the day from which ${symbol} means what it does`);
    },
  );
  return [find, change];
}

function changeOf(body: z.infer<typeof listingChangeSchema>): ListingChange {
  switch (body.change) {
    case 'currency':
      return { change: 'currency', currency: body.currency, minorFactor: body.minorFactor };
    case 'symbol':
      return { change: 'symbol', to: symbolOf(body.to) };
    case 'instrument':
      return { change: 'instrument', name: body.name ?? null, currency: body.currency ?? null };
  }
}
