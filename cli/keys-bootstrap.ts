import { type Command, Option } from 'commander';
import { type Installation, optionsOf } from '../core/contracts/installation.ts';
import type { BootstrapError as Refusal } from '../functions/migrate/standalone.ts';
import type { Wanted } from './aws/place.ts';
import { type Common, carryOutAlone, newCommand } from './command.ts';
import { accountOption, prefixOption, regionOption, stageOption } from './deploy.ts';
import { safe } from './output.ts';
import { CommandError, exitCodes } from './problems.ts';

interface Options extends Common, Wanted {
  readonly name: string;
}

/** `quotron keys bootstrap`: an admin key for an installation on AWS whose last one is lost. */
export function bootstrapCommand(): Command {
  return newCommand('bootstrap', 'Create an admin key with your AWS credentials, when the last one is lost', [
    'keys bootstrap --stage prod',
  ])
    .addOption(stageOption())
    .addOption(prefixOption())
    .addOption(accountOption())
    .addOption(regionOption())
    .addOption(new Option('--name <name>', 'what it is for').default('quotron keys bootstrap'))
    .addHelpText(
      'after',
      '\nIt takes the usual AWS credentials (AWS_PROFILE, single sign-on, variables), which need lambda:InvokeFunction on\n<prefix>-<stage>-migrate. Keys that are valid stay valid: revoke those that are lost (`quotron keys list`).',
    )
    .action((options: Options) =>
      carryOutAlone(options, async (out) => {
        // Imported here so that no other command loads them.
        const { placeOf } = await import('./aws/place.ts');
        const { LambdaClient } = await import('@aws-sdk/client-lambda');
        const { bootstrapAdminKey, BootstrapError } = await import('../functions/migrate/standalone.ts');
        const place = await placeOf(options, process.env);
        const client = new LambdaClient({ ...place.clients, maxAttempts: 1 });
        const made = await bootstrapAdminKey(place, options.name, client)
          .catch((error: unknown) => {
            if (!(error instanceof BootstrapError)) throw error;
            throw new CommandError(`${safe(error.message)} ${whatToDo(error.why, place)}`);
          })
          .finally(() => client.destroy());
        out.progress('Store it now: it is not shown again.');
        out.result({ ...made, scope: 'admin' }, () => made.key);
        return exitCodes.ok;
      }),
    );
}

function whatToDo(why: Refusal['why'], installation: Installation): string {
  if (why === 'function') return `\`quotron logs migrate ${optionsOf(installation)}\` shows why.`;
  if (why === 'version') return 'Deploy this version first.';
  if (why.aws === 'ResourceNotFoundException')
    return 'This account and region have no such installation: check AWS_PROFILE, AWS_REGION, --stage and --prefix.';
  if (why.aws === 'AccessDeniedException') return 'Your AWS credentials need lambda:InvokeFunction on it.';
  return 'Is there a connection to the internet, and is the region right?';
}
