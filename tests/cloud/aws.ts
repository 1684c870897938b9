/** What the test asks of the cloud that it deploys to. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { LocalCloudError } from '../../localstack/problem.ts';
import { root } from '../../localstack/state-folder.ts';

export const region = 'us-east-1';
/** Of every emulator. */
const account = '000000000000';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

export interface StackResource {
  readonly type: string;
  readonly physicalId: string;
}

/** The cloud at an endpoint. */
export function cloudAt(endpoint: string) {
  const client = { endpoint, region, credentials };
  const stacks = new CloudFormationClient(client);
  const lambda = new LambdaClient({ ...client, maxAttempts: 1 });
  const secrets = new SecretsManagerClient(client);
  return {
    place: client,

    /** The outputs of stacks, by key. */
    async outputs(names: readonly string[]): Promise<Record<string, string>> {
      const found: Record<string, string> = {};
      for (const name of names) {
        const { Stacks = [] } = await stacks.send(new DescribeStacksCommand({ StackName: name }));
        for (const { OutputKey = '', OutputValue = '' } of Stacks[0]?.Outputs ?? []) found[OutputKey] = OutputValue;
      }
      return found;
    },

    /** What stacks are made of, by `<stack> <logical id>`. */
    async resources(names: readonly string[]): Promise<Map<string, StackResource>> {
      const found = new Map<string, StackResource>();
      for (const name of names) {
        let token: string | undefined;
        do {
          const page = await stacks.send(
            new ListStackResourcesCommand({ StackName: name, ...(token !== undefined && { NextToken: token }) }),
          );
          for (const each of page.StackResourceSummaries ?? [])
            found.set(`${name} ${each.LogicalResourceId}`, {
              type: each.ResourceType ?? '',
              physicalId: each.PhysicalResourceId ?? '',
            });
          token = page.NextToken;
        } while (token !== undefined);
      }
      return found;
    },

    async secret(id: string): Promise<string> {
      const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: id }));
      if (SecretString === undefined) throw new Error(`The secret ${id} is empty.`);
      return SecretString;
    },

    /** Invokes a function as a rule does, and waits for its end. Throws its error. */
    async invoke(name: string, event: unknown): Promise<void> {
      const Payload = new TextEncoder().encode(JSON.stringify(event));
      const answer = await lambda.send(new InvokeCommand({ FunctionName: name, Payload }));
      if (answer.FunctionError !== undefined)
        throw new Error(`${name} failed: ${answer.Payload?.transformToString().slice(0, 500)}`);
    },

    /** Kinds of resource of which something of Quotron is still there, with what was answered. */
    async leftovers(): Promise<string[]> {
      const found: string[] = [];
      for (const [what, ask] of Object.entries(lists)) {
        const text = await ask(endpoint);
        const names = new Set(text.match(/[\w./:-]*quotron[\w./:-]*/gi));
        if (names.size > 0) found.push(`${what}: ${[...names].join(', ')}`);
      }
      return found;
    },
  };
}

/** Signatures are not checked: it is enough to say which service is meant. */
const scope = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;

type Asked = (endpoint: string) => Promise<string>;

async function text(answer: Response, service: string): Promise<string> {
  const said = await answer.text();
  if (!answer.ok) throw new Error(`${service} answered ${answer.status}: ${said.slice(0, 300)}`);
  return said;
}

const byQuery =
  (service: string, action: string, version: string): Asked =>
  async (endpoint) =>
    await text(
      await fetch(endpoint, {
        method: 'POST',
        headers: { authorization: scope(service), 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ Action: action, Version: version }),
      }),
      service,
    );

const byTarget =
  (service: string, target: string, version = '1.1'): Asked =>
  async (endpoint) =>
    await text(
      await fetch(endpoint, {
        method: 'POST',
        headers: {
          authorization: scope(service),
          'content-type': `application/x-amz-json-${version}`,
          'x-amz-target': target,
        },
        body: '{}',
      }),
      service,
    );

const byPath =
  (service: string, path: string): Asked =>
  async (endpoint) =>
    await text(await fetch(`${endpoint}${path}`, { headers: { authorization: scope(service) } }), service);

/** Whatever a stage is made of. The names of all of it begin with Quotron's. */
const lists: Readonly<Record<string, Asked>> = {
  functions: byPath('lambda', '/2015-03-31/functions/'),
  'event sources': byPath('lambda', '/2015-03-31/event-source-mappings/'),
  'REST APIs': byPath('apigateway', '/restapis'),
  buckets: byPath('s3', '/'),
  queues: byTarget('sqs', 'AmazonSQS.ListQueues', '1.0'),
  secrets: byTarget('secretsmanager', 'secretsmanager.ListSecrets'),
  'log groups': byTarget('logs', 'Logs_20140328.DescribeLogGroups'),
  rules: byTarget('events', 'AWSEvents.ListRules'),
  roles: byQuery('iam', 'ListRoles', '2010-05-08'),
  topics: byQuery('sns', 'ListTopics', '2010-03-31'),
  alarms: byQuery('monitoring', 'DescribeAlarms', '2010-08-01'),
  networks: byQuery('ec2', 'DescribeVpcs', '2016-11-15'),
};

/** What the command is called with: as somebody whose AWS is the endpoint. */
export interface QuotronRun {
  readonly endpoint: string;
  /** Of the test: the stage file and what else is written beside it. */
  readonly folder: string;
  /** The app that is synthesized in the place of `bin/quotron.ts`: `CDK_APP`. */
  readonly app: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Runs `quotron deploy` or `quotron destroy` against the endpoint; gives what it prints. Throws its last words. */
export async function quotron(args: readonly string[], run: QuotronRun): Promise<string> {
  const shell = Object.entries(process.env).filter(([name]) => !/^(QUOTRON_|AWS_)/.test(name));
  const child = spawn(
    join(root, 'node_modules', '.bin', 'node'),
    [join(root, 'cli', 'quotron.ts'), ...args, '--account', account, '--region', region, '--yes'],
    {
      cwd: run.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: run.signal,
      // It ends what it has started.
      killSignal: 'SIGTERM',
      env: {
        ...Object.fromEntries(shell),
        ...run.settings,
        QUOTRON_STAGES_FILE: stageFileIn(run.folder),
        CDK_APP: run.app,
        AWS_ENDPOINT_URL: run.endpoint,
        AWS_ENDPOINT_URL_S3: run.endpoint,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        NO_COLOR: '1',
      },
    },
  );
  let [result, progress] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    result += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    progress += chunk.toString();
    for (const line of chunk.toString().split('\n')) if (/^ *[✔✖]/.test(line)) run.say(line.trim());
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return result;
  throw new LocalCloudError(
    `quotron ${args.join(' ')} failed (exit code ${code}):\n    ${progress.trim().split('\n').slice(-25).join('\n    ')}`,
  );
}

/** Where the command keeps which account the stage is in. */
export function stageFileIn(folder: string): string {
  return join(folder, 'quotron.stages.json');
}
