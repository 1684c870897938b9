import { type Command, Option } from 'commander';
import { type Common, carryOut, newCommand } from './command.ts';
import { instantOption } from './options.ts';
import { exitCodes } from './problems.ts';
import { switchOne } from './switch-one.ts';

/** `quotron stop`: pauses a source or stops a service. */
export function stopCommand(): Command {
  return newCommand('stop', 'Pause a source or stop a service', [
    'stop yahoo',
    'stop yahoo --until 2h',
    'stop scheduler',
    'stop scrapers --until 30m',
  ])
    .argument('<source|service>', 'a source, or one of the services that `quotron status` lists')
    .addOption(
      new Option('--until <time>', 'when it resumes by itself: a time, or 30m, 2h, 3d').argParser(instantOption),
    )
    .action((name: string, options: Common & { until?: string }) =>
      carryOut(options, async (context) => {
        await switchOne(name, 'stop', options.until ?? null, context);
        return exitCodes.ok;
      }),
    );
}
