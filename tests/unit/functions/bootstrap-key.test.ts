import { expect, it } from 'vitest';
import { InvocationError } from '../../../core/adapters/lambda/invoke.ts';
import { isApiKey, secretHash } from '../../../core/auth/api-keys.ts';
import type { MigrateRequest } from '../../../core/contracts/migrate.ts';
import { BootstrapError, bootstrapKey } from '../../../functions/migrate/bootstrap-key.ts';

it('the key is made here, and the stage gets its hash alone, though an admin key may be valid', async () => {
  const sent: [string, MigrateRequest][] = [];
  const made = await bootstrapKey({ prefix: 'quotron', stage: 'prod' }, 'lost', async (name, request) => {
    sent.push([name, request]);
    return { applied: [], adminKeyAdded: true, adminKeys: 2 };
  });
  expect(isApiKey(made.key)).toBe(true);
  expect(made.adminKeys).toBe(2);
  expect(sent).toEqual([
    [
      'quotron-prod-migrate',
      {
        adminKey: { name: 'lost', prefix: made.prefix, hash: secretHash(made.key).toString('hex'), onlyIfNone: false },
      },
    ],
  ]);
});

const refused = (invoke: () => Promise<unknown>) =>
  bootstrapKey({ prefix: 'quotron', stage: 'dev' }, 'lost', invoke).catch((error: unknown) =>
    error instanceof BootstrapError ? error.why : error,
  );

it.each([
  [new InvocationError('quotron-dev-migrate'), 'function'],
  [
    Object.assign(new Error('no such function'), { name: 'ResourceNotFoundException' }),
    { aws: 'ResourceNotFoundException' },
  ],
  [Object.assign(new Error('not allowed'), { name: 'AccessDeniedException' }), { aws: 'AccessDeniedException' }],
])('says why there is none: %s', async (error, why) => {
  expect(await refused(() => Promise.reject(error))).toEqual(why);
});

it('a stage of an older version, which ignores what it does not know, has added none', async () => {
  expect(await refused(async () => ({ applied: [] }))).toBe('version');
});
