import type { QuoteBatchItem } from '../../../core/contracts/http/market.ts';
import { type Column, toCsv } from '../../../core/http/csv.ts';
import { pickColumns } from '../../../core/http/fields.ts';

/** Quotes whose decimals are text, one a line; of a symbol without one, the code of its error. */
export function quotesCsv(items: readonly QuoteBatchItem[], fields: readonly string[] | null): string {
  const text = (name: string, of: Column<QuoteBatchItem>['of'], field = name): Column<QuoteBatchItem> => ({
    name,
    field,
    kind: 'text',
    of,
  });
  const number = (name: string, of: Column<QuoteBatchItem>['of']): Column<QuoteBatchItem> => ({
    name,
    kind: 'number',
    of,
  });
  const columns: Column<QuoteBatchItem>[] = [
    text('symbol', ({ symbol }) => symbol, 'instrument.symbol'),
    text('name', ({ quote }) => quote?.instrument.name ?? null, 'instrument.name'),
    text('assetClass', ({ quote }) => quote?.instrument.assetClass ?? null, 'instrument.assetClass'),
    text('mic', ({ quote }) => quote?.instrument.mic ?? null, 'instrument.mic'),
    text('exchange', ({ quote }) => quote?.instrument.exchange ?? null, 'instrument.exchange'),
    number('price', ({ quote }) => quote?.price ?? null),
    number('previousClose', ({ quote }) => quote?.previousClose ?? null),
    number('change', ({ quote }) => quote?.change ?? null),
    number('changeFraction', ({ quote }) => quote?.changeFraction ?? null),
    number('bid', ({ quote }) => quote?.bid ?? null),
    number('ask', ({ quote }) => quote?.ask ?? null),
    number('volume', ({ quote }) => quote?.volume ?? null),
    text('currency', ({ quote }) => quote?.currency ?? null),
    number('minorFactor', ({ quote }) => quote?.minorFactor ?? null),
    text('session', ({ quote }) => quote?.session ?? null),
    number('delaySeconds', ({ quote }) => quote?.delaySeconds ?? null),
    text('asOf', ({ quote }) => quote?.asOf ?? null),
    text('asOfBasis', ({ quote }) => quote?.asOfBasis ?? null),
    text('fetchedAt', ({ quote }) => quote?.fetchedAt ?? null),
    text('ingestedAt', ({ quote }) => quote?.ingestedAt ?? null),
    text('source', ({ quote }) => quote?.source ?? null),
    text('licence', ({ quote }) => quote?.licence ?? null),
    text('provisional', ({ quote }) => quote?.provisional ?? null),
    text('stale', ({ quote }) => quote?.stale ?? null),
    number('ageSeconds', ({ quote }) => quote?.ageSeconds ?? null),
    text('confidence', ({ quote }) => quote?.confidence ?? null),
    text('rule', ({ quote }) => quote?.rule ?? null),
    number('spread', ({ quote }) => quote?.spread ?? null),
    text('completedBy', ({ quote }) => quote?.completedBy ?? null),
    text('blobKey', ({ quote }) => quote?.provenance.blobKey ?? null, 'provenance.blobKey'),
    text('error', ({ error }) => error?.code ?? null, 'error.code'),
  ];
  return toCsv(pickColumns(columns, fields), items);
}
