import * as z from 'zod';
import { type MigrateRequest, type MigrateResponse, migrateResponseSchema } from '../../core/contracts/migrate.ts';
import type { SecretStore } from '../../core/ports/secret-store.ts';

/** What RDS keeps in the secret of the master user, as far as it is needed here. */
const masterSecretSchema = z.object({ username: z.string().min(1), password: z.string().min(1) });

export interface Preparing {
  readonly secrets: Pick<SecretStore, 'get'>;
  readonly masterSecret: string;
  readonly apiConnections: number;
  readonly stateConnections: number;
  /** Invokes `migrate` and gives its answer, not yet checked. Throws when it failed. */
  readonly migrate: (request: MigrateRequest) => Promise<unknown>;
}

/** The secret is not a login. Says which, never what is in it. */
export class MasterSecretError extends Error {
  override readonly name = 'MasterSecretError';
  constructor(id: string) {
    super(
      `Secret ${id} has no username and password, so the database's roles cannot be made. Restore the secret that RDS made, then deploy again.`,
    );
  }
}

/**
 * Reads the master user's login, hands it to `migrate` and gives its answer. The login is in memory here and in the
 * payload of that one call, and nowhere else: no log line and no error text has it.
 */
export async function prepareDatabase(preparing: Preparing): Promise<MigrateResponse> {
  const login = masterLogin(await preparing.secrets.get(preparing.masterSecret));
  if (!login) throw new MasterSecretError(preparing.masterSecret);
  const answer = await preparing.migrate({
    prepare: {
      masterUser: login.username,
      masterPassword: login.password,
      apiConnections: preparing.apiConnections,
      stateConnections: preparing.stateConnections,
    },
  });
  return migrateResponseSchema.parse(answer);
}

/** `JSON.parse` quotes what it cannot read in its error, so that error must not get out. */
function masterLogin(secret: string): z.infer<typeof masterSecretSchema> | undefined {
  try {
    return masterSecretSchema.safeParse(JSON.parse(secret)).data;
  } catch {
    return undefined;
  }
}
