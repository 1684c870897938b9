import { LambdaClient } from '@aws-sdk/client-lambda';
import { invokeFunction } from '../../core/adapters/lambda/invoke.ts';
import { iamToken } from '../../core/adapters/rds/iam-token.ts';
import { secretsManagerStore, secretsManagerWriter } from '../../core/adapters/secrets/secret-store.ts';
import { logger, observed } from '../../core/runtime/observe.ts';
import { setting } from '../../core/runtime/settings.ts';
import { prepareDatabase } from './prepare-database.ts';

// One attempt: a migration that timed out may still be running, and a second call would wait for its lock.
const client = new LambdaClient({ maxAttempts: 1 });
const migrateFunction = setting('migrateFunction');
const apiConnections = Number(setting('apiConnections'));
const stateConnections = Number(setting('stateConnections'));
const masterSecret = setting('masterSecret');
const firstKeySecret = setting('firstKeySecret');
const database = {
  host: setting('dbHost'),
  port: Number(setting('dbPort')),
  region: process.env['AWS_REGION'] ?? 'us-east-1',
};

/** Called by the deployment's trigger, without an event. An error fails the deployment and rolls it back. */
export const handler = observed(async () => {
  const { applied } = await prepareDatabase({
    // Created on each call, so that a changed password is read again.
    secrets: secretsManagerStore(),
    masterSecret,
    written: secretsManagerWriter(),
    firstKeySecret,
    apiConnections,
    stateConnections,
    token: (user) => iamToken({ ...database, user })(),
    migrate: (request) => invokeFunction(migrateFunction, request, client),
  });
  logger.info('Database prepared', { applied });
  return { applied };
});
