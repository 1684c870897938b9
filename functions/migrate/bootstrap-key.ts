import { randomBytes } from 'node:crypto';
import { createApiKey, secretHash } from '../../core/auth/api-keys.ts';
import { type Installation, physicalName } from '../../core/contracts/installation.ts';
import { type MigrateRequest, type MigrateResponse, migrateResponseSchema } from '../../core/contracts/migrate.ts';

/** Why there is no key: `function` failed, `version` is too old to add one, or the name of an error of AWS. */
export class BootstrapError extends Error {
  override readonly name = 'BootstrapError';
  readonly why: 'function' | 'version' | { readonly aws: string };
  constructor(why: BootstrapError['why'], message: string) {
    super(message);
    this.why = why;
  }
}

/**
 * Adds an admin key to a stage on AWS with the caller's own rights: whoever may invoke its `migrate` function may. The key is
 * made here, and only its hash is sent. `invoke` is `invokeFunction`, with the caller's credentials. Throws `BootstrapError`.
 */
export async function bootstrapKey(
  installation: Installation,
  name: string,
  invoke: Invoke,
): Promise<{ key: string; prefix: string; adminKeys: number | undefined }> {
  const { key, prefix, hash } = createApiKey();
  const request: MigrateRequest = { adminKey: { name, prefix, hash: hash.toString('hex'), onlyIfNone: false } };
  const { adminKeyAdded, adminKeys } = await answerOf(installation, request, invoke);
  if (!adminKeyAdded) throw tooOld(installation);
  return { key, prefix, adminKeys };
}

/**
 * Adds a token that signs in to the dashboard of a stage on AWS once, within an hour, in the same way. `null` where no admin
 * key is valid. Throws `BootstrapError`.
 */
export async function makeSignIn(installation: Installation, invoke: Invoke): Promise<string | null> {
  const token = randomBytes(32).toString('base64url');
  const request: MigrateRequest = { signIn: { hash: secretHash(token).toString('hex') } };
  const { signInAdded } = await answerOf(installation, request, invoke);
  if (signInAdded === undefined) throw tooOld(installation);
  return signInAdded ? token : null;
}

/** `invokeFunction`, with the caller's credentials. */
type Invoke = (functionName: string, request: MigrateRequest) => Promise<unknown>;

function nameOf(installation: Installation): string {
  return physicalName(installation, 'migrate');
}

function tooOld(installation: Installation): BootstrapError {
  return new BootstrapError('version', `${nameOf(installation)} is of a version that adds none.`);
}

async function answerOf(installation: Installation, request: MigrateRequest, invoke: Invoke): Promise<MigrateResponse> {
  const functionName = nameOf(installation);
  try {
    return migrateResponseSchema.parse(await invoke(functionName, request));
  } catch (error) {
    const aws = error instanceof Error ? error.name : 'unknown';
    if (aws === 'InvocationError') throw new BootstrapError('function', `${functionName} failed.`);
    throw new BootstrapError({ aws }, `${functionName} could not be invoked (${aws}).`);
  }
}
