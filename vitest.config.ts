import { basename, relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { slowFiles } from './tests/support/slow-files.ts';

/** Slow files first, in their order; then by name. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const key = (file: TestSpecification) => {
      const path = relative(import.meta.dirname, file.moduleId);
      const place = slowFiles.indexOf(path);
      return `${String(place === -1 ? slowFiles.length : place).padStart(2, '0')} ${basename(path)}`;
    };
    return [...files].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }
}

/** These tests wait for databases, browsers and quotas more than they compute, and the deployed cloud runs beside them. */
const waiting = 4;

/** It puts modules of its own in the place of others, so it cannot have them from the files before it. */
const mocked = 'tests/contract/form-login.test.ts';

/**
 * For what hangs, and no measure of speed: a busy machine takes many times as long as an idle one. What a test says of time
 * it measures itself.
 */
const patient = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 20_000 } } };

/** They say which plans, and which texts of constraints, the installed PostgreSQL has; another one has others. */
const ofInstalledPostgres = process.env['QUOTRON_TEST_POSTGRES']
  ? ['tests/contract/statements.test.ts', 'tests/contract/migrations.test.ts']
  : [];

/** Of both projects of contract. */
const contract = { globalSetup: ['tests/support/cluster-setup.ts'], ...patient };

/**
 * One project per group of tests (contract has two); `tests/run.ts` runs them in order and adds up. Files of unit,
 * component, contract and local share their worker's modules: to load them for each file took a fifth of the time.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts'],
          setupFiles: ['tests/support/no-io.ts'],
          ...patient,
          maxWorkers: waiting,
          isolate: false,
          env: { POWERTOOLS_LOG_LEVEL: 'SILENT' },
        },
      },
      {
        test: {
          name: 'component',
          include: ['tests/component/**/*.test.ts'],
          globalSetup: ['tests/support/cluster-setup.ts'],
          ...patient,
          maxWorkers: waiting,
          isolate: false,
          env: { POWERTOOLS_LOG_LEVEL: 'SILENT' },
        },
      },
      {
        test: {
          name: 'contract',
          include: ['tests/contract/**/*.test.ts'],
          exclude: [mocked, ...ofInstalledPostgres],
          ...contract,
          maxWorkers: waiting,
          isolate: false,
        },
      },
      {
        test: {
          name: 'contract-mocked',
          include: [mocked],
          ...contract,
        },
      },
      {
        test: {
          name: 'infra',
          include: ['tests/infra/**/*.test.ts'],
          globalSetup: ['tests/infra/folder-setup.ts'],
          // One process, so that each stage is synthesized once and not once a file.
          isolate: false,
          maxWorkers: 1,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'local',
          include: ['tests/local/**/*.test.ts', 'tests/browser/live.test.ts'],
          globalSetup: ['tests/support/cloud-setup.ts'],
          // One cloud and two cores: files in turn, in one process.
          fileParallelism: false,
          isolate: false,
          ...patient,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          // Its cloud is its own: what other tests break would be part of the day.
          name: 'operators-day',
          include: ['tests/operators-day/*.test.ts'],
          globalSetup: ['tests/support/cloud-setup.ts'],
          ...patient,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'chaos',
          include: ['tests/chaos/*.test.ts'],
          env: { POWERTOOLS_LOG_LEVEL: 'SILENT' },
          fileParallelism: false,
          ...patient,
          hookTimeout: 180_000,
        },
      },
      {
        // Of `npm run chaos`.
        test: {
          name: 'long-chaos',
          include: ['tests/chaos/long/*.test.ts'],
          env: { POWERTOOLS_LOG_LEVEL: 'SILENT' },
          fileParallelism: false,
          ...patient,
          testTimeout: 600_000,
          hookTimeout: 180_000,
        },
      },
      {
        // Of `npm run clients`, which installs what they run.
        test: {
          name: 'clients',
          include: ['tests/clients/**/*.test.ts'],
          globalSetup: ['tests/support/cluster-setup.ts'],
          fileParallelism: false,
          ...patient,
          hookTimeout: 900_000,
        },
      },
      'tests/browser/vitest.config.ts',
    ],
  },
});
