import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import { instrumentSchema } from '../../../core/contracts/http/market.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { cursorParameter, limitParameter } from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import { assetClasses } from '../../../core/market/instrument.ts';
import { canonicalSymbol } from '../../../core/market/symbol.ts';
import type { InstrumentReader } from '../../../core/ports/instrument-reader.ts';
import { leftOut } from '../licence.ts';
import { instrumentView } from '../views/quote.ts';

export function instrumentRoutes({ instruments }: { instruments: VisibleTo<InstrumentReader> }): Route[] {
  const find = route(
    {
      method: 'get',
      path: '/instruments',
      access: 'read',
      shows: 'visible',
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
      const found = await instruments(call.visible).search({
        text: written,
        date: new Date(call.now).toISOString().slice(0, 10),
        assetClass: query.assetClass ?? null,
        after: after && { rank: after[0], symbol: after[1] },
        limit: query.limit + 1,
      });
      const { rows, meta } = page(found, query.limit, (row) => [row.rank, row.symbol]);
      return { kind: 'data', data: rows.map(instrumentView), meta, warnings: leftOut(call.visible), maxAge: 60 };
    },
  );
  return [find];
}
