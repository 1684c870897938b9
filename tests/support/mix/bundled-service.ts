import { migrate } from '../../../core/adapters/postgres/database/migrate.ts';
import { createPool } from '../../../core/adapters/postgres/database/pool.ts';
import { startWatchList } from '../../../core/adapters/postgres/work/watch-list.ts';
import type { FunctionName } from '../../../core/contracts/functions.ts';
import { ingestQueueName } from '../../../core/contracts/queues.ts';
import { settingNames } from '../../../core/contracts/settings.ts';
import { firstList } from '../../../core/planning/watch-list.ts';
import { catalogue } from '../../../core/sources/catalogue.ts';
import type { RunningUpstreams } from '../../../localstack/upstreams/server.ts';
import type { CloudDouble } from '../bundles/cloud-double.ts';
import { migrationsDirectory } from '../postgres.ts';

/** Brings a database to the present schema, with symbols that are collected. */
export async function prepareDatabase(ownerUrl: string, symbols: readonly string[]): Promise<void> {
  const owner = createPool({ url: ownerUrl }, 1);
  await migrate(owner, migrationsDirectory, new Date());
  await startWatchList(owner, firstList(catalogue, symbols), new Date());
  await owner.end();
}

/** The sources that are asked over HTTP alone. */
export const apiSources = catalogue.filter(({ kind }) => kind === 'api').map(({ id }) => id);

/** What a function gets as its environment that works on a double of AWS and the simulated sources, its database apart. */
export function envOf(
  name: FunctionName,
  of: {
    cloud: CloudDouble;
    upstreams: RunningUpstreams;
    scrapeQueueOf: (source: (typeof catalogue)[number]) => string;
  },
) {
  const { cloud, upstreams, scrapeQueueOf } = of;
  return {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL: cloud.url,
    AWS_LAMBDA_FUNCTION_NAME: name,
    [settingNames.sessions]: 'ignored',
    [settingNames.rawBucket]: 'raw',
    [settingNames.ingestQueueUrl]: cloud.queueUrl(ingestQueueName('api')),
    [settingNames.outcomesQueueUrl]: cloud.queueUrl('outcomes'),
    [settingNames.eventsQueueUrl]: cloud.queueUrl('events'),
    [settingNames.ticksQueueUrl]: cloud.queueUrl('ticks'),
    [settingNames.recoveriesQueueUrl]: cloud.queueUrl('recoveries'),
    [settingNames.scrapeQueueUrls]: JSON.stringify(
      Object.fromEntries(catalogue.map((source) => [source.id, cloud.queueUrl(scrapeQueueOf(source))])),
    ),
    [settingNames.stateFunction]: 'state',
    [settingNames.sessionKeySecret]: 'session-key',
    [settingNames.sourceUrls]: JSON.stringify(Object.fromEntries(apiSources.map((id) => [id, upstreams.urlOf(id)]))),
  };
}
