import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** By name, and the first cycle of the deployed cloud before all that disturbs it: quotas and health are shared. */
class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const key = (file: TestSpecification) => {
      const name = basename(file.moduleId);
      return name === 'cycle.test.ts' ? '' : name;
    };
    return [...files].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }
}

/** These tests wait for databases, browsers and quotas more than they compute: three at once on two cores halve the time. */
const waiting = 3;

/** One project per group of tests; `tests/run.ts` runs them in order and adds up. */
export default defineConfig({
  test: {
    sequence: { sequencer: ByName },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts'],
          globalSetup: ['tests/cluster-setup.ts'],
          testTimeout: 10_000,
          maxWorkers: waiting,
          env: { POWERTOOLS_LOG_LEVEL: 'SILENT' },
        },
      },
      {
        test: {
          name: 'contract',
          include: ['tests/contract/**/*.test.ts'],
          globalSetup: ['tests/cluster-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: waiting,
        },
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
