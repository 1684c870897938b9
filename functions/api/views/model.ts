import { upToMilliseconds } from '../../../core/contracts/http/envelope.ts';
import type { QuoteView } from '../../../core/contracts/http/market.ts';
import type { ModelHolding, ModelItem, ModelView } from '../../../core/contracts/http/models.ts';
import type { HoldingGap } from '../../../core/contracts/words/model-faults.ts';
import { type Column, toCsv } from '../../../core/http/csv.ts';
import { pickColumns } from '../../../core/http/fields.ts';
import { asText, type DecimalWriter } from '../../../core/http/wire-number.ts';
import type { DecimalText } from '../../../core/market/decimal.ts';
import { type Holding, sumOf } from '../../../core/models/read-holdings.ts';
import { sectorOfClass } from '../../../core/models/sectors.ts';
import { contributionOf, dayValueOf, sectorsOf, type ValuedHolding } from '../../../core/models/value.ts';
import type { ListedModel, StoredModel } from '../../../core/ports/model-store.ts';
import type { FoundQuote } from '../../../core/serving/find-quotes.ts';
import { quoteView, type ViewContext } from './quote.ts';

/** A model in the list. */
export function modelItem(model: ListedModel, decimal: DecimalWriter): ModelItem {
  const { id, name, revision, createdAt, updatedAt, holdings, weightSum } = model;
  return {
    ...{ id, name, revision, holdings },
    createdAt: upToMilliseconds(createdAt.toISOString()),
    updatedAt: upToMilliseconds(updatedAt.toISOString()),
    weightSum: decimal(sumOf([weightSum])),
  };
}

/** A model at the prices that the caller may see. */
export function modelView(
  model: StoredModel,
  found: ReadonlyMap<string, FoundQuote>,
  near: ReadonlyMap<string, readonly string[]>,
  amount: DecimalText,
  context: ViewContext,
): ModelView {
  const { decimal } = context;
  const rows = model.holdings.map((holding) => pricedHolding(holding, found.get(holding.symbol), context));
  const valued = rows.map(({ valued: each }) => each);
  const quotes = rows.flatMap(({ quote, valued: { gap } }) => (quote && gap === null ? [quote] : []));
  const value = dayValueOf(valued, amount);
  const times = quotes.map(({ asOf }) => asOf).toSorted();
  const items = { ...model, holdings: rows.length, weightSum: sumOf(model.holdings.map(({ weight }) => weight)) };
  return {
    ...modelItem(items, decimal),
    holdings: rows.map(({ quote, valued: each, sectorFrom }): ModelHolding => {
      const price = quote && { price: decimal(String(quote.price)), currency: quote.currency, asOf: quote.asOf };
      return {
        symbol: each.symbol,
        name: quote?.instrument.name ?? null,
        assetClass: quote?.instrument.assetClass ?? null,
        weight: decimal(each.weight),
        sector: each.sector,
        sectorFrom,
        ...(price ?? { price: null, currency: null, asOf: null }),
        changeFraction: decimal(each.changeFraction),
        contribution: decimal(contributionOf(each)),
        source: quote?.source ?? null,
        licence: quote?.licence ?? null,
        stale: quote?.stale ?? false,
        gap: each.gap,
        near: [...(near.get(each.symbol) ?? [])],
      };
    }),
    sectors: sectorsOf(valued).map((sector) => ({
      ...sector,
      weight: decimal(sector.weight),
      contribution: decimal(sector.contribution),
    })),
    value: {
      amount: decimal(value.amount),
      now: decimal(value.now),
      change: decimal(value.change),
      changeFraction: decimal(value.changeFraction),
      pricedWeight: decimal(value.pricedWeight),
      pricedContribution: decimal(value.pricedContribution),
      missing: value.missing,
      stale: quotes.filter(({ stale }) => stale).map(({ instrument }) => instrument.symbol),
      currencies: [...new Set(quotes.map(({ currency }) => currency))].toSorted(),
      oldestAsOf: times[0] ?? null,
      newestAsOf: times.at(-1) ?? null,
    },
  };
}

function pricedHolding({ symbol, weight, sector }: Holding, row: FoundQuote | undefined, context: ViewContext) {
  const quote: QuoteView | null =
    row && row !== 'licence_forbids' ? quoteView(row, { source: null }, { ...context, decimal: asText }) : null;
  const changeFraction = quote?.changeFraction == null ? null : String(quote.changeFraction);
  const gap = gapOf(row, changeFraction);
  const ofClass = sectorOfClass(quote?.instrument.assetClass ?? null);
  const valued: ValuedHolding = { symbol, weight, sector: sector ?? ofClass, changeFraction, gap };
  return { quote, valued, sectorFrom: sector ? ('model' as const) : ofClass ? ('instrument' as const) : null };
}

function gapOf(row: FoundQuote | undefined, changeFraction: DecimalText | null): HoldingGap | null {
  if (row === undefined) return 'unknown_symbol';
  if (row === null) return 'no_quote';
  if (row === 'licence_forbids') return 'licence_forbids';
  return changeFraction === null ? 'no_change' : null;
}

const columns: readonly Column<ModelHolding>[] = [
  { name: 'symbol', field: 'holdings.symbol', kind: 'text', of: ({ symbol }) => symbol },
  { name: 'weight', field: 'holdings.weight', kind: 'number', of: ({ weight }) => weight },
  { name: 'sector', field: 'holdings.sector', kind: 'text', of: ({ sector }) => sector },
  { name: 'name', field: 'holdings.name', kind: 'text', of: ({ name }) => name },
  { name: 'price', field: 'holdings.price', kind: 'number', of: ({ price }) => price },
  { name: 'currency', field: 'holdings.currency', kind: 'text', of: ({ currency }) => currency },
  {
    name: 'changeFraction',
    field: 'holdings.changeFraction',
    kind: 'number',
    of: ({ changeFraction }) => changeFraction,
  },
  { name: 'contribution', field: 'holdings.contribution', kind: 'number', of: ({ contribution }) => contribution },
  { name: 'asOf', field: 'holdings.asOf', kind: 'text', of: ({ asOf }) => asOf },
  { name: 'source', field: 'holdings.source', kind: 'text', of: ({ source }) => source },
  { name: 'licence', field: 'holdings.licence', kind: 'text', of: ({ licence }) => licence },
  { name: 'stale', field: 'holdings.stale', kind: 'text', of: ({ stale }) => stale },
  { name: 'gap', field: 'holdings.gap', kind: 'text', of: ({ gap }) => gap },
];

/** The holdings as CSV, which `PUT /models/{id}` takes back. Their decimals are text. */
export function holdingsCsv(holdings: readonly ModelHolding[], fields: readonly string[] | null): string {
  return toCsv(pickColumns(columns, fields), holdings);
}
