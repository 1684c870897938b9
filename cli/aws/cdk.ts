import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { root } from '../../localstack/state-folder.ts';
import { CommandError } from '../problems.ts';

/** `cdk` ended otherwise than with 0. */
export class CdkError extends CommandError {
  /** What it said last, for people. */
  readonly last: readonly string[];

  constructor(what: string, exit: number | null, last: readonly string[], log: string) {
    super(
      `${what} failed (exit code ${exit}). What it said last:\n${last.map((line) => `    ${line}`).join('\n')}\nAll of it: ${log}`,
    );
    this.last = last;
  }
}

export interface CdkRun {
  /** For messages: `cdk synth`. */
  readonly what: string;
  readonly args: readonly string[];
  /** Credentials, region and settings. */
  readonly env: NodeJS.ProcessEnv;
  /** Gets all that it says. */
  readonly log: string;
  readonly signal: AbortSignal;
  /** Where it runs: the checkout, unless it must not see the app. */
  readonly folder?: string;
}

/**
 * Runs the `cdk` of this checkout with the caller's AWS credentials. What it says goes to a log file; an abort ends it and
 * what it has started. Throws `CdkError`.
 */
export async function runCdk({ what, args, env, log, signal, folder = root }: CdkRun): Promise<void> {
  signal.throwIfAborted();
  const bin = join(root, 'node_modules', '.bin');
  mkdirSync(dirname(log), { recursive: true });
  const file = createWriteStream(log, { flags: 'a', mode: 0o600 });
  const { NODE_OPTIONS: _options, ...shell } = env;
  const child = spawn(
    join(bin, 'node'),
    [join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk'), ...args, '--no-notices', '--no-color'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own process group: its children end with it, and Ctrl-C reaches it only through us.
      detached: true,
      env: {
        ...shell,
        PATH: `${bin}:${env['PATH'] ?? ''}`,
        CDK_DISABLE_CLI_TELEMETRY: 'true',
        CDK_DISABLE_VERSION_CHECK: 'true',
      },
    },
  );
  const end = () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  };
  signal.addEventListener('abort', end);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      file.write(chunk);
      said = `${said}${chunk.toString()}`.slice(-20_000);
    });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    signal.throwIfAborted();
    if (code !== 0) throw new CdkError(what, code, lastLines(said), log);
  } finally {
    signal.removeEventListener('abort', end);
    file.end();
  }
}

/** The last lines that say something, without traces of calls. */
function lastLines(said: string): string[] {
  return stripVTControlCharacters(said)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^at .*[:)]\d*/.test(line))
    .slice(-10)
    .map((line) => (line.length > 300 ? `${line.slice(0, 300)}…` : line));
}
