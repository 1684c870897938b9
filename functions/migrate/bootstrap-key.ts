import { createApiKey } from '../../core/auth/api-keys.ts';
import { type MigrateRequest, migrateResponseSchema } from '../../core/contracts/migrate.ts';

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
  stage: string,
  name: string,
  invoke: (functionName: string, request: MigrateRequest) => Promise<unknown>,
): Promise<{ key: string; prefix: string; adminKeys: number | undefined }> {
  const functionName = `quotron-${stage}-migrate`;
  const { key, prefix, hash } = createApiKey();
  const request: MigrateRequest = { adminKey: { name, prefix, hash: hash.toString('hex'), onlyIfNone: false } };
  try {
    const { adminKeyAdded, adminKeys } = migrateResponseSchema.parse(await invoke(functionName, request));
    if (!adminKeyAdded) throw new BootstrapError('version', `${functionName} is of a version that adds no key.`);
    return { key, prefix, adminKeys };
  } catch (error) {
    if (error instanceof BootstrapError) throw error;
    const aws = error instanceof Error ? error.name : 'unknown';
    if (aws === 'InvocationError') throw new BootstrapError('function', `${functionName} failed.`);
    throw new BootstrapError({ aws }, `${functionName} could not be invoked (${aws}).`);
  }
}
