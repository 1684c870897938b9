import type { Context, SQSEvent } from 'aws-lambda';
import { parquetExports } from '../../core/adapters/parquet/export-format.ts';
import { exportRows } from '../../core/adapters/parquet/export-rows.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { exportWorkStore } from '../../core/adapters/postgres/history/export-store.ts';
import { s3HistoryFiles } from '../../core/adapters/s3/history-files.ts';
import { sqsMessageQueue } from '../../core/adapters/sqs/message-queue.ts';
import { exportMessageSchema } from '../../core/contracts/messages.ts';
import { installedSources } from '../../core/runtime/installed-sources.ts';
import { logger, observed } from '../../core/runtime/observe.ts';
import { handleQueue } from '../../core/runtime/queue-handler.ts';
import { databaseSettings, setting } from '../../core/runtime/settings.ts';
import { applySourceQuotas } from '../../core/runtime/source-quotas.ts';
import { importDefinitions } from '../../core/sources/import/source.ts';
import { type ExportDependencies, writeExport } from './write-export.ts';

applySourceQuotas();

const pool = createPool(databaseSettings(), 1, timeLimits('write-exports'));
const files = s3HistoryFiles(setting('rawBucket'));
const queue = sqsMessageQueue({ exports: setting('exportsQueueUrl') });
const dependencies: ExportDependencies = {
  store: exportWorkStore(pool),
  rows: exportRows(pool, files, Date.now),
  files,
  format: parquetExports,
  queue,
  // What is stored is of the catalogue, or was imported.
  catalogue: [...installedSources(), ...importDefinitions],
  now: Date.now,
  log: (error, id) =>
    logger.error('A stretch of an export failed', { id, error: error instanceof Error ? error : String(error) }),
};

/** Exports that are under way, one message at a time. */
export const handler = observed((event: SQSEvent, context: Context) =>
  handleQueue(event, context, exportMessageSchema, {
    handle: (message) => writeExport(message, dependencies),
    requeue: (message, delaySeconds) => queue.send('exports', [message], delaySeconds),
  }),
);
