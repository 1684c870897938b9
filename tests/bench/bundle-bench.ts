import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { type FunctionName, functionNames } from '../../core/contracts/functions.ts';
import { settingNames } from '../../core/contracts/settings.ts';
import { bundleFunction } from '../../lib/bundle-function.ts';

export interface BundleResult {
  readonly name: FunctionName;
  readonly bytes: number;
  /** From an empty process to a handler that can be called, without the start of Node itself. Median. */
  readonly initMs: number;
}

const rounds = 5;

/** Size and init time of each function's bundle, made as it is deployed, imported by a fresh Node with its settings. */
export function benchBundles(): BundleResult[] {
  const folder = mkdtempSync(join(tmpdir(), 'quotron-bench-'));
  try {
    return functionNames.map((name) => {
      bundleFunction(name, join(folder, name));
      const file = join(folder, name, 'index.js');
      const times = Array.from({ length: rounds }, () => initMs(file)).sort((a, b) => a - b);
      return { name, bytes: statSync(file).size, initMs: Math.round(times[Math.floor(rounds / 2)] ?? 0) };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const program = `
  // What Lambda's runtime gives to a function whose answer is streamed.
  globalThis.awslambda = { streamifyResponse: (handler) => handler };
  const started = performance.now();
  const { handler } = await import(process.argv[1]);
  if (typeof handler !== 'function') throw new Error('The bundle exports no handler.');
  process.stdout.write(String(performance.now() - started));
  process.exit(0);`;

/** Settings of the right form that lead nowhere: nothing is connected to before the first event. */
const formOf = (key: string) => {
  if (/(Urls|Secrets|queues)$/.test(key)) return '{}';
  if (/(Ms|Days|Months|Limit|Connections|Streams)$/.test(key)) return '1000';
  if (key === 'kafkaBrokers') return 'x:1';
  // As if they were not set.
  return /^(sourceQuotas|corsOrigins|acceptFindings|kafka(SecurityProtocol|SaslMechanism|CaFile))$/.test(key)
    ? ''
    : 'x';
};
const settings = Object.fromEntries(Object.entries(settingNames).map(([key, variable]) => [variable, formOf(key)]));

function initMs(file: string): number {
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', program, pathToFileURL(file).href], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      ...settings,
      [settingNames.databaseUrl]: 'postgres://x:x@127.0.0.1:1/x',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'bench',
    },
  });
  if (child.status !== 0) throw new Error(`${file} does not start: ${child.stderr.slice(-500)}`);
  return z.coerce.number().parse(child.stdout.split('\n').at(-1));
}
