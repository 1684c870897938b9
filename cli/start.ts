import type { Command } from 'commander';
import { type Common, carryOut, newCommand } from './command.ts';
import { exitCodes } from './problems.ts';
import { switchOne } from './switch-one.ts';

/** `quotron start`: resumes a source or starts a service. */
export function startCommand(): Command {
  return newCommand('start', 'Resume a source or start a service', ['start yahoo', 'start scheduler'])
    .argument('<source|service>', 'a source, or one of the services that `quotron status` lists')
    .action((name: string, options: Common) =>
      carryOut(options, async (context) => {
        await switchOne(name, 'start', null, context);
        return exitCodes.ok;
      }),
    );
}
