import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSubnetGroupCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  type RDSClient,
} from '@aws-sdk/client-rds';
import * as z from 'zod';
import { CommandError } from '../problems.ts';
import { type ClientSettings, nameOf } from './access.ts';
import { snapshotOf } from './snapshots.ts';

const instancesSchema = z.array(z.object({ DBInstanceStatus: z.string(), AllocatedStorage: z.number() }));
const patienceMs = 3_600_000;

interface Waiting {
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  readonly pauseMs: number;
}

/** The size of a database and what RDS is doing with it; `null` where there is none. */
export async function databaseState(
  client: RDSClient,
  id: string,
): Promise<{ status: string; gigabytes: number } | null> {
  try {
    const { DBInstances = [] } = await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
    const [found] = instancesSchema.parse(DBInstances);
    return found ? { status: found.DBInstanceStatus, gigabytes: found.AllocatedStorage } : null;
  } catch (error) {
    if (/^DBInstanceNotFound/.test(nameOf(error))) return null;
    throw error;
  }
}

/** Takes a snapshot of a database that stays, and waits until it can be restored from. */
export async function takeSnapshot(
  client: RDSClient,
  clients: ClientSettings,
  { database, snapshot }: { database: string; snapshot: string },
  { say, signal, pauseMs }: Waiting,
): Promise<void> {
  await client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: database, DBSnapshotIdentifier: snapshot }));
  await until(
    async () => {
      const found = await snapshotOf(clients, snapshot);
      if (found?.status === 'failed')
        throw new CommandError(`RDS could not take the snapshot ${snapshot}. Nothing was deleted.`);
      say(`${snapshot} is ${found?.status ?? 'not there yet'}`);
      return found?.status === 'available';
    },
    signal,
    pauseMs,
  );
}

/** Deletes a database that is protected, with a last snapshot, and waits until it is gone. */
export async function deleteDatabase(
  client: RDSClient,
  { database, snapshot }: { database: string; snapshot: string },
  { say, signal, pauseMs }: Waiting,
): Promise<void> {
  const state = await databaseState(client, database);
  if (state === null) return;
  if (state.status !== 'deleting') {
    await client.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: database,
        DeletionProtection: false,
        ApplyImmediately: true,
      }),
    );
    await client.send(
      new DeleteDBInstanceCommand({
        DBInstanceIdentifier: database,
        FinalDBSnapshotIdentifier: snapshot,
        DeleteAutomatedBackups: true,
      }),
    );
  }
  await until(
    async () => {
      const left = await databaseState(client, database);
      say(left === null ? 'gone' : `the database is ${left.status}, 5 to 15 minutes`);
      return left === null;
    },
    signal,
    pauseMs,
  );
}

/** Deletes the group of subnets that a database had; nothing where it is gone. */
export async function deleteSubnetGroup(client: RDSClient, name: string): Promise<void> {
  try {
    await client.send(new DeleteDBSubnetGroupCommand({ DBSubnetGroupName: name }));
  } catch (error) {
    if (!/^DBSubnetGroupNotFound/.test(nameOf(error))) throw error;
  }
}

async function until(done: () => Promise<boolean>, signal: AbortSignal, pauseMs: number): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await done())) {
    if (Date.now() > end)
      throw new CommandError('RDS has taken more than an hour. Look at it in the console, then run this again.');
    await sleep(pauseMs, undefined, { signal });
  }
}
