import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, LocalCloudError } from './problem.ts';

/** Whether a process with this id exists, of any user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** The command line of a process, or `null` when there is none with this id. */
export function commandOf(pid: number): string | null {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    } catch {
      return null;
    }
  }
  const ps = spawnSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' });
  return ps.status === 0 ? ps.stdout.trim() : null;
}

/**
 * Identifies a process by id and start time; `null` when it is gone. Process ids are reused soon, above all in
 * containers, so an id alone in a file proves nothing.
 */
export function identityOf(pid: number): string | null {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // Field 22, counted from after the command, which may hold spaces and brackets.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? null : `${pid}@${fields[19]}`;
    } catch {
      return null;
    }
  }
  const ps = spawnSync('ps', ['-p', String(pid), '-o', 'lstart='], { encoding: 'utf8' });
  return ps.status === 0 ? `${pid}@${ps.stdout.trim()}` : null;
}

/** The descendants of a process, nearest first. Linux only; elsewhere none. */
export function descendantsOf(root: number): number[] {
  const found: number[] = [];
  const waiting = [root];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    for (const child of childrenOf(pid)) {
      found.push(child);
      waiting.push(child);
    }
  }
  return found;
}

function childrenOf(pid: number): number[] {
  try {
    // The kernel lists the children of each thread separately; Node starts them from its main thread.
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Waits until `done` is true, looking again after `everyMs`. False when the time runs out. */
export async function until(done: () => boolean | Promise<boolean>, timeoutMs: number, everyMs = 25): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    if (await done()) return true;
    if (performance.now() > end) return false;
    await delay(everyMs);
  }
}

/** Sends a signal; does nothing when the process is gone. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

/** Ends a child: first with a signal, by force after `graceMs`. */
export async function stopChild(child: ChildProcess, name: NodeJS.Signals, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(name);
  const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await gone;
  clearTimeout(force);
}

/**
 * Starts a program whose output goes to a log file, in a process group of its own, so that Ctrl-C in the terminal does
 * not reach it directly.
 */
export function spawnLogged(
  command: string,
  args: readonly string[],
  { logFile, ...options }: { logFile: string; env: NodeJS.ProcessEnv; cwd: string },
): ChildProcess {
  const log = openSync(logFile, 'w', 0o600);
  try {
    return spawn(command, args, { ...options, stdio: ['ignore', log, log], detached: true });
  } finally {
    closeSync(log);
  }
}

/** A child that is watched: whether it has gone, when it has ended (true if by `stop`), and what stops it. */
export function watchEnd(child: ChildProcess, stopIt: () => Promise<void>) {
  let asked = false;
  let gone = false;
  const ended = new Promise<boolean>((resolve) => {
    const settle = () => {
      gone = true;
      resolve(asked);
    };
    child.once('exit', settle);
    child.once('error', settle);
  });
  const stop = async () => {
    asked = true;
    await stopIt();
  };
  return { ended, stop, isGone: () => gone };
}

/** Runs a program to its end, and gives all that it said. `code` is `null` where it could not be started or was killed. */
export async function outcomeOf(
  command: string,
  args: readonly string[],
  { signal, cwd }: { readonly signal: AbortSignal | undefined; readonly cwd?: string },
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
    ...(signal && { signal, killSignal: 'SIGKILL' as const }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      resolve(null);
    });
    child.once('close', resolve);
  });
  signal?.throwIfAborted();
  return { code, output };
}

/** Runs a program to its end. Throws the problem with its last words where it ends with anything but 0. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  problem: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { code, output } = await outcomeOf(command, args, { signal });
  if (code !== 0) throw new LocalCloudError(`${problem} Its last words: ${lastLines(output, 4) || 'none'}`);
}

/** The last lines of a log, on one. */
export function lastLines(text: string, count: number): string {
  return text.trim().split('\n').slice(-count).join(' | ');
}

/** The last lines of a log file, on one; empty where there is none. */
export function lastWords(file: string): string {
  try {
    return lastLines(readFileSync(file, 'utf8'), 6);
  } catch {
    return '';
  }
}
