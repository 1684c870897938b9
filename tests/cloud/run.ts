/**
 * `npm run test:cloud`: the templates of `dev` on genuine LocalStack, by the two commands that bring them to an account.
 *
 *   1. LocalStack, a PostgreSQL with TLS in the place of RDS, the simulated sources
 *   2. `quotron deploy --stage dev`: bootstrap, dashboard, functions, stacks; the database is migrated by the deployment's own
 *      trigger, and the API says that it is ready. What the written list changes in the templates is printed
 *   3. the one-time sign-in that it prints; the first key, from its secret; a run of a source, a price
 *   4. `quotron deploy` again with another setting of every function: nothing is replaced
 *   5. `quotron destroy --stage dev`: nothing is left
 *
 * Ends with 0 only when all of it went well. Whatever happens, everything that was started is stopped.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { readLogs } from '../../cli/logs-reader.ts';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { sessionSchema } from '../../core/contracts/http/operations.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { Cleanup } from '../../localstack/cleanup.ts';
import { LocalCloudError, messageOf } from '../../localstack/problem.ts';
import { until } from '../../localstack/processes.ts';
import { plain, Step } from '../../localstack/progress.ts';
import { root } from '../../localstack/state-folder.ts';
import { startUpstreams } from '../../localstack/upstreams/server.ts';
import { cloudAt, quotron, region, type StackResource, stageFileIn } from './aws.ts';
import { installLocalStack, startLocalStack } from './localstack.ts';
import { startCloudPostgres } from './postgres.ts';
import { changedSchema, changes, type Replacements } from './templates.ts';

/** LocalStack's API Gateway breaks bodies that the function has compressed. */
const plainly = { 'accept-encoding': 'identity' };

const quote = envelope(z.looseObject({ price: z.number(), currency: z.string() }));

const stacks = ['Operations', 'Storage', 'Pipeline', 'Api', 'Web'].map((part) => `Quotron-dev-${part}`);

/** Of a function or the API that has changed there is a new version, and the former one stays or goes. */
const versions = ['AWS::Lambda::Version', 'AWS::ApiGateway::Deployment'];

const started = performance.now();
const run = plain((line) => console.log(line));
const cleanup = new Cleanup();
const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interruption.abort());

process.exitCode = await test().then(
  () => 0,
  (error: unknown) => {
    console.error(
      `\n${error instanceof LocalCloudError ? error.message : `Unexpected error: ${error instanceof Error ? error.stack : messageOf(error)}`}`,
    );
    return interruption.signal.aborted ? 130 : 1;
  },
);
for (const problem of await cleanup.run()) console.error(`Not stopped: ${problem}`);
const seconds = Math.round((performance.now() - started) / 1000);
console.log(
  process.exitCode === 0 ? `\nThe cloud test passed in ${seconds} s.` : `\nThe cloud test failed after ${seconds} s.`,
);

/** A step of its own. */
async function step<T>(
  title: string,
  work: (say: (line: string) => void) => Promise<T>,
  describe: (value: T) => string = () => '',
): Promise<T> {
  interruption.signal.throwIfAborted();
  const made = new Step(title, work, describe);
  await run([made]);
  return made.value;
}

async function test(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'quotron-cloud-test-'));
  // The database's account passes through it.
  chmodSync(folder, 0o711);
  cleanup.add(async () => rmSync(folder, { recursive: true, force: true }));
  const { signal } = interruption;

  const python = await step('LocalStack is installed', async (say) => installLocalStack(say));
  const localstack = new Step(
    'LocalStack',
    async () => {
      const running = await startLocalStack(python, folder);
      cleanup.add(running.stop);
      return running;
    },
    ({ url }) => url,
  );
  const postgres = new Step(
    'PostgreSQL with TLS',
    async () => {
      const running = await startCloudPostgres(folder, region);
      cleanup.add(running.stop);
      return running;
    },
    ({ port }) => `port ${port}`,
  );
  const upstreams = new Step(
    'Simulated sources',
    async () => {
      const running = await startUpstreams({ port: 0 });
      cleanup.add(running.stop);
      return running;
    },
    ({ url }) => url,
  );
  await run([localstack, postgres, upstreams]);

  const endpoint = localstack.value.url;
  const cloud = cloudAt(endpoint);
  const replacements: Replacements = {
    databaseHost: postgres.value.host,
    databasePort: postgres.value.port,
    rootsFolder: postgres.value.rootsFolder,
    sourceUrls: Object.fromEntries(catalogue.map(({ id }) => [id, upstreams.value.urlOf(id)])),
  };
  const [from, to] = [join(folder, 'replacements.json'), join(folder, 'changed.json')];
  writeFileSync(from, JSON.stringify(replacements));
  const app = `node ${join(root, 'tests', 'cloud', 'app.ts')} ${from} ${to}`;
  const command = (args: readonly string[], say: (line: string) => void, settings: Record<string, string> = {}) =>
    quotron([...args, '--stage', 'dev'], { endpoint, folder, app, settings, signal, say });
  const pinned = () =>
    z.object({ dev: z.unknown().optional() }).parse(JSON.parse(readFileSync(stageFileIn(folder), 'utf8'))).dev;

  const deploying = new Step(
    'quotron deploy',
    async (say) => {
      try {
        return await command(['deploy'], say);
      } catch (error) {
        // They end with LocalStack.
        const { place } = cloud;
        for (const name of ['prepare-database', 'migrate'])
          for (const { message } of (await readLogs(place, `/aws/lambda/quotron-dev-${name}`, 0, 50)) ?? [])
            console.log(`    ${name}: ${message.trim().slice(0, 1_000)}`);
        throw error;
      }
    },
    () => '',
  );
  const password = new Step(
    'The password that the stack has made',
    async () => {
      const made = until(async () => (await databaseSecret(cloud)) !== undefined, 600_000, 300);
      await Promise.race([made, deploying.settled]);
      const login = z.object({ password: z.string() });
      const secret = await cloud.secret((await databaseSecret(cloud)) ?? '');
      await postgres.value.setMasterPassword(login.parse(JSON.parse(secret)).password);
    },
    () => 'given to PostgreSQL, as RDS does',
  );
  await run([deploying, password]);
  showChanges(to);

  const outputs = await cloud.outputs(stacks);
  const api = `${endpoint}/_aws/execute-api/${outputs['RestApiId']}/${outputs['RestApiStage']}/api/v1`;
  await step(
    'The sign-in that the command prints, once',
    async () => {
      const token = /#sign-in=([\w-]+)/.exec(deploying.value)?.[1];
      if (token === undefined) throw new LocalCloudError(`It printed no sign-in:\n${deploying.value}`);
      return await signIn(api, { token });
    },
    (who) => who,
  );
  const key = await step(
    'The first key, from its secret',
    async () =>
      z.object({ key: z.string() }).parse(JSON.parse(await cloud.secret(outputs['FirstKeySecret'] ?? ''))).key,
  );
  await step(
    'A sign-in with it',
    () => signIn(api, { key }),
    (who) => who,
  );
  await step(
    'A run of a source, and a price',
    () => price(api, key),
    (said) => said,
  );
  await step('Ticks, as the rules send them', async () => {
    for (const name of ['schedule', 'monitor', 'maintain'])
      await cloud.invoke(`quotron-dev-${name}`, { time: new Date().toISOString() });
    await cloud.invoke('quotron-dev-yahoo-proxy', { source: 'aws.events' });
  });

  const before = await cloud.resources(stacks);
  await step('quotron deploy, with another setting', (say) =>
    command(['deploy'], say, { QUOTRON_SOURCE_QUOTAS: 'yahoo=59/19000' }),
  );
  await step(
    'Nothing is replaced',
    async () => replaced(before, await cloud.resources(stacks)),
    (said) => said,
  );
  await step(
    'The first key still opens it',
    () => signIn(api, { key }),
    (who) => who,
  );
  if (pinned() === undefined) throw new LocalCloudError('The stage file does not say where the stage is.');
  await step('quotron destroy', (say) => command(['destroy'], say));
  await step('Nothing is left', async () => {
    const left = await cloud.leftovers();
    if (pinned() !== undefined) left.push(`an entry of ${stageFileIn(folder)}`);
    if (left.length > 0)
      throw new LocalCloudError(`After \`quotron destroy\` there is still:\n    ${left.join('\n    ')}`);
  });
}

/** The name of the secret with the database's login, once its stack has made it. */
async function databaseSecret(cloud: ReturnType<typeof cloudAt>): Promise<string | undefined> {
  // The stack may not be there yet.
  const made = await cloud.resources(['Quotron-dev-Storage']).catch(() => new Map<string, StackResource>());
  const [secret] = [...made].filter(
    ([id, { type, physicalId }]) =>
      type === 'AWS::SecretsManager::Secret' && id.includes('DatabaseInstanceSecret') && physicalId !== '',
  );
  return secret?.[1].physicalId;
}

function showChanges(file: string): void {
  const changed = z.array(changedSchema).parse(JSON.parse(readFileSync(file, 'utf8')));
  console.log('\nWhat the template transform changed:');
  for (const [change, why] of Object.entries(changes)) {
    const where = changed.filter((each) => each.change === change).map((each) => each.where);
    console.log(`  ${change} (${where.length}): ${why}`);
    for (const each of where) console.log(`    ${each}`);
  }
  console.log('');
}

async function answered(
  url: string,
  { headers, ...init }: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {},
): Promise<Response> {
  const answer = await fetch(url, {
    ...init,
    headers: { ...plainly, ...headers },
    signal: AbortSignal.timeout(60_000),
  });
  if (!answer.ok) throw new LocalCloudError(`${url} answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
  return answer;
}

async function signIn(api: string, by: { readonly key: string } | { readonly token: string }): Promise<string> {
  const signedIn = await answered(`${api}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(by),
  });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0];
  if (cookie === undefined) throw new LocalCloudError('The sign-in set no cookie.');
  const who = await answered(`${api}/session`, { headers: { cookie } });
  const { name, scopes } = envelope(sessionSchema).parse(await who.json()).data;
  if (!scopes.includes('admin')) throw new LocalCloudError(`This sign-in has the scopes ${scopes.join(', ')}.`);
  return name;
}

async function price(api: string, key: string): Promise<string> {
  const headers = { ...plainly, 'x-api-key': key, 'content-type': 'application/json' };
  await answered(`${api}/sources/yahoo/run`, { method: 'POST', headers, body: JSON.stringify({ job: 'quotes' }) });
  let said = 'no answer';
  const came = await until(
    async () => {
      const answer = await fetch(`${api}/quotes/AAPL`, { headers });
      said = await answer.text();
      return answer.ok;
    },
    120_000,
    1_000,
  );
  if (!came)
    throw new LocalCloudError(`There was no price within two minutes. The API said last: ${said.slice(0, 500)}`);
  const { data } = quote.parse(JSON.parse(said));
  return `AAPL ${data.price} ${data.currency}`;
}

function replaced(
  before: Awaited<ReturnType<ReturnType<typeof cloudAt>['resources']>>,
  after: Awaited<ReturnType<ReturnType<typeof cloudAt>['resources']>>,
): string {
  const other = [...before].filter(
    ([id, { type, physicalId }]) => !versions.includes(type) && after.get(id)?.physicalId !== physicalId,
  );
  const added = [...after.keys()].filter((id) => !before.has(id) && !versions.includes(after.get(id)?.type ?? ''));
  if (other.length + added.length > 0)
    throw new LocalCloudError(
      `The second deployment replaced ${other.map(([id]) => id).join(', ') || 'nothing'} and added ${added.join(', ') || 'nothing'}.`,
    );
  return `${before.size} resources`;
}
