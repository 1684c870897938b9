import { DescribeDBSnapshotsCommand, RDSClient } from '@aws-sdk/client-rds';
import * as z from 'zod';
import { type ClientSettings, nameOf } from './access.ts';

/** A snapshot of a database. */
export interface Snapshot {
  readonly engine: string;
  readonly version: string;
  readonly gigabytes: number;
  readonly status: string;
}

const snapshotsSchema = z.array(
  z.object({ Engine: z.string(), EngineVersion: z.string(), AllocatedStorage: z.number(), Status: z.string() }),
);

/** A snapshot by its name or ARN; `null` where there is none. */
export async function snapshotOf(clients: ClientSettings, id: string): Promise<Snapshot | null> {
  const client = new RDSClient(clients);
  try {
    const { DBSnapshots = [] } = await client.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }));
    const [found] = snapshotsSchema.parse(DBSnapshots);
    if (!found) return null;
    const { Engine: engine, EngineVersion: version, AllocatedStorage: gigabytes, Status: status } = found;
    return { engine, version, gigabytes, status };
  } catch (error) {
    if (/^DBSnapshotNotFound/.test(nameOf(error))) return null;
    throw error;
  } finally {
    client.destroy();
  }
}
