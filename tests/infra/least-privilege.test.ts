import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { needsCredentials } from '../../core/auth/credentials.ts';
import { functionNames, insideFunctions } from '../../core/contracts/functions.ts';
import { ingestQueueName } from '../../core/contracts/queues.ts';
import { sourcesOf } from '../../core/sources/catalogue.ts';
import { pascalCase } from '../../lib/names.ts';
import { cloudStages, resourcesOf, type StageName, synthesized } from './synthesize.ts';

const many = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const statement = z.object({
  Effect: z.literal('Allow'),
  Action: many,
  Resource: z.union([z.array(z.unknown()), z.unknown().transform((one) => [one])]),
});
const policy = z.object({ Statement: z.array(statement) });

const catalogue = sourcesOf('prod');
const credentialed = catalogue.filter(needsCredentials);

/** A resource of a policy in few words: what it is, not where CDK puts it. */
function inWords(stage: StageName, resource: unknown): string {
  const text = JSON.stringify(resource);
  const database = /:dbuser:.*\/(quotron_\w+)"/.exec(text)?.[1];
  if (database) return `user ${database}`;
  const prefix = /RawBucket.*?\/((?:raw\/import|raw|artifacts|answers|proxy))\/\*"/.exec(text)?.[1];
  if (prefix) return `${prefix}/*`;
  if (/RawBucket[^/]*$/.test(text)) return 'the bucket';
  if (/RawBucket[^/]*\/\*"/.test(text)) return 'all objects';
  if (text.includes(`quotron-${stage}-*`)) return 'all queues';
  for (const [what, kind] of [
    [/"(\w+Log)[0-9A-F]{8}"/, 'log'],
    [/SessionKeySecret/, 'session key'],
    ...credentialed.map(({ id }) => [new RegExp(`Credentials${pascalCase(id)}`), `credentials of ${id}`] as const),
    [/DatabaseInstanceSecret/, 'master secret'],
    [/DatabasePreparationFirstKey/, 'first key'],
    [/MigrateFunctionCurrentVersion/, 'version of migrate'],
    [/StateFunction/, 'state'],
    [/"EventsTopic/, 'topic of events'],
    [new RegExp(`:function:quotron-${stage}-yahoo-proxy`), 'itself'],
  ] as const) {
    if (what.test(text)) return kind;
  }
  const queues = resourcesOf(stage, 'AWS::SQS::Queue');
  const queue = queues.find(({ id }) => text.includes(id));
  return queue ? String(queue.resource.Properties['QueueName']).replace(`quotron-${stage}-`, '') : text;
}

/** What each function may do: sorted `action on resource`, without its own log and, inside, its network interface. */
function permissions(stage: StageName): Map<string, string[]> {
  const found = new Map<string, string[]>(functionNames.map((name) => [name, []]));
  for (const { stack, id, resource } of resourcesOf(stage, 'AWS::IAM::Policy')) {
    const roles = z.array(z.object({ Ref: z.string() })).parse(resource.Properties['Roles']);
    for (const { Ref } of roles) {
      const description = synthesized(stage).stacks[stack]?.resources[Ref]?.Properties['Description'];
      const name = /^What the Quotron function (\S+) may do$/.exec(String(description))?.[1];
      if (!name) {
        // Of CDK's own functions at deployment, and nobody else.
        expect(id).toMatch(/^CustomCDKBucketDeployment/);
        continue;
      }
      for (const { Action, Resource } of policy.parse(resource.Properties['PolicyDocument']).Statement) {
        for (const action of Action)
          for (const on of Resource) found.get(name)?.push(`${action} on ${inWords(stage, on)}`);
      }
    }
  }
  return new Map(
    [...found].map(([name, all]) => [name, [...new Set(all)].filter((one) => !one.endsWith(' on log')).sort()]),
  );
}

const consume = (queue: string) =>
  ['ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes', 'GetQueueUrl', 'ReceiveMessage'].map(
    (action) => `sqs:${action} on ${queue}`,
  );
const scrapeQueues = catalogue.map(({ id }) => `scrape-${id}`);
const connect = (user: string) => `rds-db:connect on user ${user}`;
const send = (queue: string) => `sqs:SendMessage on ${queue}`;
const blobQueues = [ingestQueueName('api'), ingestQueueName('browser')];
const allQueues = [...scrapeQueues, ...blobQueues, 'outcomes', 'ticks', 'recoveries', 'events'];

/** What both scrapers may do, each for the sources of its kind. */
const scrape = (kind: 'api' | 'browser') => [
  's3:PutObject on raw/*',
  'secretsmanager:GetSecretValue on session key',
  ...credentialed
    .filter((source) => source.kind === kind)
    .map(({ id }) => `secretsmanager:GetSecretValue on credentials of ${id}`),
  'lambda:InvokeFunction on state',
  send(ingestQueueName(kind)),
  send('outcomes'),
  ...scrapeQueues.map(send),
  ...catalogue.filter((source) => source.kind === kind).flatMap(({ id }) => consume(`scrape-${id}`)),
];

const expected: Readonly<Record<string, readonly string[]>> = {
  schedule: [connect('quotron_app'), ...scrapeQueues.map(send), send('ticks'), ...consume('ticks')],
  'scrape-api': scrape('api'),
  'scrape-browser': [...scrape('browser'), 's3:PutObject on artifacts/*'],
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
  state: [connect('quotron_state')],
  'relay-events': ['lambda:InvokeFunction on state', 'sns:Publish on topic of events', ...consume('events')],
  migrate: [connect('quotron_owner'), connect('quotron_master')],
  'prepare-database': [
    'secretsmanager:GetSecretValue on master secret',
    'secretsmanager:PutSecretValue on first key',
    'lambda:InvokeFunction on version of migrate',
  ],
  maintain: [connect('quotron_owner'), 's3:DeleteObject on raw/import/*'],
  'yahoo-proxy': [
    'secretsmanager:GetSecretValue on session key',
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

describe.each(cloudStages)('in %s', (stage) => {
  it.each(functionNames)('%s may do what its work needs, and not one thing more', (name) => {
    expect(permissions(stage).get(name)).toEqual([...(expected[name] ?? [])].sort());
  });

  it('the endpoints of the VPC let through what functions inside may do, and nothing that none of them may', () => {
    const endpoint = z.object({ PolicyDocument: policy });
    const passed = resourcesOf(stage, 'AWS::EC2::VPCEndpoint').flatMap(({ resource }) =>
      endpoint
        .parse(resource.Properties)
        .PolicyDocument.Statement.flatMap(({ Action, Resource }) =>
          Action.flatMap((action) => Resource.map((on) => ({ action, on: inWords(stage, on) }))),
        ),
    );
    // Lambda reads queues for the functions, not they from inside: the URL of a queue is for that alone.
    const wanted = insideFunctions
      .flatMap((name) => permissions(stage).get(name) ?? [])
      .filter((one) => /^(s3|sqs):/.test(one) && !one.startsWith('sqs:GetQueueUrl'))
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

  it('blobs cannot be overwritten by anyone in Quotron, nor deleted but for parts of imports by `maintain`', () => {
    const all = [...permissions(stage).values()].flat();
    expect(all.filter((one) => /s3:(\*|Delete|PutObjectAcl)/.test(one))).toEqual(['s3:DeleteObject on raw/import/*']);
    const policies = JSON.stringify(
      resourcesOf(stage, 'AWS::S3::BucketPolicy').map(({ resource }) => resource.Properties),
    );
    expect(policies).toContain('"Condition":{"Null":{"s3:if-none-match":"true"}}');
  });
});
