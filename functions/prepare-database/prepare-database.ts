import * as z from 'zod';
import { createApiKey } from '../../core/auth/api-keys.ts';
import { type MigrateRequest, type MigrateResponse, migrateResponseSchema } from '../../core/contracts/migrate.ts';
import type { SecretStore, SecretWriter } from '../../core/ports/secret-store.ts';

/** The part of RDS's secret of the master user that is needed here. */
const masterSecretSchema = z.object({ username: z.string().min(1), password: z.string().min(1) });

export interface Preparing {
  readonly secrets: Pick<SecretStore, 'get'>;
  readonly masterSecret: string;
  readonly written: SecretWriter;
  /** Where the first admin key is put, for the person who deploys. */
  readonly firstKeySecret: string;
  readonly apiConnections: number;
  readonly stateConnections: number;
  /** A token by which the user can log in now. */
  readonly token: (user: string) => Promise<string>;
  /** Invokes `migrate` and gives its answer, not yet checked. Throws when it failed. */
  readonly migrate: (request: MigrateRequest) => Promise<unknown>;
}

/** The secret is not a login. The message names the secret, never its content. */
export class MasterSecretError extends Error {
  override readonly name = 'MasterSecretError';
  constructor(id: string) {
    super(
      `Secret ${id} has no username and password, so the database's roles cannot be made. Restore the secret that RDS made, then deploy again.`,
    );
  }
}

/**
 * Reads the master user's login, passes it to `migrate` and returns its answer. The login is only in memory and in the
 * payload of that call, never in a log line or an error text.
 *
 * Where no admin key is valid afterwards, it makes one: the key into a secret first and its hash into the database then, so
 * that an attempt that ends in between is repeated by the next deployment, and no key is valid that nobody has.
 */
export async function prepareDatabase(preparing: Preparing): Promise<MigrateResponse> {
  const login = masterLogin(await preparing.secrets.get(preparing.masterSecret));
  if (!login) throw new MasterSecretError(preparing.masterSecret);
  const answer = await preparing.migrate({
    prepare: {
      masterUser: login.username,
      masterPassword: login.password,
      masterToken: await preparing.token(login.username),
      apiConnections: preparing.apiConnections,
      stateConnections: preparing.stateConnections,
    },
  });
  const response = migrateResponseSchema.parse(answer);
  if (response.adminKeys === 0) await makeFirstKey(preparing);
  return response;
}

async function makeFirstKey({ migrate, written, firstKeySecret }: Preparing): Promise<void> {
  const { key, prefix, hash } = createApiKey();
  await written.put(firstKeySecret, JSON.stringify({ key }));
  await migrate({
    adminKey: { name: 'First key, of the deployment', prefix, hash: hash.toString('hex'), onlyIfNone: true },
  });
}

/** The error of `JSON.parse` quotes its input, so it must not be passed on. */
function masterLogin(secret: string): z.infer<typeof masterSecretSchema> | undefined {
  try {
    return masterSecretSchema.safeParse(JSON.parse(secret)).data;
  } catch {
    return undefined;
  }
}
