import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { type Installation, optionsOf } from '../../core/contracts/installation.ts';
import { BootstrapError, signInToken } from '../../functions/migrate/standalone.ts';
import { LocalCloudError } from '../../localstack/problem.ts';
import { interactive, plain, type RunSteps, Step } from '../../localstack/progress.ts';
import { root } from '../../localstack/state-folder.ts';
import { buildWeb } from '../../localstack/web-build.ts';
import type { Check } from '../doctor-checks.ts';
import { type Output, safe, table, tinted } from '../output.ts';
import { CommandError } from '../problems.ts';
import { askForYes } from './ask.ts';
import { readAssembly, type SynthesizedStack } from './assembly.ts';
import { runCdk } from './cdk.ts';
import { refuseNewDatabase } from './database-stays.ts';
import { failureInWords } from './failure-advice.ts';
import { interruptible } from './interruption.ts';
import { type Place, pin, placeOf, settingsOf, type Wanted } from './place.ts';
import { preflight } from './preflight.ts';
import { monthlyUsd } from './price.ts';
import { snapshotOf } from './snapshots.ts';
import { StackProgress } from './stack-progress.ts';
import { type StackState, stackStates } from './stacks.ts';

export interface DeployOptions extends Wanted {
  readonly yes?: boolean;
  /** A snapshot that the database is restored from. */
  readonly restore?: string;
}

/** What a deployment came to. */
export interface Deployed {
  readonly prefix: string;
  readonly stage: string;
  readonly account: string;
  readonly region: string;
  readonly dashboardUrl: string | null;
  readonly apiUrl: string;
  /** Signs in once, within an hour; `null` where no admin key is valid. */
  readonly signInUrl: string | null;
  /** The secret with the first admin key, after a first deployment. */
  readonly firstKeySecret: string | null;
  readonly monthlyUsd: number | null;
  readonly seconds: number;
}

/** Less than this RDS does not give. */
const leastStorageGb = 20;
const pauseMs = 2_000;
const readyPatienceMs = 300_000;

/** Deploys a stage from this checkout: looks at the account first, asks, builds, deploys, waits until it answers. */
export async function deploy(options: DeployOptions, out: Output): Promise<Deployed> {
  const started = performance.now();
  const place = await placeOf(options, process.env);
  const { stage, access, clients, env } = place;
  const next = {
    ...{ account: access.account, region: access.region },
    ...(place.pinned?.snapshot === undefined ? {} : { snapshot: place.pinned.snapshot }),
    ...(place.pinned?.storageGb === undefined ? {} : { storageGb: place.pinned.storageGb }),
    ...(options.restore === undefined ? {} : await restored(options.restore, clients)),
  };
  const settings = settingsOf(place, next);
  out.progress(
    `Stage ${tinted('strong', stage)}, account ${tinted('strong', access.account)}, region ${tinted('strong', access.region)}, as ${safe(access.arn)}`,
  );
  const checks = await preflight({ access, clients, settings });
  out.progress(`\n${shown(checks)}\n`);
  refuse(checks);
  const needsBootstrap = checks.some(({ id, state }) => id === 'bootstrap' && state === 'warn');
  const cloud = new CloudFormationClient(clients);
  try {
    const before = await stackStates(cloud, place);
    await confirm({ options, place, checks, before, needsBootstrap });
    pin(place, next);
    const run = process.stdout.isTTY && !out.json ? interactive() : plain(out.progress);
    let phase: 'local' | 'cloud' | 'done' = 'local';
    return await interruptible(
      async (signal) => {
        const log = join(root, '.quotron', `deploy-${place.prefix}-${stage}.log`);
        rmSync(log, { force: true });
        const assembly = join(root, 'cdk.out', `${place.prefix}-${stage}`);
        const cdk = (what: string, args: readonly string[], folder = root) =>
          runCdk({ what, args, env: { ...env, AWS_REGION: access.region }, log, signal, folder });
        if (needsBootstrap)
          await run([
            new Step(
              'CDK bootstrap',
              // Elsewhere, because it would synthesize the app that it finds.
              () => cdk('cdk bootstrap', ['bootstrap', `aws://${access.account}/${access.region}`], tmpdir()),
              () => '',
            ),
          ]);
        await run([
          new Step(
            'Dashboard',
            () => dashboard(signal),
            (built) => (built ? 'built' : 'unchanged'),
          ),
        ]);
        rmSync(assembly, { recursive: true, force: true });
        await run([
          new Step(
            'Functions',
            () => cdk('cdk synth', ['synth', '--quiet', '-c', `stage=${stage}`, '--output', assembly]),
            () => 'bundled',
          ),
        ]);
        const templates = readAssembly(assembly, place);
        await refuseNewDatabase(cloud, place, templates, options.restore);
        phase = 'cloud';
        await deployStacks({ cloud, place, run, templates }, () =>
          cdk('cdk deploy', [
            ...['deploy', '--all', '--app', assembly, '--require-approval', 'never', '--progress', 'events'],
            ...['--asset-parallelism', '--ci'],
          ]),
        );
        phase = 'done';
        const after = await stackStates(cloud, place);
        const urls = urlsOf(after, access.region, access.endpoint);
        await run([
          new Step(
            'Answers',
            (say) => untilReady(urls.api, place, say, signal),
            (words) => words,
          ),
        ]);
        const token = await oneTimeToken(place);
        return {
          ...{ prefix: place.prefix, stage, account: access.account, region: access.region },
          ...{ dashboardUrl: urls.dashboard, apiUrl: urls.api },
          signInUrl: token === null ? null : `${urls.dashboard ?? ''}/#sign-in=${token}`,
          firstKeySecret: before.some(({ part }) => part === 'Pipeline')
            ? null
            : (outputOf(after, 'FirstKeySecret') ?? null),
          // An emulator costs nothing.
          monthlyUsd: access.endpoint === undefined ? monthlyUsd(templates.map(({ json }) => json)) : null,
          seconds: Math.round((performance.now() - started) / 1000),
        };
      },
      () =>
        phase === 'local'
          ? 'Nothing was changed in the account.'
          : `CloudFormation continues with the stack that it is at. Run \`quotron deploy ${optionsOf(place)}\` again to continue, or \`quotron destroy ${optionsOf(place)}\`.`,
    );
  } finally {
    cloud.destroy();
  }
}

/** Builds the dashboard where its sources have changed. */
async function dashboard(signal: AbortSignal): Promise<boolean> {
  try {
    return await buildWeb(signal);
  } catch (error) {
    if (error instanceof LocalCloudError) throw new CommandError(error.message);
    throw error;
  }
}

const marks = {
  ok: tinted('good', 'ok'),
  warn: tinted('fair', 'look'),
  fail: tinted('bad', 'fails'),
  none: tinted('dim', '–'),
};

function shown(checks: readonly Check[]): string {
  const rows = checks.map(({ title, state, found }) => [title, marks[state], safe(found)]);
  const advice = checks.flatMap(({ title, todo }) => (todo === null ? [] : [`${title}: ${safe(todo)}`]));
  return [table(['check', '', 'found'], rows), ...(advice.length > 0 ? [advice.join('\n')] : [])].join('\n\n');
}

/** What the file of the stages says of a database that is restored from a snapshot. */
async function restored(id: string, clients: Place['clients']) {
  const found = await snapshotOf(clients, id);
  if (found === null)
    throw new CommandError(
      `There is no snapshot ${id} in this account and region. \`aws rds describe-db-snapshots\` lists them.`,
    );
  return { snapshot: id, storageGb: Math.max(leastStorageGb, found.gigabytes) };
}

/** Throws where a check fails: only a person can put that right. */
function refuse(checks: readonly Check[]): void {
  const failed = checks.filter(({ state }) => state === 'fail');
  if (failed.length > 0)
    throw new CommandError(`Nothing was deployed: put right ${failed.map(({ title }) => title).join(', ')} first.`);
}

/** Asks before a first deployment, for what is to be looked at, and for a restore. A later deployment is what was asked for. */
async function confirm(of: {
  options: DeployOptions;
  place: Place;
  checks: readonly Check[];
  before: readonly StackState[];
  needsBootstrap: boolean;
}): Promise<void> {
  const { options, place, checks, before, needsBootstrap } = of;
  const { account, region } = place.access;
  const isFirst = place.pinned === undefined || before.length === 0;
  const warned = checks.some(({ state }) => state === 'warn');
  if (options.yes || !(isFirst || warned || needsBootstrap || options.restore)) return;
  const bootstraps = needsBootstrap ? ' It makes the CDK bootstrap there, too.' : '';
  const restores = options.restore
    ? ` The database is replaced by one from the snapshot ${options.restore}: what was stored since is not in it.`
    : '';
  const price = isFirst ? ' It costs by the hour from then on (docs/cost.md).' : '';
  await askForYes(
    `Deploy the stage ${place.stage} to account ${account} in ${region}?${bootstraps}${restores}${price}`,
  );
}

interface Stacks {
  readonly cloud: CloudFormationClient;
  readonly place: Place;
  readonly run: RunSteps;
  readonly templates: readonly SynthesizedStack[];
}

/** Deploys all stacks, with a line for each: how far it is, or what has failed and what to do. */
async function deployStacks({ cloud, place, run, templates }: Stacks, start: () => Promise<void>): Promise<void> {
  const followed = templates.map(({ part, name, template }) => ({
    part,
    progress: new StackProgress(cloud, name, template),
  }));
  for (const { progress } of followed) await progress.begin();
  let over: { readonly error: unknown } | undefined;
  const deploying = start().then(
    () => {
      over = { error: null };
    },
    (error: unknown) => {
      over = { error };
    },
  );
  for (const [at, { part, progress }] of followed.entries()) {
    const later = followed.slice(at + 1);
    await run([
      new Step(
        part,
        (say) => follow(part, progress, say),
        (words) => words,
      ),
    ]);

    async function follow(name: string, of: StackProgress, say: (line: string) => void): Promise<string> {
      let said = '';
      for (;;) {
        const wasOver = over;
        await of.look();
        if (of.ended && /^(CREATE|UPDATE)_COMPLETE$/.test(of.status ?? ''))
          return of.status === 'CREATE_COMPLETE' ? 'made' : 'updated';
        if (wasOver !== undefined) {
          if (wasOver.error === null) return 'no change';
          const [first] = of.failures;
          throw first ? new CommandError(failureInWords(first, name, place)) : wasOver.error;
        }
        if (of.status === null) {
          for (const { progress: next } of later) await next.look();
          if (later.some(({ progress: next }) => next.status !== null)) return 'no change';
        }
        const words = of.status === null ? 'uploads what it needs' : of.inWords();
        // Without a terminal only what has changed, and not the seconds.
        const changed = process.stdout.isTTY ? words : words.replaceAll(/ \(\d+:\d\d\)/g, '');
        if (changed !== said) say(words);
        said = changed;
        await Promise.race([sleep(pauseMs), deploying]);
      }
    }
  }
  await deploying;
  if (over?.error) throw over.error;
}

function outputOf(stacks: readonly StackState[], key: string): string | undefined {
  return stacks.map(({ outputs }) => outputs.get(key)).find((value) => value !== undefined);
}

/** Where the stage answers. An emulator has no CloudFront, and API Gateway under an address of its own. */
function urlsOf(stacks: readonly StackState[], region: string, emulator: string | undefined) {
  const [id, live] = [outputOf(stacks, 'RestApiId'), outputOf(stacks, 'RestApiStage')];
  const dashboard = emulator === undefined ? (outputOf(stacks, 'DashboardUrl') ?? null) : null;
  const gateway =
    emulator === undefined
      ? `https://${id}.execute-api.${region}.amazonaws.com/${live}`
      : `${emulator}/_aws/execute-api/${id}/${live}`;
  return { dashboard, api: `${dashboard ?? gateway}/api/v1` };
}

/** Waits until the API says that it is ready. Gives how long that took, in words. */
async function untilReady(
  api: string,
  installation: Installation,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const end = Date.now() + readyPatienceMs;
  let last = 'no answer';
  while (Date.now() < end) {
    try {
      const answer = await fetch(`${api}/readyz`, { signal: AbortSignal.any([signal, AbortSignal.timeout(20_000)]) });
      if (answer.ok) return `${api}/readyz`;
      last = `status ${answer.status}`;
    } catch {
      signal.throwIfAborted();
      last = 'no answer';
    }
    say(`${api}/readyz: ${last}`);
    await sleep(pauseMs, undefined, { signal });
  }
  throw new CommandError(
    `All is deployed, and ${api}/readyz gives ${last}. \`quotron logs api ${optionsOf(installation)} --since 10m\` shows why; a new CloudFront name may take some minutes until every resolver knows it.`,
  );
}

/** A sign-in by the rights of whoever deploys; `null` where no admin key is valid, or they do not reach so far. */
async function oneTimeToken(place: Place): Promise<string | null> {
  const client = new LambdaClient(place.clients);
  try {
    return await signInToken(place, client);
  } catch (error) {
    if (error instanceof BootstrapError) return null;
    throw error;
  } finally {
    client.destroy();
  }
}
