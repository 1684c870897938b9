import { expect, it } from 'vitest';
import { chosenSeed } from '../../support/chosen-seed.ts';
import { migrationRounds } from '../../support/migrations/rounds.ts';
import { randomOf } from '../../support/random.ts';

it('sixty broken migrations leave the schema of a whole number of migrations, and the next try ends it [fault 7]', {
  timeout: 900_000,
}, async () => {
  const rounds = await migrationRounds(60, randomOf(chosenSeed('Broken migrations, long')));
  const broken = rounds.filter((round) => round.broken);
  expect(broken.length).toBeGreaterThan(20);
  expect(new Set(broken.map(({ ending }) => ending))).toEqual(new Set(['server', 'backend', 'migrator']));
  // Broken at different points, not always the same one.
  expect(new Set(broken.map(({ applied }) => applied)).size).toBeGreaterThan(2);
});
