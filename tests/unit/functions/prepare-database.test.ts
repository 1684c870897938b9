import { expect, it } from 'vitest';
import type { MigrateRequest } from '../../../core/contracts/migrate.ts';
import { MasterSecretError, prepareDatabase } from '../../../functions/prepare-database/prepare-database.ts';

const preparing = (secret: string, answer: unknown = { applied: ['0001_the-data-model'] }) => {
  const sent: MigrateRequest[] = [];
  return {
    sent,
    secrets: { get: async () => secret },
    masterSecret: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:master',
    apiConnections: 15,
    stateConnections: 12,
    migrate: async (request: MigrateRequest) => {
      sent.push(request);
      return answer;
    },
  };
};

it('the master login from the secret reaches migrate once, with the limit of the API role', async () => {
  const given = preparing(JSON.stringify({ username: 'quotron_master', password: 'p4ss', host: 'db', port: 5432 }));

  expect(await prepareDatabase(given)).toEqual({ applied: ['0001_the-data-model'] });
  expect(given.sent).toEqual([
    { prepare: { masterUser: 'quotron_master', masterPassword: 'p4ss', apiConnections: 15, stateConnections: 12 } },
  ]);
});

it.each(['p4ss-not-json', JSON.stringify({ username: 'quotron_master', pass: 'p4ss' })])(
  'a secret that is no login is refused without a word of what is in it: %s',
  async (secret) => {
    const given = preparing(secret);
    const error = await prepareDatabase(given).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(MasterSecretError);
    expect(String(error)).not.toContain('p4ss');
    expect(given.sent).toEqual([]);
  },
);

it('an answer of migrate that is none fails the deployment', async () => {
  await expect(
    prepareDatabase(preparing(JSON.stringify({ username: 'u', password: 'p' }), { errorMessage: 'no' })),
  ).rejects.toThrow();
});
