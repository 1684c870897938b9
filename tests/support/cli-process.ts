/** Runs the project's own commands as a user does, in a state folder of their own. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dropState } from '../../localstack/drop-state.ts';
import { until } from '../../localstack/processes.ts';
import { root } from '../../localstack/state-folder.ts';
import { makeStateFolder } from './test-cloud.ts';

export interface Finished {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  readonly finished: Promise<Finished>;
  /** Waits until stdout has a text; throws what was said when it ends first. */
  untilSaid(text: string, timeoutMs: number): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

/** The pinned Node, which the npm scripts use. */
export const node = join(root, 'node_modules', '.bin', 'node');

/** A place for local clouds of their own. */
export function stateFolder() {
  const folder = makeStateFolder();
  const marker = `QUOTRON_TEST_FOLDER=${folder}`;
  return {
    folder,
    /** Starts `localstack/<script>` there. */
    run: (script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Running => {
      // None of the settings of this shell, nor of vitest, which sets NODE_OPTIONS and its own variables.
      const kept = ['PATH', 'HOME', 'LANG', 'NODE_COMPILE_CACHE', 'QUOTRON_TEST_RUN'].flatMap((name) => {
        const value = process.env[name];
        return value === undefined ? [] : [[name, value]];
      });
      return start(node, [join(root, 'localstack', script), ...args], {
        ...Object.fromEntries(kept),
        QUOTRON_STATE_DIR: folder,
        QUOTRON_TEST_FOLDER: folder,
        ...env,
      });
    },
    /** Commands of processes that were started here and still run. Needs /proc. */
    left: () => processesWith(marker, folder),
    /** Waits for them to go: one that was killed may take a moment to vanish. */
    async nothingLeft(patienceMs = 3_000): Promise<string[]> {
      await until(() => processesWith(marker, folder).length === 0, patienceMs);
      return processesWith(marker, folder);
    },
    /** Ends them all. */
    async endAll(): Promise<void> {
      for (const pid of processesWith(marker, folder).map((line) => Number.parseInt(line, 10))) kill(pid);
      await until(() => processesWith(marker, folder).length === 0, 10_000);
    },
    remove: () => dropState(folder),
  };
}

function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Running {
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.stderr += chunk.toString();
  });
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...said }));
  });
  return {
    pid: child.pid ?? 0,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    finished,
    async untilSaid(text, timeoutMs) {
      await until(
        () => said.stdout.includes(text) || child.exitCode !== null || child.signalCode !== null,
        timeoutMs,
        50,
      );
      if (!said.stdout.includes(text))
        throw new Error(
          `"${text}" was not said within ${timeoutMs / 1000} s.\nstdout: ${said.stdout}\nstderr: ${said.stderr}`,
        );
    },
    signal: (name) => child.kill(name),
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** Those with the marker in their environment, or the folder in their command: the emulator gets a clean environment. */
function processesWith(marker: string, folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
        const ours =
          environment.includes(marker) ||
          environment.some((each) => each.endsWith(`=${folder}`) || each.includes(`=${folder}/`));
        return ours || command.includes(`${folder}/`) ? [`${name} ${command}`] : [];
      } catch {
        return [];
      }
    });
}
