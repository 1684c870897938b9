import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SecretStore } from '../../ports/secret-store.ts';

/** Secrets Manager, each secret read once per container. */
export function secretsManagerStore(client = new SecretsManagerClient({})): SecretStore {
  const known = new Map<string, string>();
  return {
    async get(id) {
      const held = known.get(id);
      if (held !== undefined) return held;
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
      if (!SecretString) throw new Error(`Secret ${id} holds no string: set it again.`);
      known.set(id, SecretString);
      return SecretString;
    },
  };
}
