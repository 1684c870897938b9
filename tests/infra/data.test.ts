import { describe, expect, it } from 'vitest';
import { needsCredentials } from '../../core/auth/credentials.ts';
import { sourcesOf } from '../../core/sources/catalogue.ts';
import { pascalCase } from '../../lib/names.ts';
import { cloudStages, queuesOf, resourcesOf, stages, synthesized } from './synthesize.ts';

const stateful = [
  'AWS::S3::Bucket',
  'AWS::RDS::DBInstance',
  'AWS::SecretsManager::Secret',
  'AWS::SQS::Queue',
  'AWS::EC2::VPC',
];

/** CDK puts the stack's name and the way it generates the password into this one. */
const databaseSecret = {
  dev: 'AWS::SecretsManager::Secret QuotrondevStorageDatabaseInstanceSecretBF0F083E3fdaad7efa858a3daf9490cf0a702aeb',
  prod: 'AWS::SecretsManager::Secret QuotronprodStorageDatabaseInstanceSecret309C3A053fdaad7efa858a3daf9490cf0a702aeb',
};

/** The secrets of sources that came after those that are pinned below. */
const newSecrets = sourcesOf('prod')
  .filter((source) => needsCredentials(source) && source.id !== 'alpha-vantage')
  .map(({ id }) => id.replaceAll(/(?:^|-)(\w)/g, (_, first: string) => first.toUpperCase()))
  .map((name) => new RegExp(`^AWS::SecretsManager::Secret Credentials${name}[0-9A-F]{8}$`));

describe.each(stages)('in %s', (stage) => {
  it('every bucket and every queue is encrypted and refuses plain HTTP', () => {
    for (const [name, { SqsManagedSseEnabled }] of queuesOf(stage)) expect(SqsManagedSseEnabled, name).toBe(true);
    for (const { id, resource } of resourcesOf(stage, 'AWS::S3::Bucket')) {
      expect(resource.Properties['BucketEncryption'], id).toBeDefined();
      expect(resource.Properties['PublicAccessBlockConfiguration'], id).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
    }
    const policies = [
      ...resourcesOf(stage, 'AWS::S3::BucketPolicy'),
      ...resourcesOf(stage, 'AWS::SQS::QueuePolicy'),
    ].map(({ resource }) => JSON.stringify(resource.Properties));
    for (const policy of policies) expect(policy).toContain('"aws:SecureTransport":"false"');
    expect(policies).toHaveLength(resourcesOf(stage, 'AWS::S3::Bucket').length + queuesOf(stage).size);
  });

  it('raw blobs go to cold storage after 90 days; pictures of pages that failed are gone by then, long answers after a day, and what the proxy was told a month after its index is', () => {
    const bucket = synthesized(stage).stacks['Storage']?.resources['RawBucket672A0DBB'];
    expect(bucket?.Properties['LifecycleConfiguration']).toMatchObject({
      Rules: [
        {
          Prefix: 'raw/',
          Status: 'Enabled',
          Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 90 }],
        },
        { Prefix: 'artifacts/', Status: 'Enabled', ExpirationInDays: 90 },
        { Prefix: 'answers/', Status: 'Enabled', ExpirationInDays: 1 },
        { Prefix: 'proxy/', Status: 'Enabled', ExpirationInDays: stage === 'dev' ? 90 + 31 : 400 + 31 },
        {},
      ],
    });
  });
});

describe.each(cloudStages)('in %s', (stage) => {
  it('the database is encrypted, at rest and on the way, and backed up', () => {
    const [database] = resourcesOf(stage, 'AWS::RDS::DBInstance');
    expect(database?.resource.Properties).toMatchObject({ StorageEncrypted: true });
    expect(database?.resource.Properties['BackupRetentionPeriod']).toBeGreaterThanOrEqual(1);
    const [parameters] = resourcesOf(stage, 'AWS::RDS::DBParameterGroup');
    expect(parameters?.resource.Properties['Parameters']).toMatchObject({ 'rds.force_ssl': '1' });
  });

  it('what holds data keeps its logical id: another one is a new, empty database or bucket', () => {
    const held = Object.entries(synthesized(stage).stacks['Storage']?.resources ?? {})
      .filter(([, { Type }]) => stateful.includes(Type))
      .map(([id, { Type }]) => `${Type} ${id}`);
    const pinned = [
      'AWS::EC2::VPC NetworkVpc7FB7348F',
      'AWS::RDS::DBInstance DatabaseInstanceAA8A5FDE',
      'AWS::S3::Bucket RawBucket672A0DBB',
      'AWS::SecretsManager::Secret CredentialsAlphaVantage37D5DA35',
      databaseSecret[stage],
      'AWS::SecretsManager::Secret SessionKeySecret92F1BE70',
    ];
    // A new source may bring the secret of its credentials, and nothing else.
    expect(held.filter((each) => !newSecrets.some((secret) => secret.test(each))).sort()).toEqual(pinned);
  });

  it('nothing that holds data is outside Storage but queues, copies of the dashboard and the first key, which is soon revoked', () => {
    const elsewhere = Object.entries(synthesized(stage).stacks)
      .filter(([stack]) => stack !== 'Storage')
      .flatMap(([stack, { resources }]) =>
        Object.values(resources)
          .filter(({ Type }) => stateful.includes(Type) && Type !== 'AWS::SQS::Queue')
          .map(({ Type }) => `${stack} ${Type}`),
      );
    expect(elsewhere).toEqual(['Pipeline AWS::SecretsManager::Secret', 'Web AWS::S3::Bucket']);
  });
});

it.each(cloudStages)('in %s there is nothing of a source that exists in the simulator only', (stage) => {
  const simulated = sourcesOf('local').filter(({ localOnly }) => localOnly);
  expect(simulated.length).toBeGreaterThan(0);
  const templates = JSON.stringify(Object.values(synthesized(stage).stacks).map(({ resources }) => resources));
  for (const { id, title } of simulated)
    for (const name of [id, title, pascalCase(id)]) expect(templates).not.toContain(name);
});

it('deleting the stack of prod deletes no data', () => {
  for (const type of ['AWS::S3::Bucket', 'AWS::RDS::DBInstance']) {
    const [held] = resourcesOf('prod', type);
    expect(held?.resource.DeletionPolicy, type).toBe('Retain');
  }
  expect(resourcesOf('prod', 'AWS::RDS::DBInstance')[0]?.resource.Properties['DeletionProtection']).toBe(true);
  expect(resourcesOf('dev', 'AWS::RDS::DBInstance')[0]?.resource.DeletionPolicy).toBe('Snapshot');
});
