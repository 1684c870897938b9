import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readStageFile, stageFile, writeStagePlace } from '../../bin/stage-file.ts';
import { refuseOtherPlace, stageSettings } from '../../bin/stages.ts';

const places = { prod: { account: '111122223333', region: 'eu-central-1' } };
const credentials = (account: string, region: string) => ({ CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region });

it('with credentials of another account or region, `cdk deploy` itself is refused; without any, nothing is compared', () => {
  const refuse = (stage: string, env: Record<string, string>) => () => refuseOtherPlace(stage, places, env);
  expect(refuse('prod', credentials('999988887777', 'eu-central-1'))).toThrow(/account 111122223333 .*999988887777/);
  expect(refuse('prod', credentials('111122223333', 'us-east-1'))).toThrow(/region eu-central-1 .*us-east-1/);
  expect(refuse('prod', credentials('111122223333', 'eu-central-1'))).not.toThrow();
  expect(refuse('prod', {})).not.toThrow();
  expect(refuse('dev', credentials('999988887777', 'us-east-1'))).not.toThrow();
  expect(refuse('local', credentials('999988887777', 'us-east-1'))).not.toThrow();
});

it('each prefix has a file of its own', () => {
  expect(stageFile({})).toMatch(/\/quotron\.stages\.json$/);
  expect(stageFile({ QUOTRON_PREFIX: 'acme' })).toMatch(/\/acme\.stages\.json$/);
  expect(() => stageFile({ QUOTRON_PREFIX: '../acme' })).toThrow('small letters');
});

it('the file keeps what it says of other stages, and refuses what it does not know', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quotron-stages-'));
  const file = join(folder, 'quotron.stages.json');
  try {
    expect(readStageFile(file)).toEqual({});
    writeStagePlace(file, 'prod', places.prod);
    writeStagePlace(file, 'dev', { account: '999988887777', region: 'us-gov-west-1' });
    expect(readStageFile(file)).toEqual({ ...places, dev: { account: '999988887777', region: 'us-gov-west-1' } });
    writeStagePlace(file, 'dev', undefined);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(places);
    for (const wrong of ['', '[]', '{"staging": {}}', '{"prod": {"account": "1", "region": "eu-central-1"}}']) {
      writeFileSync(file, wrong);
      expect(() => readStageFile(file), wrong).toThrow('malformed');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('the snapshot and its size are settings of the database', () => {
  const env = { QUOTRON_ALARM_EMAIL: 'operator@example.com' };
  const restored = { prod: { ...places.prod, snapshot: 'rds:quotron', storageGb: 120 } };
  expect(stageSettings('prod', env, restored)).toMatchObject({ database: { snapshot: 'rds:quotron', storageGb: 120 } });
  expect(stageSettings('prod', env)).toMatchObject({ database: { snapshot: undefined, storageGb: 20 } });
});
