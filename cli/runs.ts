import { type Command, Option } from 'commander';
import {
  type RunDetailView,
  type RunView,
  runDetailSchema,
  runSchema,
  runStatuses,
} from '../core/contracts/http/operations.ts';
import { whyInWords } from '../core/contracts/words/causes.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { limitOption } from './options.ts';
import { distance, instant, safe, status, table } from './output.ts';
import { exitCodes } from './problems.ts';
import { inWords } from './run.ts';

interface Options extends Common {
  readonly source?: string;
  readonly status?: string;
  readonly limit: number;
}

/** `quotron runs`: what sources did. */
export function runsCommand(): Command {
  return newCommand('runs', 'What sources did, the latest first; of one run, its parts', [
    'runs --source yahoo --status failed',
    'runs 0198a7c0-0000-5000-8000-000000000001',
  ])
    .argument('[id]', 'one run with its parts')
    .option('--source <source>', 'of one source')
    .addOption(new Option('--status <status>', 'of one status').choices(runStatuses))
    .addOption(limitOption(50))
    .action((id: string | undefined, options: Options) =>
      carryOut(options, async ({ api, out }) => {
        if (id !== undefined) {
          const one = await api.request('GET', `/runs/${encodeURIComponent(id)}`, runDetailSchema);
          out.result(one, () => inDetail(one));
          return exitCodes.ok;
        }
        const query = { sourceId: options.source, status: options.status };
        const found = await api.list('/runs', query, runSchema, options.limit);
        out.result(found, () => (found.length === 0 ? 'There is no run.' : shown(found)));
        return exitCodes.ok;
      }),
    );
}

function shown(runs: readonly RunView[]): string {
  return table(
    ['id', 'source', 'job', 'trigger', 'status', 'why', 'due', 'accepted', 'rejected'],
    runs.map((run) => [
      run.id,
      safe(run.sourceId),
      safe(run.job),
      run.trigger,
      status(run.status),
      whyInWords(run) ?? '',
      distance(run.dueAt),
      String(run.accepted),
      String(run.rejected),
    ]),
    40,
    ['accepted', 'rejected'],
  );
}

function inDetail(run: RunDetailView): string {
  return [
    inWords(run),
    table(
      ['part', 'status', 'why', 'planned', 'ended', 'attempts', 'symbols'],
      run.parts.map((part) => [
        String(part.part),
        status(part.status),
        whyInWords(part) ?? '',
        instant(part.plannedAt),
        instant(part.finishedAt),
        String(part.attempts.length),
        safe(part.symbols.join(' ')),
      ]),
      60,
      ['part', 'attempts'],
    ),
  ].join('\n\n');
}
