import type { SecretStore } from '../ports/secret-store.ts';
import { mapSetting, setting } from './settings.ts';

/**
 * Where the sources are, what seals their sessions, and their credentials. The sealing secret is read once per container;
 * credentials are read each time, since they may have been changed: `null` where a source has none.
 */
export function sourceSettings(secrets: SecretStore) {
  const credentialSecrets = new Map(Object.entries(mapSetting('credentialSecrets')));
  return {
    sourceUrls: mapSetting('sourceUrls'),
    sessionSecret: () => secrets.get(setting('sessionKeySecret')),
    credentials: async (sourceId: string) => {
      const secret = credentialSecrets.get(sourceId);
      return secret ? secrets.current(secret) : null;
    },
  };
}
