import * as z from 'zod';
import { isSymbol } from '../market/symbol.ts';

/**
 * The Postgres roles that functions log in as. On AWS each has `rds_iam`, so a login is an IAM token and there is no
 * password to keep. `owner` owns the schema and is for `migrate` and `maintain` only; `app` reads and writes rows; `api`
 * and `state` are members of `app` with connection limits of their own, so that a storm of requests, to the API or to the
 * proxy, cannot take the connections that the pipeline needs.
 */
export const databaseRoles = {
  owner: 'quotron_owner',
  app: 'quotron_app',
  api: 'quotron_api',
  state: 'quotron_state',
} as const;
export const databaseRoleNames = [
  'owner',
  'app',
  'api',
  'state',
] as const satisfies readonly (keyof typeof databaseRoles)[];
export type DatabaseRole = keyof typeof databaseRoles;

/** A connection string for each role. */
export const databaseUrlsSchema = z.object({ owner: z.url(), app: z.url(), api: z.url(), state: z.url() });
export type DatabaseUrls = Readonly<z.infer<typeof databaseUrlsSchema>>;

/**
 * What `migrate` needs to make the roles: the master user's login, which cannot use IAM before a first `GRANT rds_iam`.
 * `prepare-database` reads the password from Secrets Manager, not reachable from inside the VPC, signs a token, and passes
 * both on in the payload of a synchronous invocation. They must be used once, and neither logged nor stored. So `migrate`,
 * which reaches the database, can log in as the master user only during a deployment.
 */
export const databasePreparationSchema = z.object({
  masterUser: z.string().min(1),
  masterPassword: z.string().min(1),
  /** Logs in as the master user for a quarter of an hour, once RDS takes its password no more. */
  masterToken: z.string().min(1),
  /** CONNECTION LIMIT of the `api` role. */
  apiConnections: z.int().positive(),
  /** CONNECTION LIMIT of the `state` role. */
  stateConnections: z.int().positive(),
});
export type DatabasePreparation = z.infer<typeof databasePreparationSchema>;

/**
 * A new admin key as the database keeps it: the key itself stays with who made it, `prepare-database` or a person's own
 * `quotron keys bootstrap`.
 */
export const adminKeySchema = z.object({
  name: z.string().min(1).max(200),
  prefix: z.string().regex(/^qtr_live_[A-Za-z0-9_-]{8}$/),
  /** SHA-256 of the key. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Add it only where no admin key is valid. */
  onlyIfNone: z.boolean(),
});
export type AdminKey = z.infer<typeof adminKeySchema>;

/** A token that signs in to the dashboard once, within an hour, with the newest valid admin key; of it the SHA-256 only. */
export const signInTokenSchema = z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/) });

/**
 * The event of `migrate`. With `prepare` it first logs in as the master user and makes sure that the roles exist, may
 * log in by IAM, and that `owner` owns the database. Then, always, it applies the missing migrations, and fills the watch list
 * of sources that have not had one: with the canonical symbols of `watch`, or those of the catalogue. With `adminKey` it adds
 * that key, with `signIn` that token.
 */
export const migrateRequestSchema = z.object({
  prepare: databasePreparationSchema.optional(),
  watch: z.array(z.string().refine(isSymbol)).max(100_000).optional(),
  adminKey: adminKeySchema.optional(),
  signIn: signInTokenSchema.optional(),
});
export type MigrateRequest = z.infer<typeof migrateRequestSchema>;

/**
 * The answer of `migrate`: names of the migrations that it applied, oldest first; and the sources whose watch list it filled,
 * with how many symbols the list has; whether the `adminKey` and the `signIn` of the event were added, and how many admin keys
 * are valid now.
 */
export const migrateResponseSchema = z.object({
  applied: z.array(z.string()),
  watched: z.object({ started: z.array(z.string()), count: z.int() }).optional(),
  adminKeyAdded: z.boolean().optional(),
  signInAdded: z.boolean().optional(),
  adminKeys: z.int().nonnegative().optional(),
});
export type MigrateResponse = z.infer<typeof migrateResponseSchema>;
