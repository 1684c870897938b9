import * as z from 'zod';
import { scopes } from '../words/access.ts';
import { keyUses } from '../words/licence.ts';

const instant = z.iso.datetime();

/** A key without its secret part, which is shown only when it is created. */
export const apiKeySchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    /** The first 17 characters, to distinguish keys. */
    prefix: z.string(),
    scope: z.enum(scopes),
    use: z.enum(keyUses),
    createdAt: instant,
    expiresAt: instant.nullable(),
    lastUsedAt: instant.nullable(),
    revokedAt: instant.nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyView = z.infer<typeof apiKeySchema>;
export const newApiKeySchema = apiKeySchema.extend({ key: z.string() }).meta({ id: 'NewApiKey' });
export const createKeySchema = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .regex(/^[ -~\u00a0-\uffff]*$/, 'has a control character'),
    scope: z.enum(scopes),
    /** Which licence classes its holder may see: as many as the key that makes it, unless given. */
    use: z.enum(keyUses).optional(),
    expiresAt: instant.nullable().optional(),
  })
  .meta({ id: 'CreateKey' });
