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

  it('raw blobs go to cold storage after 90 days; pictures of pages that failed are gone by then, long answers after a day, exports after eight, and what the proxy was told a month after its index is', () => {
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
        { Prefix: 'exports/', Status: 'Enabled', ExpirationInDays: 8 },
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
      'AWS::SecretsManager::Secret AlertKeySecret518492C5',
      'AWS::SecretsManager::Secret CredentialsAlphaVantage37D5DA35',
      databaseSecret[stage],
      'AWS::SecretsManager::Secret SessionKeySecret92F1BE70',
    ];
    // A new source may bring the secret of its credentials, and nothing else.
    expect(held.filter((each) => !newSecrets.some((secret) => secret.test(each))).sort()).toEqual(pinned);
  });

  it('nothing that holds data is outside Storage but queues, copies of the dashboard, the first key, which is soon revoked, and what people set for operations', () => {
    const elsewhere = Object.entries(synthesized(stage).stacks)
      .filter(([stack]) => stack !== 'Storage')
      .flatMap(([stack, { resources }]) =>
        Object.values(resources)
          .filter(({ Type }) => stateful.includes(Type) && Type !== 'AWS::SQS::Queue')
          .map(({ Type }) => `${stack} ${Type}`),
      );
    expect(elsewhere).toEqual([
      'Operations AWS::SecretsManager::Secret',
      'Pipeline AWS::SecretsManager::Secret',
      'Web AWS::S3::Bucket',
    ]);
  });
});

it.each(cloudStages)('in %s there is nothing of a source that exists in the simulator only', (stage) => {
  const simulated = sourcesOf('local').filter(({ localOnly }) => localOnly);
  expect(simulated.length).toBeGreaterThan(0);
  const templates = JSON.stringify(Object.values(synthesized(stage).stacks).map(({ resources }) => resources));
  for (const { id, title } of simulated)
    for (const name of [id, title, pascalCase(id)]) expect(templates).not.toContain(name);
});

/** What stays when its stack is deleted: `Stack Type`. */
function kept(stage: 'dev' | 'prod'): string[] {
  return Object.entries(synthesized(stage).stacks).flatMap(([stack, { resources }]) =>
    Object.values(resources)
      .filter(({ DeletionPolicy }) => DeletionPolicy !== undefined && DeletionPolicy !== 'Delete')
      .map(({ Type, DeletionPolicy }) => `${stack} ${Type} ${DeletionPolicy}`),
  );
}

/** Account-wide: every API Gateway of the account writes its logs by it. */
const ofTheAccount = ['Api AWS::ApiGateway::Account Retain', 'Api AWS::IAM::Role Retain'];

it('deleting the stacks of dev leaves nothing but what belongs to the account; its buckets are emptied first', () => {
  expect(kept('dev').sort()).toEqual(ofTheAccount);
  const [database] = resourcesOf('dev', 'AWS::RDS::DBInstance');
  expect(database?.resource.Properties).toMatchObject({ DeletionProtection: false, DeleteAutomatedBackups: true });
  expect(resourcesOf('dev', 'Custom::S3AutoDeleteObjects')).toHaveLength(resourcesOf('dev', 'AWS::S3::Bucket').length);
  for (const { id, resource } of resourcesOf('dev', 'AWS::Logs::LogGroup'))
    expect(resource.DeletionPolicy, id).toBe('Delete');
});

it('deleting the stacks of prod deletes no data, and what holds them is protected', () => {
  expect(kept('prod').sort()).toEqual(
    [
      ...ofTheAccount,
      'Storage AWS::RDS::DBInstance Retain',
      'Storage AWS::RDS::DBSubnetGroup Retain',
      'Storage AWS::S3::Bucket Retain',
      // The login of the database's master user, and those of sources and sessions.
      ...resourcesOf('prod', 'AWS::SecretsManager::Secret')
        .filter(({ stack }) => stack === 'Storage')
        .map(() => 'Storage AWS::SecretsManager::Secret Retain'),
    ].sort(),
  );
  expect(resourcesOf('prod', 'AWS::RDS::DBInstance')[0]?.resource.Properties).toMatchObject({
    DeletionProtection: true,
    DeleteAutomatedBackups: false,
  });
  expect(synthesized('prod').quotron.storage.terminationProtection).toBe(true);
  expect(synthesized('dev').quotron.storage.terminationProtection).toBe(false);
  // Of prod's buckets only the copies of the dashboard are emptied.
  expect(resourcesOf('prod', 'Custom::S3AutoDeleteObjects').map(({ stack }) => stack)).toEqual(['Web']);
});
