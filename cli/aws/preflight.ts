import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeAccountAttributesCommand, RDSClient } from '@aws-sdk/client-rds';
import * as z from 'zod';
import { type Installation, optionsOf, usualPrefix } from '../../core/contracts/installation.ts';
import { settingNames } from '../../core/contracts/settings.ts';
import { neededExecutions } from '../../lib/executions.ts';
import type { CloudSettings } from '../../lib/stage-settings.ts';
import type { Check, Finding } from '../doctor-checks.ts';
import { type AwsAccess, type ClientSettings, nameOf } from './access.ts';
import { AwsAnswerError, callJson, type JsonService } from './signed-json.ts';
import { snapshotOf } from './snapshots.ts';
import { stackStates } from './stacks.ts';

/** What `cdk bootstrap` writes down: the version of its stack. */
const bootstrapParameter = '/cdk-bootstrap/hnb659fds/version';
/** The least version that the deployment's files ask for. */
const leastBootstrap = 6;
/** What every account gets that asks. */
const usualExecutions = 1_000;

const ssm: JsonService = { name: 'ssm', protocol: '1.1', target: 'AmazonSSM' };
const quotas: JsonService = { name: 'servicequotas', protocol: '1.1', target: 'ServiceQuotasV20190624' };
const resources: JsonService = { name: 'cloudcontrolapi', protocol: '1.0', target: 'CloudApiService' };

/** Quotas of accounts, as Service Quotas names them. */
const vpcs = { service: 'vpc', code: 'L-F678F1CE', type: 'AWS::EC2::VPC' };

const parameterSchema = z.object({ Parameter: z.object({ Value: z.string() }) });
const quotaSchema = z.object({ Quota: z.object({ Value: z.number() }) });
const listSchema = z.object({ ResourceDescriptions: z.array(z.unknown()), NextToken: z.string().optional() });

export interface Preflight {
  readonly access: AwsAccess;
  readonly clients: ClientSettings;
  readonly settings: CloudSettings;
}

/** A check that is under way. */
interface ToCheck {
  readonly id: string;
  readonly title: string;
  readonly look: () => Promise<Finding>;
}

const ok = (found: string): Finding => ({ state: 'ok', found, todo: null });
const warn = (found: string, todo: string): Finding => ({ state: 'warn', found, todo });
const fail = (found: string, todo: string): Finding => ({ state: 'fail', found, todo });

/**
 * What a deployment needs of an account, looked at before anything is changed. A check that the credentials may not make is
 * no obstacle: it says so.
 */
export async function preflight(of: Preflight): Promise<Check[]> {
  const checks: ToCheck[] = [
    { id: 'people', title: 'alarms', look: async () => people(of.settings) },
    { id: 'bootstrap', title: 'CDK bootstrap', look: () => bootstrap(of.access) },
    { id: 'stacks', title: 'stacks', look: () => stacks(of) },
    { id: 'executions', title: 'Lambda', look: () => executions(of) },
    { id: 'databases', title: 'RDS', look: () => databases(of) },
    { id: 'vpcs', title: 'VPCs', look: () => freeVpc(of) },
    ...(of.settings.database.snapshot === undefined
      ? []
      : [{ id: 'snapshot', title: 'snapshot', look: () => snapshot(of, of.settings.database.snapshot ?? '') }]),
  ];
  return await Promise.all(
    checks.map(async ({ id, title, look }) => ({ id, title, ...(await look().catch(notChecked)) })),
  );
}

/** A check that could not be made: the right to it is missing, or the service is away. */
function notChecked(error: unknown): Finding {
  const code = error instanceof AwsAnswerError ? error.code : nameOf(error);
  return { state: 'none', found: `not checked (${code})`, todo: null };
}

function people({ stage, alarmEmail, budgetUsd }: CloudSettings): Finding {
  const budget = `a budget of ${budgetUsd} dollars a month`;
  if (alarmEmail !== undefined) return ok(`to ${alarmEmail}; ${budget}`);
  return warn(
    `to nobody; ${budget}`,
    `Set QUOTRON_ALARM_EMAIL, or the alarms and the budget of ${stage} reach nobody.`,
  );
}

/** `warn` where a deployment makes it first: a bucket and roles for deployments, one for each account and region. */
async function bootstrap(access: AwsAccess): Promise<Finding> {
  const todo = `It is made first: a bucket and roles for deployments (npx cdk bootstrap aws://${access.account}/${access.region}).`;
  try {
    const input = { Name: bootstrapParameter };
    const { Parameter } = await callJson(access, ssm, 'GetParameter', input, parameterSchema);
    return Number(Parameter.Value) >= leastBootstrap
      ? ok(`version ${Parameter.Value}`)
      : warn(`version ${Parameter.Value}, which is too old`, todo);
  } catch (error) {
    if (error instanceof AwsAnswerError && error.code === 'ParameterNotFound')
      return warn('missing in this account and region', todo);
    throw error;
  }
}

/** Stacks of the stage that CloudFormation cannot update as they are. */
async function stacks({ clients, settings }: Preflight): Promise<Finding> {
  const client = new CloudFormationClient(clients);
  try {
    const found = await stackStates(client, settings);
    const busy = found.find(({ status }) => status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS');
    if (busy)
      return fail(
        `${busy.name} is ${busy.status}`,
        'Another deployment or removal is at work. Wait until it has ended.',
      );
    const stuck = found.find(({ status }) => ['UPDATE_ROLLBACK_FAILED', 'DELETE_FAILED'].includes(status));
    if (stuck?.status === 'DELETE_FAILED')
      return fail(
        `${stuck.name} is DELETE_FAILED`,
        `Finish the removal first: quotron destroy ${optionsOf(settings)}.`,
      );
    // The app of CDK knows the prefix by its variable only.
    const set = settings.prefix === usualPrefix ? '' : `${settingNames.prefix}=${settings.prefix} `;
    if (stuck)
      return fail(
        `${stuck.name} is ${stuck.status}`,
        `Run ${set}npx cdk rollback ${stuck.name} -c stage=${settings.stage}, then deploy.`,
      );
    return ok(found.length === 0 ? 'none yet: a first deployment' : `${found.length} are there`);
  } finally {
    client.destroy();
  }
}

async function executions({ clients, settings }: Preflight): Promise<Finding> {
  const client = new LambdaClient(clients);
  try {
    const { AccountLimit } = await client.send(new GetAccountSettingsCommand({}));
    const limit = z.number().parse(AccountLimit?.ConcurrentExecutions);
    const needed = neededExecutions(settings);
    const found = `${limit} executions at once; ${settings.stage} uses up to ${needed}`;
    if (limit >= needed) return ok(found);
    return warn(
      found,
      `Ask for ${usualExecutions}: Service Quotas, AWS Lambda, Concurrent executions. It costs nothing and takes about a day. Until then functions are throttled when many are at work, and prices come late.`,
    );
  } finally {
    client.destroy();
  }
}

async function databases({ clients, settings }: Preflight): Promise<Finding> {
  const client = new RDSClient(clients);
  try {
    if (await hasStorage(clients, settings)) return ok('the database is there');
    const { AccountQuotas = [] } = await client.send(new DescribeAccountAttributesCommand({}));
    const of = (name: string) => AccountQuotas.find(({ AccountQuotaName }) => AccountQuotaName === name);
    const { Used = 0, Max = Number.POSITIVE_INFINITY } = of('DBInstances') ?? {};
    if (Used >= Max)
      return fail(
        `${Used} of ${Max} instances are in use`,
        'Delete one, or ask for more: Service Quotas, Amazon RDS, DB instances.',
      );
    return ok(`${Used} of ${Max} instances are in use`);
  } finally {
    client.destroy();
  }
}

async function freeVpc({ access, clients, settings }: Preflight): Promise<Finding> {
  if (await hasStorage(clients, settings)) return ok('the VPC is there');
  const [used, most] = await Promise.all([
    countOf(access, vpcs.type),
    callJson(access, quotas, 'GetServiceQuota', { ServiceCode: vpcs.service, QuotaCode: vpcs.code }, quotaSchema),
  ]);
  const found = `${used} of ${most.Quota.Value} are in use`;
  if (used < most.Quota.Value) return ok(found);
  return fail(
    found,
    'Delete one, such as a default VPC that nothing uses, or ask for more: Service Quotas, Amazon VPC, VPCs per Region.',
  );
}

async function countOf(access: AwsAccess, TypeName: string): Promise<number> {
  let count = 0;
  let NextToken: string | undefined;
  do {
    const input = { TypeName, ...(NextToken === undefined ? {} : { NextToken }) };
    const page = await callJson(access, resources, 'ListResources', input, listSchema);
    count += page.ResourceDescriptions.length;
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return count;
}

async function hasStorage(clients: ClientSettings, installation: Installation): Promise<boolean> {
  const client = new CloudFormationClient(clients);
  try {
    const found = await stackStates(client, installation);
    return found.some(({ part, status }) => part === 'Storage' && /^(CREATE|UPDATE)/.test(status));
  } finally {
    client.destroy();
  }
}

async function snapshot({ clients, settings }: Preflight, id: string): Promise<Finding> {
  const found = await snapshotOf(clients, id);
  // It was needed once; the database that was made of it does not need it.
  if (found === null) return ok(`${id} is gone; the database that was restored from it stays`);
  const what = `${id}: ${found.engine} ${found.version}, ${found.gigabytes} GB, ${found.status}`;
  if (found.engine !== 'postgres')
    return fail(what, 'Name a snapshot of the database of Quotron, which is PostgreSQL.');
  if (found.status !== 'available') return fail(what, 'Wait until it is available.');
  if (found.gigabytes > settings.database.maxStorageGb)
    return fail(what, 'It is larger than database.maxStorageGb of bin/stages.ts. Raise that first.');
  return ok(what);
}
