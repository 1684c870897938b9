import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { StageSettings } from '../stage-settings.ts';
import { QuotronFunction } from './quotron-function.ts';
import { QuotronQueue } from './quotron-queue.ts';

/** Matches the id of an inference profile, which sends a request to one of several regions. */
const profile = /^(us|us-gov|eu|apac|jp|au|ca|global)\.(.+)$/;

/**
 * Summaries of diagnostic reports by a language model: a function outside the VPC with its own queue, which may call
 * only the model that the stage names.
 */
export class ReportSummaries extends Construct {
  readonly queue: QuotronQueue;
  readonly function: QuotronFunction;

  constructor(
    scope: Construct,
    id: string,
    { settings, model, state }: { settings: StageSettings; model: string; state: QuotronFunction },
  ) {
    super(scope, id);
    const summarise = new QuotronFunction(this, {
      name: 'summarise',
      settings,
      network: undefined,
      description: 'Has a language model summarise diagnostic reports',
      memoryMb: 512,
    });
    this.function = summarise;
    state.grantCall(summarise, 'stateFunction');
    summarise.allow(['bedrock:InvokeModel'], resourcesOf(this, model));
    summarise.addSetting('summaryModel', model);
    if (profile.test(model)) {
      Validations.of(summarise.lambda.role ?? summarise).acknowledge({
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:bedrock:*::foundation-model/${profile.exec(model)?.[2]}]`,
        reason:
          'An inference profile runs one model in whichever of its regions has room: the model is fixed, the region is not.',
      });
    }
    this.queue = new QuotronQueue(this, {
      name: 'summaries',
      settings,
      consumer: summarise,
      batchSize: 1,
      maxConcurrency: 2,
    });
    // While the database is away, a message is requeued with a delay.
    this.queue.grantSend(summarise, 'summariesQueueUrl');
  }
}

function resourcesOf(scope: Construct, model: string): string[] {
  const arn = (resource: string, resourceName: string, differs: { region?: string; account?: string } = {}) =>
    Stack.of(scope).formatArn({
      service: 'bedrock',
      resource,
      resourceName,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      ...differs,
    });
  const base = profile.exec(model)?.[2];
  if (base === undefined) return [arn('foundation-model', model, { account: '' })];
  return [arn('inference-profile', model), arn('foundation-model', base, { region: '*', account: '' })];
}
