import { defineConfig } from 'vitest/config';

/** One project per group of tests; `tests/run.ts` runs them in order and adds up. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], testTimeout: 10_000 } },
      {
        test: { name: 'contract', include: ['tests/contract/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 60_000 },
      },
      { test: { name: 'infra', include: ['tests/infra/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000 } },
      {
        test: {
          name: 'local',
          include: ['tests/local/**/*.test.ts', 'tests/browser/live.test.ts'],
          globalSetup: ['tests/cloud-setup.ts'],
          // One cloud and two cores: files in turn.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'chaos',
          include: ['tests/chaos/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      'tests/browser/vitest.config.ts',
    ],
  },
});
