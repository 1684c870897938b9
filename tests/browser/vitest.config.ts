import { defineConfig } from 'vitest/config';

/** The page in a real headless Chromium. One file at a time: a browser each is what two cores carry. */
export default defineConfig({
  test: {
    name: 'browser',
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    // Needs the deployed cloud, which the project `local` has.
    exclude: ['live.test.ts'],
    globalSetup: ['./global-setup.ts'],
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
