import { type Command, Option } from 'commander';
import { type RunDetailView, runAcceptedSchema } from '../core/contracts/http/operations.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { numberOption } from './options.ts';
import { count, status } from './output.ts';
import { exitCodes } from './problems.ts';
import { failuresOf, waitForRun } from './wait.ts';

interface RunOptions extends Common {
  readonly job?: string;
  readonly wait?: boolean;
  readonly timeout: number;
}

/** `quotron run`: runs a source now, within its quota. */
export function runCommand(): Command {
  return newCommand('run', 'Run a source now', ['run yahoo', 'run yahoo --job quotes --wait'])
    .argument('<source>', 'which source')
    .option('--job <job>', 'one job (default: all)')
    .option('--wait', 'wait until it ends; exit with 1 when a run failed')
    .addOption(new Option('--timeout <seconds>', 'how long to wait').argParser(numberOption(86_400)).default(300))
    .action((source: string, options: RunOptions) =>
      carryOut(options, async (context) => {
        const { api, out } = context;
        const asked = await api.request(
          'POST',
          `/sources/${encodeURIComponent(source)}/run`,
          runAcceptedSchema,
          options.job === undefined ? undefined : { job: options.job },
        );
        if (!options.wait) {
          out.result(asked, () =>
            asked.runs.map(({ job, id }) => `${source} ${job}: run ${id} is planned.`).join('\n'),
          );
          return exitCodes.ok;
        }
        const runs: RunDetailView[] = [];
        for (const { job, id } of asked.runs)
          runs.push(await waitForRun(id, `${source} ${job}`, context, options.timeout * 1000));
        out.result(runs, () => runs.map(inWords).join('\n'));
        return runs.every((run) => run.status === 'succeeded') ? exitCodes.ok : exitCodes.failed;
      }),
    );
}

/** The result of a run in words: row counts and the failures of its tasks. */
export function inWords(run: RunDetailView): string {
  const rows = `${count(run.accepted, 'row')} accepted, ${run.rejected} in quarantine`;
  return [
    `${run.sourceId} ${run.job}: ${status(run.status)}, ${rows}.`,
    ...failuresOf(run).map((line) => `  ${line}`),
  ].join('\n');
}
