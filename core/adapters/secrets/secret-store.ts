import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { SecretStore, SecretWriter } from '../../ports/secret-store.ts';

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
    async current(id) {
      try {
        return (await client.send(new GetSecretValueCommand({ SecretId: id }))).SecretString ?? null;
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return null;
        throw error;
      }
    },
  };
}

/** Writes secrets to Secrets Manager. Errors name the secret and never its value. */
export function secretsManagerWriter(client = new SecretsManagerClient({})): SecretWriter {
  return {
    async put(id, value) {
      try {
        await client.send(new PutSecretValueCommand({ SecretId: id, SecretString: value }));
      } catch (error) {
        // The error text of Secrets Manager may repeat a refused value.
        throw new Error(`Secret ${id} could not be set (${error instanceof Error ? error.name : 'unknown'}).`);
      }
    },
  };
}
