import { type Command, Option } from 'commander';
import { type Installation, namedPrefix, optionsOf } from '../core/contracts/installation.ts';
import type { BootstrapError as Refusal } from '../functions/migrate/standalone.ts';
import { type Common, carryOutAlone, newCommand } from './command.ts';
import { prefixOption } from './deploy.ts';
import { safe } from './output.ts';
import { CommandError, exitCodes, usageError } from './problems.ts';

interface Options extends Common {
  readonly stage: string;
  readonly prefix?: string;
  readonly name: string;
}

/** `quotron keys bootstrap`: an admin key for an installation on AWS whose last one is lost. */
export function bootstrapCommand(): Command {
  return newCommand('bootstrap', 'Create an admin key with your AWS credentials, when the last one is lost', [
    'keys bootstrap --stage prod',
  ])
    .addOption(new Option('--stage <stage>', 'the stage on AWS: dev, prod').makeOptionMandatory())
    .addOption(prefixOption())
    .addOption(new Option('--name <name>', 'what it is for').default('quotron keys bootstrap'))
    .addHelpText(
      'after',
      '\nIt takes the usual AWS credentials (AWS_PROFILE, AWS_REGION, single sign-on), which need lambda:InvokeFunction on\nquotron-<stage>-migrate. Keys that are valid stay valid: revoke those that are lost (`quotron keys list`).',
    )
    .action((options: Options) =>
      carryOutAlone(options, async (out) => {
        if (!/^[a-z][a-z0-9-]{0,30}$/.test(options.stage))
          throw usageError('A stage is named with small letters, digits and hyphens, such as dev or prod.');
        const installation = {
          prefix: options.prefix ?? namedPrefix(process.env),
          stage: options.stage,
        };
        // Imported here so that no other command loads it.
        const { bootstrapAdminKey, BootstrapError } = await import('../functions/migrate/standalone.ts');
        const made = await bootstrapAdminKey(installation, options.name).catch((error: unknown) => {
          if (!(error instanceof BootstrapError)) throw error;
          throw new CommandError(`${safe(error.message)} ${whatToDo(error.why, installation)}`);
        });
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
    return 'This account and region have no such installation: check AWS_PROFILE, AWS_REGION and --stage.';
  if (why.aws === 'AccessDeniedException') return 'Your AWS credentials need lambda:InvokeFunction on it.';
  return 'Are there AWS credentials and a region? Set AWS_PROFILE and AWS_REGION, or sign in (`aws sso login`).';
}
