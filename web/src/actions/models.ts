/** The actions on models. Storing one throws what was refused, for the form; removing one shows a failure as a toast, and can be taken back. */
import { z } from 'zod';
import {
  type ModelPreview,
  type ModelView,
  modelPreviewSchema,
  modelRemovedSchema,
  modelSchema,
} from '../../../core/contracts/http/models.ts';
import { parseJson } from '../../../core/contracts/parse-json.ts';
import type { WeightUnit } from '../../../core/contracts/words/model-faults.ts';
import { change } from '../api/client.ts';
import { endSessionOn401, queryClient } from '../api/query-client.ts';
import { toast, toastFailure } from '../components/toasts.tsx';

/** A model as somebody typed or pasted it: JSON where it looks so, or else CSV. */
export interface WrittenModel {
  readonly id: string;
  readonly name: string;
  readonly unit: WeightUnit | null;
  readonly text: string;
}

/** How the API would read it, with what is wrong, by line. Nothing is stored. */
export async function previewModel(written: WrittenModel): Promise<ModelPreview> {
  return send(written, modelPreviewSchema, { dryRun: '1' });
}

/** Stores it, in place of what has its id. */
export async function storeModel(written: WrittenModel): Promise<ModelView> {
  const stored = await send(written, modelSchema, {});
  await refresh();
  return stored;
}

/** Deletes a model at once; the message can put it back. `leave` ends when nothing shows the model any more. */
export async function removeModel(model: ModelView, leave: () => Promise<void>): Promise<void> {
  const called = model.name ?? model.id;
  try {
    await change('DELETE', `/models/${encodeURIComponent(model.id)}`, modelRemovedSchema);
    await leave();
    queryClient.removeQueries({ queryKey: ['model', model.id] });
    const putBack = () => void restore(model);
    toast({ tone: 'done', text: `${called} is deleted.`, action: { label: 'Undo', run: putBack } });
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${called} was not deleted`, error);
  }
  await queryClient.invalidateQueries({ queryKey: ['models'] });
}

async function restore({ id, name, holdings }: ModelView): Promise<void> {
  try {
    await change('PUT', `/models/${encodeURIComponent(id)}`, modelSchema, {
      ...(name === null ? {} : { name }),
      unit: 'fraction',
      holdings: holdings.map(({ symbol, weight, sector, sectorFrom }) => ({
        symbol,
        weight,
        sector: sectorFrom === 'model' ? sector : null,
      })),
    });
    toast({ tone: 'done', text: `${name ?? id} is back.` });
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${name ?? id} could not be put back`, error);
  }
  await refresh();
}

async function send<T extends z.ZodType>(
  { id, name, unit, text }: WrittenModel,
  schema: T,
  more: Readonly<Record<string, string>>,
): Promise<z.infer<T>> {
  const query = new URLSearchParams(more);
  if (name.trim() !== '') query.set('name', name.trim());
  if (unit !== null) query.set('unit', unit);
  const path = `/models/${encodeURIComponent(id)}?${query}`;
  try {
    const json = jsonOf(text);
    return json === undefined
      ? (await change('PUT', path, schema, text, { media: 'text/csv' })).data
      : (await change('PUT', path, schema, json)).data;
  } catch (error) {
    endSessionOn401(error);
    throw error;
  }
}

const listed = z.array(z.unknown());

/** The body of a text that is JSON: a model, or only its holdings. `undefined` of any other. */
function jsonOf(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  const value = parseJson(text);
  return listed.safeParse(value).success ? { holdings: value } : value;
}

async function refresh(): Promise<void> {
  await Promise.all([['models'], ['model']].map((queryKey) => queryClient.invalidateQueries({ queryKey })));
}
