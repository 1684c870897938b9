import { defineConfig } from 'vitest/config';

/** The page in a real headless Chromium. Two files at a time: most of what they do is wait. */
export default defineConfig({
  test: {
    name: 'browser',
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    // Needs the deployed cloud, which the project `local` has.
    exclude: ['live.test.ts'],
    globalSetup: ['./global-setup.ts'],
    maxWorkers: 2,
    // No file leaves anything in a module, so each is loaded once a worker and not once a file.
    isolate: false,
    // For what hangs: a busy machine takes many times as long as an idle one.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
  },
});
