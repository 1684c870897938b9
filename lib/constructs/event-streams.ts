import { Duration } from 'aws-cdk-lib';
import { LambdaIntegration, ResponseTransferMode, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { streamsBroken } from '../../core/contracts/metrics.ts';
import { ownMetric } from '../monitoring/own-metric.ts';
import type { StorageStack } from '../stacks/storage-stack.ts';
import type { CloudSettings } from '../stage-settings.ts';
import { QuotronFunction } from './quotron-function.ts';

/** Where a client follows events: with its key in a header, and in the address. */
const paths = ['api/v1/events', 'api/v1/k/{key}/events'];

/**
 * Streams of events: a function of its own, which answers `/events` in all its forms, and whose answers API Gateway passes on as
 * they come.
 */
export class EventStreams extends Construct {
  readonly function: QuotronFunction;
  private readonly settings: CloudSettings;

  constructor(
    scope: Construct,
    id: string,
    of: { settings: CloudSettings; storage: StorageStack; restApi: RestApi; api: QuotronFunction },
  ) {
    super(scope, id);
    const { settings, storage, restApi, api } = of;
    this.settings = settings;
    this.function = new QuotronFunction(this, {
      ...{ name: 'stream-events', settings, network: storage.cloud?.network, memoryMb: 256 },
      description: 'Answers /events, with streams',
    });
    storage.database.grantConnect(this.function, 'api');
    // The API shows it.
    for (const fn of [this.function, api]) fn.addSetting('eventStreams', String(settings.eventStreams));
    if (settings.corsOrigins) this.function.addSetting('corsOrigins', settings.corsOrigins);
    const integration = new LambdaIntegration(this.function.lambda, {
      ...{ proxy: true, allowTestInvoke: false, responseTransferMode: ResponseTransferMode.STREAM },
      timeout: Duration.seconds(this.function.timeout.toSeconds()),
    });
    for (const path of paths) restApi.root.resourceForPath(path).addMethod('ANY', integration);
  }

  /** How many streams an error has ended. */
  broken(period: Duration): IMetric {
    return ownMetric(this.settings, streamsBroken, { statistic: 'Sum', period });
  }
}
