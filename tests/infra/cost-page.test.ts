import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { cloudStages, resourcesOf } from './synthesize.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/cost.md'), 'utf8');
/** The cells of a row of the first table, by its first cell. */
const rows = new Map(
  [...page.matchAll(/^\| (.+) \|$/gm)].map((match) => {
    const cells = (match[1] ?? '').split('|').map((cell) => cell.trim());
    return [cells[0], cells];
  }),
);
const countOf = (row: string, column: number) => Number.parseInt(rows.get(row)?.[column] ?? '', 10);
const dollarsOf = (row: string, column: number) => Number(rows.get(row)?.[column]);

const instance = z.object({ DBInstanceClass: z.string(), AllocatedStorage: z.string(), StorageType: z.literal('gp3') });
const endpoint = z.object({ VpcEndpointType: z.string().optional(), SubnetIds: z.array(z.unknown()).optional() });

it.each(cloudStages.map((stage, at) => [stage, 2 + 2 * at] as const))(
  'the page on cost counts what %s has',
  (stage, column) => {
    const [database, ...others] = resourcesOf(stage, 'AWS::RDS::DBInstance').map(({ resource }) =>
      instance.parse(resource.Properties),
    );
    expect(others).toEqual([]);
    expect(rows.get('RDS instance')?.[column]).toBe(`1 ${database?.DBInstanceClass}`);
    expect(countOf('its storage, gp3', column)).toBe(Number(database?.AllocatedStorage));
    const zones = resourcesOf(stage, 'AWS::EC2::VPCEndpoint')
      .map(({ resource }) => endpoint.parse(resource.Properties))
      .filter(({ VpcEndpointType }) => VpcEndpointType === 'Interface')
      .flatMap(({ SubnetIds = [] }) => SubnetIds);
    expect(countOf('SQS endpoint in the VPC', column)).toBe(zones.length);
    expect(countOf('Secrets Manager', column)).toBe(resourcesOf(stage, 'AWS::SecretsManager::Secret').length);
    expect(countOf('CloudWatch alarms', column)).toBe(resourcesOf(stage, 'AWS::CloudWatch::Alarm').length);
    expect(resourcesOf(stage, 'AWS::EC2::NatGateway')).toEqual([]);
  },
);

it.each([3, 5])('the page on cost adds up (column %i)', (column) => {
  const parts = ['RDS instance', 'its storage, gp3', 'SQS endpoint in the VPC', 'Secrets Manager', 'CloudWatch alarms'];
  const each = (row: string) => Number.parseFloat(rows.get(row)?.[1] ?? '');
  for (const row of parts.slice(1))
    expect(countOf(row, column - 1) * each(row), row).toBeCloseTo(dollarsOf(row, column), 2);
  expect(parts.reduce((sum, row) => sum + dollarsOf(row, column), 0)).toBeCloseTo(dollarsOf('sum', column), 2);
});
