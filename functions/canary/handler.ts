import { secretsManagerStore } from '../../core/adapters/secrets/secret-store.ts';
import { operationsSecretOf } from '../../core/contracts/operations-secret.ts';
import { logger, observed } from '../../core/runtime/observe.ts';
import { setting } from '../../core/runtime/settings.ts';
import { askFromOutside } from './ask.ts';

const secrets = secretsManagerStore();
const secretId = setting('operationsSecret');
const url = setting('canaryUrl');

/** Each five minutes, by a rule. It fails when the API does: the alarm is on its errors, and on its silence. */
export const handler = observed(async () => {
  const { canaryKey } = operationsSecretOf(await secrets.current(secretId));
  const asked = await askFromOutside({ url, key: canaryKey });
  if (!asked.priced) logger.info('No key is set, so no price was asked for');
  return asked;
});
