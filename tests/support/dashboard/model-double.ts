/** The double's models: read, valued and summed by the rules of the service, at the double's prices. */
import { z } from 'zod';
import type { Warning } from '../../../core/contracts/http/envelope.ts';
import type { QuoteView } from '../../../core/contracts/http/market.ts';
import {
  type ModelItem,
  type ModelView,
  modelItemSchema,
  modelPreviewSchema,
  modelRemovedSchema,
  modelRequestSchema,
  modelSchema,
} from '../../../core/contracts/http/models.ts';
import { weightUnits } from '../../../core/contracts/words/model-faults.ts';
import { readModelCsv, readModelJson, sumOf } from '../../../core/models/read-holdings.ts';
import { sectorOfClass } from '../../../core/models/sectors.ts';
import { contributionOf, dayValueOf, sectorsOf } from '../../../core/models/value.ts';
import type { StoredModel } from '../../../core/ports/model-store.ts';
import { type Answer, data, problem } from './double-answer.ts';
import type { DoubleState } from './double-state.ts';

export function readModels(state: DoubleState, path: string, query: URLSearchParams): Answer | null {
  const [, collection, id] = path.split('/').map(decodeURIComponent);
  if (path === '/models') return data(z.array(modelItemSchema), state.models.map(itemOf));
  if (collection !== 'models') return null;
  const model = state.models.find((each) => each.id === id);
  if (!model) return problem(404, 'unknown_model', 'There is no such model', 'GET /models lists them.');
  const view = viewOf(state, model, query.get('amount') ?? '100');
  return data(modelSchema, view, { warnings: warningsOf(view) });
}

export function changeModel(
  state: DoubleState,
  method: string,
  path: string,
  query: URLSearchParams,
  body: unknown,
): Answer | null {
  const [, collection, id] = path.split('/').map(decodeURIComponent);
  if (collection !== 'models' || id === undefined) return null;
  const former = state.models.find((each) => each.id === id);
  const others = state.models.filter((each) => each !== former);
  if (method === 'DELETE') {
    state.models = others;
    return data(modelRemovedSchema, { id, removed: former !== undefined });
  }
  const unit = z.enum(weightUnits).nullable().parse(query.get('unit'));
  const request = typeof body === 'string' ? null : modelRequestSchema.safeParse(body ?? { holdings: [] });
  if (request && !request.success)
    return problem(400, 'invalid_request', 'The request is not valid', 'body.holdings: has another form.');
  const read =
    typeof body === 'string' ? readModelCsv(body, unit) : readModelJson(request?.data ?? { holdings: [] }, unit);
  const { holdings, faults, ignoredColumns } = read;
  if (query.get('dryRun') === '1')
    return data(modelPreviewSchema, {
      ...{ unit: read.unit, faults: [...faults], ignoredColumns: [...ignoredColumns] },
      weightSum: Number(sumOf(holdings.map(({ weight }) => weight))),
      holdings: holdings.map((holding) => {
        const quote = quoteOf(state, holding.symbol);
        const known = quote !== undefined;
        const near = known ? [] : nearOf(state, holding.symbol);
        return { ...holding, weight: Number(holding.weight), name: quote?.instrument.name ?? null, known, near };
      }),
    });
  if (faults.length > 0) return problem(400, 'invalid_request', 'The request is not valid', 'A line is wrong.');
  const model: StoredModel = {
    ...{ id, name: request?.data?.name ?? query.get('name'), revision: (former?.revision ?? 0) + 1 },
    holdings: holdings.map(({ symbol, weight, sector }) => ({ symbol, weight, sector })),
    createdAt: former?.createdAt ?? new Date(),
    updatedAt: new Date(),
  };
  state.models = [...others, model].toSorted((a, b) => a.id.localeCompare(b.id));
  return { ...data(modelSchema, viewOf(state, model, '100')), status: former ? 200 : 201 };
}

function quoteOf(state: DoubleState, symbol: string): QuoteView | undefined {
  return state.quotes.find(({ instrument }) => instrument.symbol === symbol);
}

/** Known symbols that an unknown one begins with. */
function nearOf(state: DoubleState, symbol: string): string[] {
  return state.quotes
    .map(({ instrument }) => instrument.symbol)
    .filter((each) => each.length > 1 && symbol.startsWith(each))
    .slice(0, 3);
}

function itemOf({ id, name, revision, createdAt, updatedAt, holdings }: StoredModel): ModelItem {
  return {
    ...{ id, name, revision, holdings: holdings.length },
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    weightSum: Number(sumOf(holdings.map(({ weight }) => weight))),
  };
}

function viewOf(state: DoubleState, model: StoredModel, amount: string): ModelView {
  const rows = model.holdings.map(({ symbol, weight, sector }) => {
    const quote = quoteOf(state, symbol);
    const changeFraction = quote?.changeFraction == null ? null : String(quote.changeFraction);
    const gap =
      quote === undefined ? ('unknown_symbol' as const) : changeFraction === null ? ('no_change' as const) : null;
    const ofClass = sectorOfClass(quote?.instrument.assetClass ?? null);
    const from = sector ? ('model' as const) : ofClass ? ('instrument' as const) : null;
    return { quote, from, valued: { symbol, weight, changeFraction, gap, sector: sector ?? ofClass } };
  });
  const valued = rows.map((row) => row.valued);
  const counted = rows.flatMap(({ quote, valued: { gap } }) => (quote && gap === null ? [quote] : []));
  const value = dayValueOf(valued, amount);
  const times = counted.map(({ asOf }) => asOf).toSorted();
  const number = (text: string | null) => (text === null ? null : Number(text));
  return {
    ...itemOf(model),
    holdings: rows.map(({ quote, from, valued: each }) => ({
      symbol: each.symbol,
      name: quote?.instrument.name ?? null,
      assetClass: quote?.instrument.assetClass ?? null,
      weight: Number(each.weight),
      ...{ sector: each.sector, sectorFrom: from, gap: each.gap },
      ...{ price: quote?.price ?? null, currency: quote?.currency ?? null, asOf: quote?.asOf ?? null },
      ...{ source: quote?.source ?? null, licence: quote?.licence ?? null, stale: quote?.stale ?? false },
      changeFraction: number(each.changeFraction),
      contribution: number(contributionOf(each)),
      near: quote ? [] : nearOf(state, each.symbol),
    })),
    sectors: sectorsOf(valued).map((sector) => ({
      ...sector,
      weight: Number(sector.weight),
      contribution: number(sector.contribution),
    })),
    value: {
      amount: Number(amount),
      ...{ now: number(value.now), change: number(value.change), changeFraction: number(value.changeFraction) },
      ...{ pricedWeight: Number(value.pricedWeight), pricedContribution: Number(value.pricedContribution) },
      missing: value.missing,
      stale: counted.filter(({ stale }) => stale).map(({ instrument }) => instrument.symbol),
      currencies: [...new Set(counted.map(({ currency }) => currency))].toSorted(),
      ...{ oldestAsOf: times[0] ?? null, newestAsOf: times.at(-1) ?? null },
    },
  };
}

function warningsOf({ value }: ModelView): Warning[] {
  return value.missing.length === 0 ? [] : [{ code: 'prices_missing', message: 'Some prices are missing.' }];
}
