import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findOf, playCase, readCase } from '../support/public-case.ts';
import { openWorld } from '../support/world.ts';

describe.each(readdirSync(join(import.meta.dirname, '..', 'cases')))('the case %s', (name) => {
  const { title, checks } = readCase(name);

  it(title, async () => {
    const world = await openWorld();
    try {
      const results = await playCase(world, name);
      const found = await Promise.all(
        checks.map(async (check) => ({ ...check, is: await findOf(world, check, results) })),
      );
      expect(found).toEqual(checks);
      await world.invariant();
    } finally {
      await world.stop();
    }
  });
});
