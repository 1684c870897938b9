import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { needsCredentials } from '../../core/auth/credentials.ts';
import { functionNames, insideFunctions } from '../../core/contracts/functions.ts';
import { ingestQueueName } from '../../core/contracts/queues.ts';
import { sourcesOf } from '../../core/sources/catalogue.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import { permissionsOf, policyReader } from '../permissions/of-templates.ts';
import { cloudStages, resourcesOf, type StageName, synthesized } from './synthesize.ts';

const catalogue = sourcesOf('prod');
const credentialed = catalogue.filter(needsCredentials);

const templatesOf = (stage: StageName) =>
  Object.values(synthesized(stage).stacks).map(({ template }): unknown => template.toJSON());

/** What each function may do: sorted `action on resource`, without its own log, traces and, inside, its network interface. */
function permissions(stage: StageName): Map<string, string[]> {
  const usual = /^(logs:.* on log|(ec2|xray):.* on \*)$/;
  const all = permissionsOf(templatesOf(stage), stage);
  return new Map(functionNames.map((name) => [name, (all.get(name) ?? []).filter((one) => !usual.test(one))]));
}

const consume = (queue: string) =>
  ['DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'].map((action) => `sqs:${action} on ${queue}`);
/** In dev sources of a kind share a queue, and pages the queue of blobs. */
const queuesIn = (stage: StageName) => {
  const together = stage === 'dev';
  const scrape = (source: SourceDefinition) => `scrape-${together ? source.kind : source.id}`;
  const blob = (kind: 'api' | 'browser') => ingestQueueName(together ? 'api' : kind);
  return {
    scrape,
    blob,
    scrapes: [...new Set(catalogue.map(scrape))],
    blobs: [...new Set([blob('api'), blob('browser')])],
  };
};
const connect = (user: string) => `rds-db:connect on user ${user}`;
const send = (queue: string) => `sqs:SendMessage on ${queue}`;

/** What both scrapers may do, each for the sources of its kind. */
const scrape = (stage: StageName, kind: 'api' | 'browser') => [
  's3:PutObject on raw/*',
  ...(catalogue.some((source) => source.kind === kind && source.session)
    ? [`secretsmanager:GetSecretValue on session key (${kind})`]
    : []),
  ...credentialed
    .filter((source) => source.kind === kind)
    .map(({ id }) => `secretsmanager:GetSecretValue on credentials of ${id}`),
  'lambda:InvokeFunction on state',
  send(queuesIn(stage).blob(kind)),
  send('outcomes'),
  ...new Set(
    catalogue
      .filter((source) => source.kind === kind)
      .map((source) => queuesIn(stage).scrape(source))
      .flatMap((queue) => [send(queue), ...consume(queue)]),
  ),
];

function expectedIn(stage: StageName): Readonly<Record<string, readonly string[]>> {
  const { scrapes: scrapeQueues, blobs: blobQueues } = queuesIn(stage);
  const allQueues = [
    ...scrapeQueues,
    ...blobQueues,
    'outcomes',
    'ticks',
    'recoveries',
    'events',
    'alerts',
    'alert-events',
    'exports',
  ];
  return {
    schedule: [connect('quotron_app'), ...scrapeQueues.map(send), send('ticks'), ...consume('ticks')],
    'scrape-api': scrape(stage, 'api'),
    'scrape-browser': [...scrape(stage, 'browser'), 's3:PutObject on artifacts/*'],
    ingest: [
      connect('quotron_app'),
      's3:GetObject on raw/*',
      ...blobQueues.flatMap((queue) => [send(queue), ...consume(queue)]),
      send('outcomes'),
      send('events'),
    ],
    monitor: [
      connect('quotron_app'),
      's3:GetObject on raw/*',
      's3:ListBucket on the bucket',
      ...blobQueues.map(send),
      send('outcomes'),
      ...consume('outcomes'),
      send('recoveries'),
    ],
    recover: [connect('quotron_app'), ...scrapeQueues.map(send), send('recoveries'), ...consume('recoveries')],
    state: [connect('quotron_state'), 's3:GetObject on history/*'],
    'relay-events': ['lambda:InvokeFunction on state', 'sns:Publish on topic of events', ...consume('events')],
    'evaluate-alerts': [connect('quotron_app'), ...consume('alert-events'), send('alerts')],
    'deliver-alerts': [
      'lambda:InvokeFunction on state',
      'secretsmanager:GetSecretValue on alert key',
      ...consume('alerts'),
      send('alerts'),
    ],
    migrate: [connect('quotron_owner')],
    'prepare-database': [
      connect('quotron_master'),
      'secretsmanager:GetSecretValue on master secret',
      'secretsmanager:PutSecretValue on first key',
      'lambda:InvokeFunction on version of migrate',
    ],
    notify: ['secretsmanager:GetSecretValue on operations'],
    canary: ['secretsmanager:GetSecretValue on operations'],
    maintain: [
      connect('quotron_app'),
      's3:DeleteObject on raw/import/*',
      ...['GetObject', 'PutObject', 'DeleteObject'].map((action) => `s3:${action} on history/*`),
    ],
    'write-exports': [
      connect('quotron_app'),
      's3:GetObject on history/*',
      's3:PutObject on exports/*',
      send('exports'),
      ...consume('exports'),
    ],
    'yahoo-proxy': [
      'secretsmanager:GetSecretValue on session key (api)',
      'lambda:InvokeFunction on state',
      'lambda:InvokeFunction on itself',
      's3:GetObject on proxy/*',
      's3:PutObject on proxy/*',
    ],
    'set-credentials': [
      'lambda:InvokeFunction on state',
      ...credentialed.map(({ id }) => `secretsmanager:PutSecretValue on credentials of ${id}`),
    ],
    api: [
      connect('quotron_api'),
      's3:GetObject on artifacts/*',
      's3:GetObject on raw/*',
      's3:GetObject on answers/*',
      's3:GetObject on history/*',
      's3:GetObject on exports/*',
      's3:PutObject on answers/*',
      's3:PutObject on raw/import/*',
      ...allQueues.flatMap((queue) => [
        send(queue),
        `sqs:GetQueueAttributes on ${queue}`,
        ...['ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'].map(
          (action) => `sqs:${action} on ${queue}-dead`,
        ),
      ]),
    ],
  };
}

describe.each(cloudStages)('in %s', (stage) => {
  it.each(functionNames)('%s may do what its work needs, and not one thing more', (name) => {
    expect(permissions(stage).get(name)).toEqual([...(expectedIn(stage)[name] ?? [])].sort());
  });

  it('the endpoints of the VPC let through what functions inside may do, and nothing that none of them may', () => {
    const read = policyReader(templatesOf(stage), stage);
    const passed = resourcesOf(stage, 'AWS::EC2::VPCEndpoint').flatMap(({ resource }) =>
      read(resource.Properties['PolicyDocument']).map((one) => {
        const [action = '', on = ''] = one.split(' on ');
        return { action, on };
      }),
    );
    const wanted = insideFunctions
      .flatMap((name) => permissions(stage).get(name) ?? [])
      .filter((one) => /^(s3|sqs):/.test(one))
      .map((one) => one.split(' on '));
    expect(wanted.length).toBeGreaterThan(20);
    const covers = (whole: string, one: string) =>
      whole === one || (whole === 'all objects' && one.endsWith('/*')) || whole === 'all queues';
    for (const [action, on = ''] of wanted)
      expect(
        passed.some((each) => each.action === action && covers(each.on, on)),
        `${action} on ${on}`,
      ).toBe(true);
    for (const each of passed)
      expect(
        wanted.some(([action, on = '']) => action === each.action && covers(each.on, on)),
        `${each.action} on ${each.on}`,
      ).toBe(true);
  });

  it('policies are of functions and of CDK’s deployment, and of nobody else', () => {
    for (const { stack, id, resource } of resourcesOf(stage, 'AWS::IAM::Policy'))
      for (const { Ref } of z.array(z.object({ Ref: z.string() })).parse(resource.Properties['Roles'])) {
        const role = synthesized(stage).stacks[stack]?.resources[Ref]?.Properties['Description'];
        if (!/^What the Quotron function \S+ may do$/.test(String(role)))
          expect(id).toMatch(/^Custom(CDKBucketDeployment|S3AutoDeleteObjects)/);
      }
  });

  it('no role but that of API Gateway’s logs and CDK’s deployment functions has a managed policy', () => {
    for (const { id, resource } of resourcesOf(stage, 'AWS::IAM::Role')) {
      if (
        /^(RestApiCloudWatchRole|CustomCDKBucketDeployment|CustomS3AutoDeleteObjects|AWSCDKTrigger|CustomVpcRestrictDefaultSG)/.test(
          id,
        )
      )
        continue;
      expect(resource.Properties['ManagedPolicyArns'], id).toBeUndefined();
    }
  });

  it('blobs cannot be overwritten by anyone in Quotron, nor deleted but for parts of imports and files of the archive by `maintain`', () => {
    const all = [...permissions(stage).values()].flat();
    expect(all.filter((one) => /s3:(\*|Delete|PutObjectAcl)/.test(one)).toSorted()).toEqual([
      's3:DeleteObject on history/*',
      's3:DeleteObject on raw/import/*',
    ]);
    const policies = JSON.stringify(
      resourcesOf(stage, 'AWS::S3::BucketPolicy').map(({ resource }) => resource.Properties),
    );
    expect(policies).toContain('"Condition":{"Null":{"s3:if-none-match":"true"}}');
  });
});
