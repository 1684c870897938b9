import { expect, it } from 'vitest';
import { cloudFunctions, functionNames, optionalFunctions } from '../../core/contracts/functions.ts';
import { sourcesOf } from '../../core/sources/catalogue.ts';
import { localAssetBucket } from '../../lib/asset-bucket.ts';
import { pascalCase } from '../../lib/names.ts';
import { synthesized } from './synthesize.ts';

/** What both emulators have (docs/architecture.md, the local cloud): anything else would deploy on AWS only. */
const onEmulators = [
  /^AWS::ApiGateway::(RestApi|Resource|Method|Deployment|Stage|GatewayResponse)$/,
  /^AWS::Events::Rule$/,
  /^AWS::IAM::(Role|Policy)$/,
  /^AWS::Lambda::(Function|EventSourceMapping|EventInvokeConfig|Permission)$/,
  /^AWS::Logs::LogGroup$/,
  /^AWS::S3::(Bucket|BucketPolicy)$/,
  /^AWS::SNS::(Subscription|Topic|TopicPolicy)$/,
  /^AWS::SQS::(Queue|QueuePolicy)$/,
  /^AWS::SecretsManager::Secret$/,
];

const { stacks } = synthesized('local');

it('the laptop’s stacks hold only what the emulators have', () => {
  expect(Object.keys(stacks)).toEqual(['Storage', 'Pipeline', 'Api']);
  for (const [stack, { resources }] of Object.entries(stacks)) {
    for (const [id, { Type }] of Object.entries(resources)) {
      expect(
        onEmulators.some((type) => type.test(Type)),
        `${stack}/${id} is ${Type}`,
      ).toBe(true);
    }
  }
});

it.each(['local', 'prod'] as const)('in %s the outputs have the names that scripts look for', (stage) => {
  const outputs = Object.values(synthesized(stage).stacks).flatMap(({ outputs: keys }) => keys);
  const functions = functionNames.filter(
    (name) => !optionalFunctions.includes(name) && (stage !== 'local' || !cloudFunctions.includes(name)),
  );
  const queues = [
    ...sourcesOf(stage).map(({ id }) => `scrape-${id}`),
    'ingest',
    'ingest-pages',
    'outcomes',
    'ticks',
    'recoveries',
    'events',
    'alerts',
    'alert-events',
    'exports',
  ].map(pascalCase);
  // What stacks read of each other begins so.
  expect(outputs.filter((key) => !/^(Exports|PublishOutput)/.test(key)).sort()).toEqual(
    [
      'EventsTopic',
      'RawBucket',
      'RestApiId',
      'RestApiStage',
      ...functions.map((name) => `Function${pascalCase(name)}`),
      ...queues.flatMap((name) => [`Queue${name}`, `DeadQueue${name}`]),
      ...(stage === 'local'
        ? []
        : ['AlarmsTopic', 'DashboardUrl', 'DistributionDomain', 'FirstKeySecret', 'OperationsSecret']),
    ].sort(),
  );
});

it('is deployed without what `cdk bootstrap` makes', () => {
  const templates = JSON.stringify(Object.values(stacks).map(({ template }) => template.toJSON()));
  expect(templates).toContain(`"${localAssetBucket}"`);
  expect(templates).not.toMatch(/cdk-|BootstrapVersion/);
});

it('the way of one queue and its reader, in full', () => {
  const resources = Object.fromEntries(
    Object.entries(stacks['Pipeline']?.resources ?? {}).filter(([id]) => /^(Ingest|IngestQueue)/.test(id)),
  );
  const pinned: unknown = JSON.parse(JSON.stringify(resources).replaceAll(/\b[0-9a-f]{64}\b/g, '<hash>'));
  expect(pinned).toMatchSnapshot();
});
