import { expect, it } from 'vitest';
import { chosenSeed } from '../support/chosen-seed.ts';
import { migrationRounds } from '../support/migrations/rounds.ts';
import { randomOf } from '../support/random.ts';

it('a migration that is broken leaves the schema of a whole number of migrations, and the next try ends it [fault 7]', async () => {
  const rounds = await migrationRounds(6, randomOf(chosenSeed('Broken migrations')));
  // Some tries end before they can be broken; a server that stops breaks its own for certain.
  expect(rounds.filter(({ broken }) => broken).length).toBeGreaterThan(0);
  expect(rounds).toHaveLength(6);
});
