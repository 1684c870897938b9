import { Aspects, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { stackPrefix, usualPrefix } from '../core/contracts/installation.ts';
import { sourcesOf } from '../core/sources/catalogue.ts';
import { readQuotas } from '../core/sources/quotas.ts';
import { AlarmsReachPeople } from './aspects/alarms-reach-people.ts';
import { OwnConstructs } from './aspects/own-constructs.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { OperationsStack } from './stacks/operations-stack.ts';
import { PipelineStack } from './stacks/pipeline-stack.ts';
import { StorageStack } from './stacks/storage-stack.ts';
import { StreamingStack } from './stacks/streaming-stack.ts';
import { WebStack } from './stacks/web-stack.ts';
import type { StageSettings } from './stage-settings.ts';

export interface Quotron {
  /** Absent locally, where no alarm reaches anybody. */
  readonly operations: OperationsStack | undefined;
  readonly storage: StorageStack;
  /** Present where events go to Kafka. */
  readonly streaming: StreamingStack | undefined;
  readonly pipeline: PipelineStack;
  readonly api: ApiStack;
  /** Absent locally, where the dashboard server replaces it. */
  readonly web: WebStack | undefined;
}

/** All stacks of one stage, `Quotron-<stage>-<Stack>` or of another prefix, in the order in which they build on each other. */
export function addQuotron(app: Construct, settings: StageSettings): Quotron {
  const quotas = readQuotas(settings.sourceQuotas ?? '', sourcesOf(settings.stage));
  // Found here and not by the containers, all of which would end at their start.
  if ('wrong' in quotas) throw new Error(`The setting sourceQuotas of the stage ${settings.stage} ${quotas.wrong}.`);
  const id = (stack: string) => `${stackPrefix(settings)}${stack}`;
  const operations = settings.stage === 'local' ? undefined : new OperationsStack(app, id('Operations'), settings);
  const storage = new StorageStack(app, id('Storage'), settings);
  const streaming =
    settings.stage !== 'local' && settings.events === 'kafka' && storage.cloud
      ? new StreamingStack(app, id('Streaming'), settings, storage.cloud.network)
      : undefined;
  const pipeline = new PipelineStack(app, id('Pipeline'), settings, { storage, streaming });
  const api = new ApiStack(app, id('Api'), settings, { storage, pipeline });
  // The API's code needs the migrations too, and they are done in the pipeline's deployment.
  api.addStackDependency(pipeline);
  const web =
    settings.stage === 'local' || !operations
      ? undefined
      : new WebStack(app, id('Web'), settings, { restApi: api.restApi, secret: operations.secret });
  Tags.of(app).add('quotron:stage', settings.stage);
  if (settings.prefix !== usualPrefix) Tags.of(app).add('quotron:prefix', settings.prefix);
  Aspects.of(app).add(new OwnConstructs());
  if (operations) Aspects.of(app).add(new AlarmsReachPeople(operations.topic));
  return { operations, storage, streaming, pipeline, api, web };
}
