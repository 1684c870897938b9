import { chmodSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cleanup } from '../../localstack/cleanup.ts';
import { type Cloud, type LocalFile, startCloud } from '../../localstack/cloud.ts';
import { dropState } from '../../localstack/drop-state.ts';
import { plain } from '../../localstack/progress.ts';
import { readSettings } from '../../localstack/settings.ts';

/** What a test needs to reach a deployed local cloud; it can be handed to another process. */
export interface TestCloudAddresses extends LocalFile {
  /** Of the stacks, by key: `QueueIngest`. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly folder: string;
}

export interface TestCloud {
  readonly addresses: TestCloudAddresses;
  readonly cloud: Cloud;
  /** Stops it and drops its state. */
  stop(): Promise<void>;
}

/** A folder for a cloud that is thrown away. The database's account may pass through it. */
export function makeStateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quotron-cloud-'));
  chmodSync(folder, 0o711);
  return folder;
}

/** Deploys a local cloud of its own: emulator, database, simulated upstreams, functions, dashboard. */
export async function startTestCloud(
  env: NodeJS.ProcessEnv = {},
  { events = 'sns' as 'sns' | 'kafka' } = {},
): Promise<TestCloud> {
  const folder = makeStateFolder();
  const cleanup = new Cleanup();
  const lines: string[] = [];
  const stop = async () => {
    const problems = await cleanup.run();
    dropState(folder);
    if (problems.length > 0) throw new Error(`the local cloud did not stop cleanly: ${problems.join('; ')}`);
  };
  try {
    const cloud = await startCloud(
      {
        folder,
        settings: readSettings(env),
        kind: 'ministack',
        live: false,
        dashboard: true,
        events,
        run: plain((line) => lines.push(line)),
        signal: new AbortController().signal,
      },
      cleanup,
    );
    if (cloud.local === null) throw new Error('the cloud has no dashboard');
    return { addresses: { ...cloud.local, outputs: cloud.outputs, folder }, cloud, stop };
  } catch (error) {
    const log = cloudLog(folder);
    await stop().catch(() => undefined);
    throw new Error(`The local cloud did not start.\n${lines.join('\n')}\n${log}`, { cause: error });
  }
}

function cloudLog(folder: string): string {
  try {
    return readFileSync(join(folder, 'emulator', 'emulator.log'), 'utf8')
      .split('\n')
      .slice(-20)
      .join('\n');
  } catch {
    return '';
  }
}
