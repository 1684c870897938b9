import * as z from 'zod';
import { createApiKey } from '../../../core/auth/api-keys.ts';
import {
  type ApiKeyView,
  apiKeySchema,
  createKeySchema,
  newApiKeySchema,
} from '../../../core/contracts/http/api-keys.ts';
import { usesWithin } from '../../../core/contracts/words/licence.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { type Route, route } from '../../../core/http/route.ts';
import type { ApiKeyStore, KeyRecord } from '../../../core/ports/api-key-store.ts';
import type { Authenticator } from '../authenticate.ts';

const tag = 'Keys';

export function keyRoutes({ keys, authenticator }: { keys: ApiKeyStore; authenticator: Authenticator }): Route[] {
  const list = route(
    {
      method: 'get',
      path: '/keys',
      access: 'admin',
      shows: 'nothing',
      tag,
      summary: 'Every API key, newest first',
      data: z.array(apiKeySchema),
    },
    async () => {
      const records = await keys.list();
      return { kind: 'data', data: records.map(view), meta: { count: records.length }, maxAge: null };
    },
  );

  const create = route(
    {
      method: 'post',
      path: '/keys',
      access: 'admin',
      shows: 'nothing',
      tag,
      summary: 'Make an API key',
      description:
        'The answer holds the key. It is shown this once: only its hash is kept. No key makes one whose use sees more than its own; its own is the default.',
      body: createKeySchema,
      data: newApiKeySchema,
      status: 201,
      problems: ['licence_forbids'],
    },
    async ({ body, call }) => {
      const expiresAt = body.expiresAt ? new Date(body.expiresAt) : null;
      if (expiresAt && expiresAt.getTime() <= call.now)
        throw new ProblemError('invalid_request', 'body.expiresAt: must be in the future', {
          errors: [{ path: 'body.expiresAt', message: 'must be in the future' }],
        });
      // Else a key that may see a part of the sources would be one for all of them.
      const own = call.principal?.use ?? 'redistribute';
      const use = body.use ?? own;
      if (!usesWithin(own).includes(use))
        throw new ProblemError(
          'licence_forbids',
          `A key of use ${own} makes no key of use ${use}, which sees more sources. Use a key of use internal.`,
        );
      const made = createApiKey();
      const record = await keys.create({
        name: body.name,
        prefix: made.prefix,
        hash: made.hash,
        scope: body.scope,
        use,
        now: new Date(call.now),
        expiresAt,
      });
      return { kind: 'data', data: { ...view(record), key: made.key }, status: 201, maxAge: null };
    },
  );

  const revoke = route(
    {
      method: 'delete',
      path: '/keys/{id}',
      access: 'admin',
      shows: 'nothing',
      tag,
      summary: 'Revoke an API key',
      description: 'Ends its sessions too. Other containers may accept it for another 30 seconds.',
      params: z.object({ id: z.uuid() }),
      data: apiKeySchema,
      problems: ['not_found'],
    },
    async ({ params, call }) => {
      const record = await keys.revoke(params.id, new Date(call.now));
      if (!record) throw new ProblemError('not_found', 'No API key has this id. GET /keys lists them.');
      authenticator.forgetKey(record.id);
      return { kind: 'data', data: view(record), maxAge: null };
    },
  );

  return [list, create, revoke];
}

function view(record: KeyRecord): ApiKeyView {
  return {
    id: record.id,
    name: record.name,
    prefix: record.prefix,
    scope: record.scope,
    use: record.use,
    createdAt: record.createdAt.toISOString(),
    expiresAt: record.expiresAt?.toISOString() ?? null,
    lastUsedAt: record.lastUsedAt?.toISOString() ?? null,
    revokedAt: record.revokedAt?.toISOString() ?? null,
  };
}
