import type { Command } from 'commander';
import { optionsOf } from '../core/contracts/installation.ts';
import type { Destroyed, DestroyOptions } from './aws/destroy.ts';
import { type Common, carryOutAlone, newCommand } from './command.ts';
import { accountOption, prefixOption, regionOption, stageOption } from './deploy.ts';
import { safe } from './output.ts';
import { exitCodes, usageError } from './problems.ts';

/** `quotron destroy`: a stage from an AWS account. */
export function destroyCommand(): Command {
  return newCommand('destroy', 'Remove a stage from your AWS account: says first what goes and what stays', [
    'destroy --stage dev',
    'destroy --stage prod --delete-database',
  ])
    .addOption(stageOption())
    .addOption(prefixOption())
    .addOption(accountOption())
    .addOption(regionOption())
    .option('--delete-database', 'of prod: also the database, after a last snapshot')
    .option('-y, --yes', 'ask nothing')
    .addHelpText(
      'after',
      '\nOf dev nothing of its own stays. Of prod the stack with the database, raw answers and secrets stays as it is, unless\n--delete-database is given; a last snapshot is taken in both cases.',
    )
    .action((options: DestroyOptions & Common) =>
      carryOutAlone(options, async (out) => {
        if (options.deleteDatabase && options.stage === 'dev')
          throw usageError('--delete-database is for prod: the database of dev goes with its stack.');
        // Imported here so that no other command loads it.
        const { destroy } = await import('./aws/destroy.ts');
        const destroyed = await destroy(options, out);
        out.result(destroyed, () => inWords(destroyed));
        return exitCodes.ok;
      }),
    );
}

function inWords({ account, region, snapshot, staying, databaseStays, ...of }: Destroyed): string {
  const kept = staying.filter(({ id }) => id !== '').map(({ what, id }) => `  ${what}: ${safe(id)}`);
  const restore =
    snapshot === null
      ? ''
      : `\n\n${databaseStays ? `The database waits for the next deployment. Should it be lost: ` : 'To have the data back: '}quotron deploy ${optionsOf(of)} --restore ${safe(snapshot)}\n(docs/runbook.md#restore-the-database)`;
  return `\nThe stage ${of.stage} is removed from account ${account}, ${region}. What stays:\n${kept.join('\n')}${restore}`;
}
