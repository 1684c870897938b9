import { setTimeout as sleep } from 'node:timers/promises';
import {
  CloudFormationClient,
  DeleteStackCommand,
  GetTemplateCommand,
  paginateListStackResources,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { RDSClient } from '@aws-sdk/client-rds';
import * as z from 'zod';
import { type Installation, optionsOf, physicalName, usualPrefix } from '../../core/contracts/installation.ts';
import { interactive, plain, Step } from '../../localstack/progress.ts';
import { count, type Output, safe, table, tinted } from '../output.ts';
import { CommandError } from '../problems.ts';
import { ask } from './ask.ts';
import { templateSchema } from './assembly.ts';
import { interruptible } from './interruption.ts';
import { deleteLogGroups } from './log-groups.ts';
import { type Place, pin, placeOf, type Wanted } from './place.ts';
import { standingUsd } from './price.ts';
import { contentsInWords, type LiveStack, planRemoval, type RemovalPlan, type Staying } from './removal-plan.ts';
import { databaseState, deleteDatabase, deleteSubnetGroup, takeSnapshot } from './removed-database.ts';
import { StackProgress } from './stack-progress.ts';
import { type StackState, stackStates } from './stacks.ts';

export interface DestroyOptions extends Wanted {
  readonly yes?: boolean;
  /** Of prod: the database goes, after a last snapshot. */
  readonly deleteDatabase?: boolean;
}

/** What a removal came to. */
export interface Destroyed {
  readonly prefix: string;
  readonly stage: string;
  readonly account: string;
  readonly region: string;
  readonly deleted: readonly string[];
  readonly staying: readonly Staying[];
  readonly databaseStays: boolean;
  /** The last snapshot of the database, to restore from. */
  readonly snapshot: string | null;
}

const pauseMs = 2_000;
const databasePauseMs = 10_000;

/** Removes a stage: lists what goes, what stays and what that costs, asks, and deletes stack by stack. */
export async function destroy(options: DestroyOptions, out: Output): Promise<Destroyed> {
  const place = await placeOf(options, process.env);
  const { stage, access, clients } = place;
  out.progress(
    `Stage ${tinted('strong', stage)}, account ${tinted('strong', access.account)}, region ${tinted('strong', access.region)}, as ${safe(access.arn)}`,
  );
  const cloud = new CloudFormationClient(clients);
  const rds = new RDSClient(clients);
  try {
    const stacks = await liveStacks(cloud, place);
    if (stacks.length === 0)
      throw new CommandError(
        `There is nothing of the stage ${stage} in account ${access.account}, region ${access.region}. Is it in another one (--region)?`,
      );
    const busy = stacks.find(({ state }) => state.status.endsWith('_IN_PROGRESS'));
    if (busy) throw new CommandError(`${busy.state.name} is ${busy.state.status}. Wait until that has ended.`);
    const first = planRemoval(place, stacks, options.deleteDatabase ?? false, null);
    // Its real size, which grows by itself; a database that may not be looked at has the size that it began with.
    const size = first.database === null ? null : await databaseState(rds, first.database).catch(() => null);
    const plan = planRemoval(place, stacks, options.deleteDatabase ?? false, size?.gigabytes ?? null);
    const snapshot = plan.takesSnapshot ? physicalName(place, `final-${stamp(new Date())}`) : null;
    out.progress(`\n${planInWords(plan, snapshot, size?.gigabytes ?? null)}\n`);
    if (!options.yes) {
      const named = place.prefix === usualPrefix ? stage : `${place.prefix}-${stage}`;
      const answer = await ask(`Type ${named} to remove it:`, 'add --yes.');
      if (answer !== named) throw new CommandError('Nothing was changed.');
    }
    return await interruptible(
      (signal) => carryOut({ place, cloud, rds, plan, snapshot, out, signal }),
      () =>
        `CloudFormation finishes the stack that it is at. Run \`quotron destroy ${optionsOf(place)}\` again for the rest.`,
    );
  } finally {
    cloud.destroy();
    rds.destroy();
  }
}

interface Removal {
  readonly place: Place;
  readonly cloud: CloudFormationClient;
  readonly rds: RDSClient;
  readonly plan: RemovalPlan;
  readonly snapshot: string | null;
  readonly out: Output;
  readonly signal: AbortSignal;
}

async function carryOut({ place, cloud, rds, plan, snapshot, out, signal }: Removal): Promise<Destroyed> {
  const { stage, access, clients, file } = place;
  const run = process.stdout.isTTY && !out.json ? interactive() : plain(out.progress);
  const waiting = (say: (line: string) => void) => ({ say, signal, pauseMs: databasePauseMs });
  const { database } = plan;
  if (snapshot !== null && database !== null && !plan.deletesDatabase)
    await run([
      new Step(
        'Snapshot',
        (say) => takeSnapshot(rds, clients, { database, snapshot }, waiting(say)),
        () => snapshot,
      ),
    ]);
  const deleted: string[] = [];
  for (const stack of plan.going) {
    if (stack.state.part === 'Storage' && plan.deletesDatabase && database !== null && snapshot !== null) {
      await run([
        new Step(
          'Database',
          (say) => deleteDatabase(rds, { database, snapshot }, waiting(say)),
          () => `gone; the last snapshot is ${snapshot}`,
        ),
      ]);
      for (const [id, { Type }] of stack.template.Resources)
        if (Type === 'AWS::RDS::DBSubnetGroup') await deleteSubnetGroup(rds, stack.physicalIds.get(id) ?? id);
      await cloud.send(
        new UpdateTerminationProtectionCommand({ StackName: stack.state.name, EnableTerminationProtection: false }),
      );
    }
    await run([
      new Step(
        stack.state.part,
        (say) => deleteStack(cloud, place, stack, say, signal),
        () => 'deleted',
      ),
    ]);
    deleted.push(stack.state.name);
  }
  const restApi = plan.going.map(({ state }) => state.outputs.get('RestApiId')).find((id) => id !== undefined);
  await run([
    new Step(
      'Logs',
      () =>
        deleteLogGroups(access, [
          ...plan.going.map(({ state }) => `/aws/lambda/${state.name}-`),
          ...(plan.kept.length === 0 ? [`/aws/lambda/${physicalName(place, '')}`] : []),
          ...(restApi === undefined ? [] : [`API-Gateway-Execution-Logs_${restApi}/`]),
        ]),
      (groups) =>
        groups.length === 0
          ? 'none were left'
          : `${count(groups.length, 'group')} that ${groups.length === 1 ? 'was' : 'were'} left, deleted`,
    ),
  ]);
  // What is nowhere may be deployed anywhere.
  if (plan.kept.length === 0) pin({ file, stage }, undefined);
  return {
    ...{ prefix: place.prefix, stage, account: access.account, region: access.region, deleted, snapshot },
    databaseStays: database !== null && plan.kept.length > 0,
    staying: [...plan.staying, ...(snapshot === null ? [] : [snapshotStays(snapshot, null)])],
  };
}

/** The stacks of a stage with their templates and the names of their resources. */
async function liveStacks(cloud: CloudFormationClient, installation: Installation): Promise<LiveStack[]> {
  const found: LiveStack[] = [];
  for (const state of await stackStates(cloud, installation)) found.push(await liveStack(cloud, state));
  return found;
}

const resourcesSchema = z.array(
  z.object({ LogicalResourceId: z.string(), PhysicalResourceId: z.string().default('') }),
);

async function liveStack(cloud: CloudFormationClient, state: StackState): Promise<LiveStack> {
  const { TemplateBody } = await cloud.send(new GetTemplateCommand({ StackName: state.id, TemplateStage: 'Original' }));
  const text = TemplateBody ?? '{"Resources":{}}';
  const physicalIds = new Map<string, string>();
  for await (const page of paginateListStackResources({ client: cloud }, { StackName: state.id }))
    for (const { LogicalResourceId, PhysicalResourceId } of resourcesSchema.parse(page.StackResourceSummaries ?? []))
      physicalIds.set(LogicalResourceId, PhysicalResourceId);
  return { state, template: templateSchema.parse(JSON.parse(text)), text, physicalIds };
}

/** Deletes a stack and follows it to its end. */
async function deleteStack(
  cloud: CloudFormationClient,
  installation: Installation,
  { state, template }: LiveStack,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const progress = new StackProgress(cloud, state.id, template);
  await progress.begin();
  await cloud.send(new DeleteStackCommand({ StackName: state.id }));
  let said = '';
  for (;;) {
    await progress.look();
    if (progress.status === 'DELETE_COMPLETE' || (await isGone(cloud, installation, state))) return;
    if (progress.status === 'DELETE_FAILED') {
      const failed = progress.failures.map(
        ({ resource, reason }) => `${state.part}/${safe(resource)}: ${safe(reason)}`,
      );
      throw new CommandError(
        `${state.name} could not be deleted:\n${failed.join('\n')}\nRun this again: network interfaces of functions may be in use for half an hour. What it still cannot delete, delete in the console, then run this again.`,
      );
    }
    const words = progress.inWords();
    const changed = process.stdout.isTTY ? words : words.replaceAll(/ \(\d+:\d\d\)/g, '');
    if (changed !== said) say(words);
    said = changed;
    await sleep(pauseMs, undefined, { signal });
  }
}

/** Emulators forget the events of a stack with the stack. */
async function isGone(cloud: CloudFormationClient, installation: Installation, { id }: StackState): Promise<boolean> {
  return !(await stackStates(cloud, installation)).some((state) => state.id === id);
}

function snapshotStays(id: string, gigabytes: number | null): Staying {
  return {
    what: 'last snapshot of the database',
    id,
    usd: gigabytes === null ? null : Math.round(gigabytes * standingUsd.snapshotGb * 100) / 100,
    note: `${standingUsd.snapshotGb} a GB; remove it with: aws rds delete-db-snapshot --db-snapshot-identifier ${id}`,
  };
}

function planInWords(plan: RemovalPlan, snapshot: string | null, gigabytes: number | null): string {
  const going = table(
    ['goes', 'with'],
    plan.going.map((stack) => [stack.state.name, contentsInWords(stack)]),
  );
  const staying = [...plan.staying, ...(snapshot === null ? [] : [snapshotStays(snapshot, gigabytes)])];
  const known = staying.reduce((sum, { usd }) => sum + (usd ?? 0), 0);
  const stays = table(
    ['stays', 'a month', 'note'],
    staying.map(({ what, id, usd, note }) => [
      id === '' ? what : `${what}: ${safe(id)}`,
      usd === null ? 'by use' : `${usd.toFixed(2)} $`,
      safe(note),
    ]),
    160,
  );
  const database =
    plan.kept.length > 0 && plan.database !== null
      ? '\nThe database stays with its data, in a stack that the next deployment updates. --delete-database removes it, too.'
      : '';
  return `${going}\n\n${stays}\nTogether ${known.toFixed(2)} dollars a month by list price, beside what is paid by use.${database}`;
}

/** Of a name in RDS: letters, digits and hyphens. */
function stamp(now: Date): string {
  return now.toISOString().slice(0, 16).replaceAll(/[-:]/g, '').replace('T', '-');
}
