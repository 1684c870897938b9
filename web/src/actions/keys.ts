/** The actions on API keys. Making one throws what was refused, for the form; revoking shows a failure as a toast. */
import { z } from 'zod';
import {
  type ApiKeyView,
  apiKeySchema,
  type createKeySchema,
  newApiKeySchema,
} from '../../../core/contracts/http/api-keys.ts';
import { change } from '../api/client.ts';
import { keysQuery } from '../api/operations-queries.ts';
import { endSessionOn401, queryClient } from '../api/query-client.ts';
import { toast, toastFailure } from '../components/toasts.tsx';

/** Makes a key. The answer has the key itself, which is never shown again. */
export async function createKey(wanted: z.input<typeof createKeySchema>): Promise<z.infer<typeof newApiKeySchema>> {
  try {
    const { data } = await change('POST', '/keys', newApiKeySchema, wanted);
    await refresh();
    return data;
  } catch (error) {
    endSessionOn401(error);
    throw error;
  }
}

/** Revokes a key at once, with the sessions on it. */
export async function revokeKey({ id, name }: Pick<ApiKeyView, 'id' | 'name'>): Promise<void> {
  try {
    await change('DELETE', `/keys/${encodeURIComponent(id)}`, z.union([apiKeySchema, z.undefined()]));
    toast({ tone: 'done', text: `${name} is revoked, and its sessions have ended.` });
  } catch (error) {
    endSessionOn401(error);
    toastFailure(`${name} was not revoked`, error);
  }
  await refresh();
}

async function refresh(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: keysQuery.queryKey });
}
