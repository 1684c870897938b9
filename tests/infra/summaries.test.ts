import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../bin/stages.ts';
import { addQuotron } from '../../lib/add-quotron.ts';
import type { CloudSettings } from '../../lib/stage-settings.ts';
import { builtDashboard, cloudStages, emptyApp, functionsOf, queuesOf } from './synthesize.ts';

/** The API's stack of a stage that names a model. */
function withModel(summaryModel: string): Template {
  const dev = stageSettings('dev', {});
  if (dev.stage === 'local') throw new Error('dev is no laptop');
  const settings: CloudSettings = { ...dev, summaryModel, webFolder: builtDashboard() };
  return Template.fromStack(addQuotron(emptyApp(), settings).api);
}

describe('summaries of reports by a language model', () => {
  it.each(cloudStages)('are off in %s: no function, no queue, no leave to ask Bedrock', (stage) => {
    expect(functionsOf(stage).has('summarise')).toBe(false);
    expect(queuesOf(stage).has('summaries')).toBe(false);
    expect(functionsOf(stage).get('api')?.variables).not.toHaveProperty('SUMMARIES_QUEUE_URL');
  });

  it('are made outside the VPC, from a queue that the API fills, with leave for the one model and for `state`', () => {
    const template = withModel('amazon.nova-lite-v1:0');
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'quotron-dev-summarise',
      VpcConfig: Match.absent(),
      Environment: { Variables: { SUMMARY_MODEL: 'amazon.nova-lite-v1:0', STATE_FUNCTION: Match.anyValue() } },
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'quotron-dev-api',
      Environment: { Variables: { SUMMARIES_QUEUE_URL: Match.anyValue() } },
    });
    template.hasResourceProperties('AWS::SQS::Queue', { QueueName: 'quotron-dev-summaries' });
    const bedrock = Object.values(template.findResources('AWS::IAM::Policy'))
      .map((policy) => JSON.stringify(policy))
      .filter((policy) => policy.includes('bedrock:'));
    expect(bedrock).toHaveLength(1);
    expect(bedrock[0]).toContain('"Action":"bedrock:InvokeModel"');
    expect(bedrock[0]).toContain('::foundation-model/amazon.nova-lite-v1:0');
    expect(bedrock[0]).not.toContain('rds-db');
  });

  it('an inference profile may run its model in any of its regions, and no other model', () => {
    const policies = JSON.stringify(withModel('eu.amazon.nova-lite-v1:0').findResources('AWS::IAM::Policy'));
    expect(policies).toContain(':inference-profile/eu.amazon.nova-lite-v1:0');
    expect(policies).toContain(':bedrock:*::foundation-model/amazon.nova-lite-v1:0');
    expect(policies).not.toContain('foundation-model/*');
  });
});
