/** What the pages of models read. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { modelItemSchema, modelLimits, modelSchema } from '../../../core/contracts/http/models.ts';
import { paced } from '../live/pace.ts';
import { reader } from './client.ts';

const readModels = reader(z.array(modelItemSchema));
const readModel = reader(modelSchema);

/** Every model, by id: there are no more than one page has. */
export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: async ({ signal }) => (await readModels(`/models?limit=${modelLimits.models}`, signal)).data,
  refetchInterval: paced(30_000),
});

/** A model at the prices of now, for an amount that was in it at the close before. */
export function modelQuery(id: string, amount: string) {
  return queryOptions({
    queryKey: ['model', id, amount],
    queryFn: async ({ signal }) => (await readModel(`/models/${encodeURIComponent(id)}?amount=${amount}`, signal)).data,
    refetchInterval: paced(10_000),
    placeholderData: keepPreviousData,
  });
}
