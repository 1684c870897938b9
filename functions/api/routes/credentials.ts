import * as z from 'zod';
import { credentialsSchemas } from '../../../core/auth/credentials.ts';
import { credentialsStateSchema } from '../../../core/contracts/http/operations.ts';
import type { RouteSpec } from '../../../core/http/route.ts';

const shared = {
  path: '/sources/{id}/credentials',
  access: 'admin',
  shows: 'nothing',
  keyOnly: true,
  tag: 'Sources',
  params: z.object({ id: z.string().min(1).max(64) }),
  data: credentialsStateSchema,
  problems: ['unknown_source', 'no_credentials'],
} as const satisfies Partial<RouteSpec>;

/**
 * For the OpenAPI document only: `set-credentials` answers these requests, since this function has no access to secrets.
 */
export const credentialsSpecs: readonly RouteSpec[] = [
  {
    ...shared,
    method: 'get',
    summary: "Whether a source's credentials are set",
    description: 'Says whether they are set, and when. Their value is never returned.',
  },
  {
    ...shared,
    method: 'put',
    summary: "Set a source's credentials",
    description:
      '`{apiKey}` or `{username, password}`, as the source needs it; `totpSecret` too where it has a second factor. They hold from the next request on; the session made with the former ones is dropped. Needs a key in `x-api-key`: a session cannot set secrets.',
    body: z.union([credentialsSchemas['api-key'], credentialsSchemas.login, credentialsSchemas['totp-login']]),
  },
  { ...shared, method: 'delete', summary: "Take a source's credentials away" },
];
