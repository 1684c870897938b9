import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads from a pipe whose other end only the parent has: at its end the parent is gone, however it ended. Then the process
 * is asked to end, and after its grace its whole group is ended by force. `sh` is on every Linux and macOS.
 */
const script = `read -r _
kill -"$2" "$1" 2>/dev/null
left=$3
while [ "$left" -gt 0 ] && kill -0 "$1" 2>/dev/null; do sleep 1; left=$((left - 1)); done
kill -KILL -"$1" 2>/dev/null`;

/**
 * Has a child end when this process does, even by `kill -9`, which leaves it no time to stop anything. The child must lead a
 * process group of its own (`detached`). Gives the process that watches, which goes with the child; `null` where none can.
 */
export function endWithParent(
  child: ChildProcess,
  name: 'SIGTERM' | 'SIGINT',
  graceSeconds: number,
): ChildProcess | null {
  if (child.pid === undefined || process.platform === 'win32') return null;
  const watcher = spawn('/bin/sh', ['-c', script, 'sh', String(child.pid), name.slice(3), String(graceSeconds)], {
    cwd: '/',
    // Its own group: what ends the parent's must not end it first.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell nothing is lost but this.
  watcher.on('error', () => undefined);
  watcher.stdin.on('error', () => undefined);
  watcher.unref();
  if ('unref' in watcher.stdin && typeof watcher.stdin.unref === 'function') watcher.stdin.unref();
  // The number of a process that is gone may become another's.
  child.once('exit', () => watcher.kill('SIGKILL'));
  return watcher;
}
