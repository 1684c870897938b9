import { readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * What `tests/chaos/previous-release.json` says of the release that runs while the next one is deployed, and that runs
 * again when a deployment is rolled back. docs/operations.md has how it is moved.
 */
export const previousRelease = z
  .strictObject({
    /** The full name of its commit. */
    commit: z.string().regex(/^[0-9a-f]{40}$/),
    /** The last migration that it brought. */
    lastMigration: z.string().regex(/^\d{4}_[a-z0-9-]+$/),
    /** Narrowings of the schema that it does not mind, in the words of the lint, each with the reason. */
    accepted: z.record(z.string(), z.string().min(20)),
  })
  .parse(JSON.parse(readFileSync(new URL('../chaos/previous-release.json', import.meta.url), 'utf8')));

/** Where history is a must: a test that needs it fails there without it, and elsewhere says that it did not run. */
export const needsHistory = !['', '0', 'false'].includes(process.env['CI'] ?? '');
