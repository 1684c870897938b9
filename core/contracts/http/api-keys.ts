import * as z from 'zod';
import { scopes } from '../words/access.ts';
import { feedRouteSchema } from '../words/feed-routes.ts';
import { keyUses } from '../words/licence.ts';

const instant = z.iso.datetime();

const feedSchema = z
  .object({
    routes: z.array(z.string()),
    /** Canonical; `null`: all. */
    symbols: z.array(z.string()).nullable(),
    /** Requests in a minute. */
    ratePerMinute: z.int().positive(),
  })
  .meta({ id: 'FeedBinding' });

/** A key without its secret part, which is shown only when it is created. */
export const apiKeySchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    /** The first 17 characters, to distinguish keys. */
    prefix: z.string(),
    scope: z.enum(scopes),
    use: z.enum(keyUses),
    /** What a feed token is bound to; `null` for every other key, which a former release does not say. */
    feed: feedSchema.nullable().default(null),
    createdAt: instant,
    expiresAt: instant.nullable(),
    lastUsedAt: instant.nullable(),
    revokedAt: instant.nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyView = z.infer<typeof apiKeySchema>;
export const newApiKeySchema = apiKeySchema.extend({ key: z.string() }).meta({ id: 'NewApiKey' });

/** A feed token may send as much as any key may. */
const mostPerMinute = 3_000;
const usualPerMinute = 60;
const symbolText = z.string().trim().min(1).max(64);

const newFeedSchema = z
  .strictObject({
    routes: z.array(feedRouteSchema).min(1).max(100),
    /** Only these symbols; all, unless given. */
    symbols: z.array(symbolText).min(1).max(200).nullable().optional(),
    ratePerMinute: z.int().min(1).max(mostPerMinute).default(usualPerMinute),
  })
  .meta({ id: 'NewFeedBinding' });

export const createKeySchema = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .regex(/^[ -~\u00a0-\uffff]*$/, 'has a control character'),
    /** A feed token has `read`, and need not say so. */
    scope: z.enum(scopes).optional(),
    /** Makes a feed token, which may stand in an address, of the key. */
    feed: newFeedSchema.optional(),
    /** Which licence classes its holder may see: as many as the key that makes it, unless given. */
    use: z.enum(keyUses).optional(),
    expiresAt: instant.nullable().optional(),
  })
  .meta({ id: 'CreateKey' });
