import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { insideFunctions as allInside, functionNames, optionalFunctions } from '../../core/contracts/functions.ts';
import { cloudStages, functionsOf, resourcesOf, synthesized } from './synthesize.ts';

const insideFunctions = allInside.filter((name) => !optionalFunctions.includes(name));

describe.each(cloudStages)('in %s', (stage) => {
  it('every function there is has been deployed', () => {
    expect([...functionsOf(stage).keys()].sort()).toEqual(
      functionNames.filter((name) => !optionalFunctions.includes(name)).sort(),
    );
  });

  it('exactly the inside functions are in the VPC', () => {
    const inside = [...functionsOf(stage)].filter(([, { VpcConfig }]) => VpcConfig).map(([name]) => name);
    expect(inside.sort()).toEqual([...insideFunctions].sort());
  });

  it('only inside functions get the settings of the database, and its address whoever signs tokens for one of them', () => {
    const told = (setting: string) =>
      [...functionsOf(stage)].filter(([, { variables }]) => setting in variables).map(([name]) => name);
    for (const setting of ['DB_USER', 'DB_NAME', 'DB_ROOTS'])
      expect(told(setting).sort(), setting).toEqual([...insideFunctions].sort());
    expect(told('DB_HOST').sort()).toEqual([...insideFunctions, 'prepare-database'].sort());
  });

  it('there is no way to the internet: no NAT, no internet gateway, no public subnet, no route but to S3', () => {
    for (const type of ['NatGateway', 'InternetGateway', 'EgressOnlyInternetGateway', 'EIP', 'Route']) {
      expect(resourcesOf(stage, `AWS::EC2::${type}`), type).toEqual([]);
    }
    const subnets = resourcesOf(stage, 'AWS::EC2::Subnet');
    expect(subnets).toHaveLength(2);
    for (const { resource } of subnets) expect(resource.Properties['MapPublicIpOnLaunch']).toBe(false);
  });

  it('two endpoints lead out, S3 and SQS, and pass only what is Quotron’s own', () => {
    const endpoint = z.object({
      ServiceName: z.unknown(),
      VpcEndpointType: z.string(),
      PolicyDocument: z.object({ Statement: z.array(z.object({ Effect: z.literal('Allow'), Resource: z.unknown() })) }),
    });
    const endpoints = resourcesOf(stage, 'AWS::EC2::VPCEndpoint').map(({ resource }) => {
      const { ServiceName, VpcEndpointType, PolicyDocument } = endpoint.parse(resource.Properties);
      const service = /\.(s3|sqs)"/.exec(JSON.stringify(ServiceName))?.[1];
      for (const { Resource } of PolicyDocument.Statement) {
        expect(JSON.stringify(Resource)).toMatch(service === 's3' ? /RawBucket/ : new RegExp(`quotron-${stage}-\\*`));
      }
      return `${service} ${VpcEndpointType}`;
    });
    expect(endpoints.sort()).toEqual(['s3 Gateway', 'sqs Interface']);
  });

  it('the database is open to the functions inside and to nothing else', () => {
    const [database] = resourcesOf(stage, 'AWS::RDS::DBInstance');
    expect(database?.resource.Properties).toMatchObject({
      PubliclyAccessible: false,
      EnableIAMDatabaseAuthentication: true,
      Engine: 'postgres',
      EngineVersion: '18',
    });
    const rules = resourcesOf(stage, 'AWS::EC2::SecurityGroupIngress').map(({ resource }) => resource.Properties);
    expect(rules.map((rule) => rule['FromPort']).sort()).toEqual([443, 5432]);
    for (const rule of rules) {
      expect(JSON.stringify(rule['SourceSecurityGroupId'])).toContain('NetworkFunctions');
      expect(rule['CidrIp']).toBeUndefined();
    }
    for (const { resource } of resourcesOf(stage, 'AWS::EC2::SecurityGroup')) {
      expect(resource.Properties['SecurityGroupIngress'] ?? []).toEqual([]);
    }
  });

  it('migrations run before any other code of theirs is deployed', () => {
    const pipeline = synthesized(stage).stacks['Pipeline'];
    const [trigger] = Object.entries(pipeline?.resources ?? {}).filter(([, { Type }]) => Type === 'Custom::Trigger');
    expect(trigger).toBeDefined();
    const waiting = [...functionsOf(stage)]
      .filter(([, { stack, dependsOn }]) => stack === 'Pipeline' && dependsOn.includes(trigger?.[0] ?? ''))
      .map(([name]) => name);
    expect(waiting.sort()).toEqual([
      'deliver-alerts',
      'evaluate-alerts',
      'ingest',
      'maintain',
      'monitor',
      'recover',
      'relay-events',
      'schedule',
      'scrape-api',
      'scrape-browser',
      'state',
      'write-exports',
    ]);
    const { api, pipeline: stack } = synthesized(stage).quotron;
    expect(api.dependencies).toContain(stack);
  });

  it('a new migration is a new version of migrate, which the trigger hears of through prepare-database', () => {
    const version = functionsOf(stage).get('prepare-database')?.variables['MIGRATE_FUNCTION'];
    const versions = resourcesOf(stage, 'AWS::Lambda::Version').map(({ id }) => id);
    expect(versions).toContain(z.object({ Ref: z.string() }).parse(version).Ref);
  });
});

it('on a laptop nothing is inside: functions get the database by its URL', () => {
  for (const [name, { VpcConfig, variables }] of functionsOf('local')) {
    expect(VpcConfig, name).toBeUndefined();
    expect(Boolean(variables['DATABASE_URL']), name).toBe(insideFunctions.some((inside) => inside === name));
  }
});
