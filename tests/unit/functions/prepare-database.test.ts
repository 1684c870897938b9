import { expect, it } from 'vitest';
import { isApiKey, secretHash } from '../../../core/auth/api-keys.ts';
import type { MigrateRequest } from '../../../core/contracts/migrate.ts';
import { MasterSecretError, prepareDatabase } from '../../../functions/prepare-database/prepare-database.ts';

const preparing = (secret: string, answer: unknown = { applied: ['0001_the-data-model'] }) => {
  const sent: MigrateRequest[] = [];
  const secrets: [string, string][] = [];
  return {
    sent,
    put: secrets,
    written: {
      put: async (id: string, value: string) => {
        secrets.push([id, value]);
      },
    },
    token: async (user: string) => `token of ${user}`,
    firstKeySecret: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:first-key',
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
    {
      prepare: {
        masterUser: 'quotron_master',
        masterPassword: 'p4ss',
        masterToken: 'token of quotron_master',
        apiConnections: 15,
        stateConnections: 12,
      },
    },
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

it('where no admin key is valid, one is made: the key into the secret, then only its hash into the database', async () => {
  const given = preparing(JSON.stringify({ username: 'u', password: 'p' }), { applied: [], adminKeys: 0 });
  await prepareDatabase(given);

  expect(given.put).toHaveLength(1);
  const [id, value = ''] = given.put[0] ?? [];
  expect(id).toBe(given.firstKeySecret);
  const { key } = JSON.parse(value);
  expect(isApiKey(key)).toBe(true);
  expect(given.sent[1]).toEqual({
    adminKey: {
      name: expect.any(String),
      prefix: key.slice(0, 17),
      hash: secretHash(key).toString('hex'),
      onlyIfNone: true,
    },
  });
  expect(JSON.stringify(given.sent)).not.toContain(key);
});

it.each([1, 3, undefined])('with %s valid admin keys none is made', async (adminKeys) => {
  const given = preparing(JSON.stringify({ username: 'u', password: 'p' }), { applied: [], adminKeys });
  await prepareDatabase(given);

  expect(given.put).toEqual([]);
  expect(given.sent).toHaveLength(1);
});

it('a key that cannot be put into the secret is not made valid', async () => {
  const given = preparing(JSON.stringify({ username: 'u', password: 'p' }), { applied: [], adminKeys: 0 });
  const written = { put: () => Promise.reject(new Error('Secret could not be set')) };

  await expect(prepareDatabase({ ...given, written })).rejects.toThrow();
  expect(given.sent).toHaveLength(1);
});
