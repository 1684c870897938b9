import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import type { Warning } from '../../../core/contracts/http/envelope.ts';
import {
  amountPattern,
  type ModelPreview,
  type ModelView,
  modelIdPattern,
  modelItemSchema,
  modelLimits,
  modelName,
  modelPreviewSchema,
  modelRemovedSchema,
  modelRequestSchema,
  modelSchema,
  weightRounding,
} from '../../../core/contracts/http/models.ts';
import { modelFaultWords, weightUnits } from '../../../core/contracts/words/model-faults.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, flag, limitParameter } from '../../../core/http/read-request.ts';
import { type Call, type Reply, type Route, route } from '../../../core/http/route.ts';
import { asText } from '../../../core/http/wire-number.ts';
import { type ReadModel, readModelCsv, readModelJson, sumOf } from '../../../core/models/read-holdings.ts';
import type { ModelStore, StoredModel } from '../../../core/ports/model-store.ts';
import type { QuoteReader } from '../../../core/ports/quote-reader.ts';
import type { PlannedPeriods } from '../../../core/ports/watch-store.ts';
import { type FoundQuote, findQuotes } from '../../../core/serving/find-quotes.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { leftOut } from '../licence.ts';
import { latestMaxAge, viewContext } from '../quote-answers.ts';
import { nearSymbols, sourceLookup } from '../symbols.ts';
import { holdingsCsv, modelItem, modelView } from '../views/model.ts';
import { csvReply, wantsCsv } from '../views/tables.ts';

interface RouteDependencies {
  readonly models: ModelStore;
  readonly quotes: VisibleTo<QuoteReader>;
  readonly periods: PlannedPeriods;
  readonly catalogue: readonly SourceDefinition[];
  readonly alwaysOpen?: boolean;
}

const tag = 'Models';
const byId = z.object({
  id: z.string().regex(modelIdPattern, 'has small letters, digits and hyphens').describe('What the model is called'),
});
const amountParameter = z
  .string()
  .regex(amountPattern, 'must be a number such as 250000 or 99.95')
  .optional()
  .describe('What was in the model at the close before, in any currency; 100 unless given');
/** Each asks the database what an unknown symbol may have meant. */
const guessedAtMost = 10;

export function modelRoutes({ models, quotes, periods, catalogue, alwaysOpen }: RouteDependencies): Route[] {
  const sourceOf = sourceLookup(catalogue);
  const contextOf = viewContext({ sourceOf, alwaysOpen, periods });

  const list = route(
    {
      method: 'get',
      path: '/models',
      access: 'read',
      shows: 'nothing',
      tag,
      summary: 'Model portfolios, by id',
      query: z.object({ limit: limitParameter(modelLimits.models, 100), cursor: cursorParameter }),
      data: z.array(modelItemSchema),
      problems: ['invalid_cursor'],
    },
    async ({ query, call }) => {
      const [after] = readCursor(query.cursor, z.tuple([z.string().max(64)])) ?? [''];
      const { rows, meta } = page(await models.page({ after, limit: query.limit + 1 }), query.limit, ({ id }) => [id]);
      return { kind: 'data', data: rows.map((model) => modelItem(model, call.decimal)), meta, maxAge: 0 };
    },
  );

  const one = route(
    {
      method: 'get',
      path: '/models/{id}',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'A model portfolio at the prices of now',
      description:
        'Holdings with their price and change, sectors, and what an amount that was in the model at the close before is worth now. A holding without a price that this key may see has a `gap`: then the value is `null`, since the sum of the others would pass for the whole. Stale prices count, and are named. Weights that lack to 1 count as cash. As CSV, which `PUT` takes back, by `Accept: text/csv` or `format=csv`.',
      params: byId,
      query: z.object({ amount: amountParameter, format: z.enum(['json', 'csv']).optional() }),
      data: modelSchema,
      media: { 'text/csv': z.string() },
      problems: ['unknown_model'],
    },
    async ({ params, query, call }) => {
      const model = await models.one(params.id);
      if (!model) throw unknownModel(params.id);
      const csv = wantsCsv(query.format, call);
      const { view, warnings } = await shown(model, query.amount, csv ? { ...call, decimal: asText } : call);
      if (csv) return csvReply(holdingsCsv(view.holdings, call.fields), { name: params.id, call, warnings });
      return { kind: 'data', data: view, warnings, maxAge: latestMaxAge };
    },
  );

  const put = route(
    {
      method: 'put',
      path: '/models/{id}',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'Store a model portfolio',
      description: `In place of what has this id; the same again changes nothing. As JSON, or as CSV (\`content-type: text/csv\`): a line a holding with symbol, weight and, if you like, sector, between commas, semicolons or tabs, with or without a heading. Up to ${modelLimits.holdings} holdings. Weights are fractions or percent, as \`unit\`, a sign or the heading says, or else their sum; a sum that shows neither is refused. Symbols that nobody knows are stored and named. With \`dryRun=1\` nothing is stored: the answer is how it was read, with what is wrong, by line.`,
      params: byId,
      query: z.object({
        unit: z.enum(weightUnits).optional().describe('How the weights are given, where the body does not say'),
        name: modelName.optional().describe('What people call it, where the body does not say'),
        dryRun: flag.describe('1: only how it would be read'),
      }),
      body: modelRequestSchema.optional(),
      textBody: 'text/csv',
      data: modelSchema,
      status: 201,
      alsoOk: {
        description: 'It was there before; or with `dryRun=1` what it would become.',
        data: z.union([modelSchema, modelPreviewSchema]),
      },
      problems: ['models_full'],
    },
    async ({ params, query, body, text, call }): Promise<Reply> => {
      const unit = query.unit ?? null;
      const read = text === null ? readModelJson(body ?? { holdings: [] }, unit) : readModelCsv(text, unit);
      if (query.dryRun) return { kind: 'data', data: await preview(read, call) };
      if (read.faults.length > 0) throw faulty(read, text !== null);
      const name = body?.name ?? query.name ?? null;
      const holdings = read.holdings.map(({ symbol, weight, sector }) => ({ symbol, weight, sector }));
      const stored = await models.put({ id: params.id, name, holdings }, new Date(call.now), modelLimits.models);
      if (stored === 'full')
        throw new ProblemError('models_full', `There are ${modelLimits.models} models. Delete one first.`);
      const { view, warnings } = await shown(stored.model, undefined, call);
      return { kind: 'data', data: view, warnings, status: stored.change === 'created' ? 201 : 200 };
    },
  );

  const remove = route(
    {
      method: 'delete',
      path: '/models/{id}',
      access: 'operate',
      shows: 'nothing',
      tag,
      summary: 'Delete a model portfolio',
      description: 'One that is not there is a 200, too.',
      params: byId,
      data: modelRemovedSchema,
    },
    async ({ params }) => ({ kind: 'data', data: { id: params.id, removed: await models.remove(params.id) } }),
  );

  return [list, one, put, remove];

  async function pricesOf(symbols: readonly string[], call: Call) {
    const reader = quotes(call.visible);
    const found = await findQuotes(reader, sourceOf, symbols, { source: null, knownAt: null, now: call.now });
    const near = new Map<string, readonly string[]>();
    for (const symbol of symbols.filter((each) => !found.has(each)).slice(0, guessedAtMost))
      near.set(symbol, await nearSymbols(reader, symbol, call.now));
    return { found, near };
  }

  async function shown(model: StoredModel, amount: string | undefined, call: Call) {
    const { found, near } = await pricesOf(
      model.holdings.map(({ symbol }) => symbol),
      call,
    );
    const view = modelView(model, found, near, amount ?? '100', await contextOf(call));
    const sum = sumOf(model.holdings.map(({ weight }) => weight));
    return { view, warnings: warningsOf(view, Number(sum), found, call) };
  }

  async function preview(read: ReadModel, call: Call): Promise<ModelPreview> {
    const { holdings, unit, faults, ignoredColumns } = read;
    const { found, near } = await pricesOf(
      holdings.map(({ symbol }) => symbol),
      call,
    );
    return {
      faults: [...faults],
      unit,
      weightSum: call.decimal(sumOf(holdings.map(({ weight }) => weight))),
      holdings: holdings.map(({ line, symbol, weight, sector }) => {
        const row = found.get(symbol);
        const name = row && row !== 'licence_forbids' ? row.name : null;
        const known = found.has(symbol);
        return { line, symbol, weight: call.decimal(weight), sector, name, known, near: [...(near.get(symbol) ?? [])] };
      }),
      ignoredColumns: [...ignoredColumns],
    };
  }
}

function warningsOf(view: ModelView, sum: number, found: ReadonlyMap<string, FoundQuote>, call: Call): Warning[] {
  const { missing, stale, currencies } = view.value;
  const forbidden = [...found.values()].some((row) => row === 'licence_forbids');
  const named = (symbols: readonly string[]) =>
    symbols.length > 10 ? `${symbols.slice(0, 10).join(', ')} and ${symbols.length - 10} more` : symbols.join(', ');
  return [
    ...(Math.abs(sum - 1) > weightRounding
      ? [{ code: 'weights_sum', message: `The weights sum up to ${Number((sum * 100).toFixed(4))} %, not to 100 %.` }]
      : []),
    ...(missing.length > 0
      ? [
          {
            code: 'prices_missing',
            message: `Without a price or its change: ${named(missing.map(({ symbol }) => symbol))}. So the model has no value.`,
          },
        ]
      : []),
    ...(stale.length > 0 ? [{ code: 'prices_stale', message: `Stale prices are counted: ${named(stale)}.` }] : []),
    ...(currencies.length > 1
      ? [{ code: 'currencies', message: `Prices are in ${currencies.join(', ')}; rates between them are not counted.` }]
      : []),
    ...(forbidden ? leftOut(call.visible) : []),
  ];
}

function faulty({ faults }: ReadModel, isText: boolean): ProblemError {
  const errors = faults.slice(0, 20).map(({ line, code, given }) => ({
    path: line === null ? 'body' : isText ? `line ${line}` : `body.holdings.${line - 1}`,
    message: `${modelFaultWords[code]}${given === '' ? '' : ` (${given})`}`,
  }));
  const [first] = errors;
  const more = faults.length > 1 ? ` And ${faults.length - 1} more.` : '';
  return new ProblemError('invalid_request', `${first?.path}: ${first?.message}${more} Nothing was stored.`, {
    errors,
  });
}

function unknownModel(id: string): ProblemError {
  return new ProblemError('unknown_model', `There is no model ${id}. GET /models lists them.`);
}
