/**
 * `npm run chaos`: the long forms of the faults (tests/chaos/long), which need more time or more tools than `npm test`. What
 * cannot run on this machine is printed as `not run here`, with why.
 *
 * `npm run chaos -- --soak 1h`: the mix of all faults for so long (`90s`, `5m`, `1h`), with its figures at the end. The seed
 * is printed; `--seed 7` or `QUOTRON_SEED=7` repeats it.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { seedOf } from '../support/chosen-seed.ts';
import { figuresOf, wrongIn } from '../support/mix/mix-result.ts';
import { runMix } from '../support/mix/run-mix.ts';

const { values } = parseArgs({ options: { soak: { type: 'string' }, seed: { type: 'string' } } });

process.exitCode = values.soak === undefined ? await longForms() : await soak(durationOf(values.soak));

function longForms(): Promise<number> {
  const file = new URL('../run.ts', import.meta.url).pathname;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, 'long-chaos'], { stdio: 'inherit' });
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => child.kill(name));
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

async function soak(forMs: number): Promise<number> {
  const seed = seedOf({ ...process.env, ...(values.seed !== undefined && { QUOTRON_SEED: values.seed }) });
  console.log(`A soak of ${forMs / 60_000} min with all kinds of fault, QUOTRON_SEED=${seed}`);
  const result = await runMix({ seed, forMs, settleMs: 600_000, say: (line) => console.log(line) });
  console.log(figuresOf(result).join('\n'));
  const wrong = wrongIn(result);
  for (const each of wrong) console.log(`✗ ${each}`);
  console.log(wrong.length === 0 ? `Everything held, QUOTRON_SEED=${seed}.` : `QUOTRON_SEED=${seed} repeats it.`);
  return wrong.length === 0 ? 0 : 1;
}

function durationOf(text: string): number {
  const [, amount, unit = ''] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  if (amount === undefined) throw new Error(`--soak takes a time such as 90s, 5m or 1h, not ${JSON.stringify(text)}.`);
  return Number(amount) * ({ s: 1_000, m: 60_000, h: 3_600_000 }[unit] ?? 0);
}
