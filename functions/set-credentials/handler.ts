import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import { lambdaState } from '../../core/adapters/lambda/state.ts';
import { secretsManagerWriter } from '../../core/adapters/secrets/secret-store.ts';
import { withRawPath } from '../../core/http/gateway-event.ts';
import { installedSources } from '../../core/runtime/installed-sources.ts';
import { logger } from '../../core/runtime/observe.ts';
import { mapSetting, setting, simulatedSourcesSetting } from '../../core/runtime/settings.ts';
import { createCredentialsApp } from './set-credentials.ts';

const answer = handle(
  createCredentialsApp({
    state: lambdaState(setting('stateFunction')),
    secrets: secretsManagerWriter(),
    secretIds: mapSetting('credentialSecrets'),
    catalogue: installedSources(),
    simulated: simulatedSourcesSetting(),
    clock: Date.now,
    // Only the error's name: its text may repeat what was sent.
    log: (error, requestId) =>
      logger.error('Credentials could not be set', {
        requestId,
        error: error instanceof Error ? error.name : 'unknown',
      }),
  }),
);

/** Requests of API Gateway (REST API v1 proxy events) for /api/v1/sources/{id}/credentials. */
export const handler = (event: LambdaEvent, context?: LambdaContext) => answer(withRawPath(event), context);
