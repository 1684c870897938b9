import type { Command } from 'commander';
import { sourceSchema } from '../core/contracts/http/operations.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { instant } from './output.ts';
import { exitCodes } from './problems.ts';

/** `quotron continue`: a login that was on hold is made again, after a person has done what the source asked for. */
export function continueCommand(): Command {
  return newCommand('continue', 'Continue a login that is on hold, once you have done what the source asks for', [
    'health demo-broker    # what it asks for',
    'continue demo-broker',
  ])
    .argument('<source>', 'which source')
    .action((name: string, options: Common) =>
      carryOut(options, async ({ api, out }) => {
        const source = await api.request('POST', `/sources/${encodeURIComponent(name)}/continue`, sourceSchema);
        out.result(
          source,
          () => `${source.title} signs in again with its next run: ${instant(source.health.nextRunAt)}.`,
        );
        return exitCodes.ok;
      }),
    );
}
