import type { LambdaClient } from '@aws-sdk/client-lambda';
import { type Command, Option } from 'commander';
import { createApiKey } from '../core/auth/api-keys.ts';
import { type MigrateRequest, migrateResponseSchema } from '../core/contracts/migrate.ts';
import { type Common, carryOutAlone, newCommand } from './command.ts';
import { safe } from './output.ts';
import { CommandError, exitCodes } from './problems.ts';

interface Options extends Common {
  readonly stage: string;
  readonly name: string;
}

/**
 * `quotron keys bootstrap`: an admin key without one, for an installation on AWS whose last one is lost. Who may invoke its
 * `migrate` function may do it: the caller's own rights in the account decide. The key is made here; only its hash is sent.
 */
export function bootstrapCommand(): Command {
  return newCommand('bootstrap', 'Create an admin key with your AWS credentials, when the last one is lost', [
    'keys bootstrap --stage prod',
  ])
    .addOption(new Option('--stage <stage>', 'the stage on AWS: dev, prod').makeOptionMandatory())
    .addOption(new Option('--name <name>', 'what it is for').default('quotron keys bootstrap'))
    .addHelpText(
      'after',
      '\nIt takes the usual AWS credentials (AWS_PROFILE, AWS_REGION, single sign-on), which need lambda:InvokeFunction on\nquotron-<stage>-migrate. Keys that are valid stay valid: revoke those that are lost (`quotron keys list`).',
    )
    .action((options: Options) =>
      carryOutAlone(options, async (out) => {
        if (!/^[a-z][a-z0-9-]{0,30}$/.test(options.stage))
          throw new CommandError('A stage is named with small letters, digits and hyphens, such as dev or prod.');
        // Imported here so that no other command loads it.
        const { LambdaClient: Client } = await import('@aws-sdk/client-lambda');
        const client = new Client({ maxAttempts: 1 });
        const { key, prefix, hash } = createApiKey();
        try {
          const adminKey = { name: options.name, prefix, hash: hash.toString('hex'), onlyIfNone: false };
          const { adminKeyAdded, adminKeys } = await migrateOf(client, options.stage, { adminKey });
          if (!adminKeyAdded)
            throw new CommandError(
              'The deployed version is older than this command and added no key: deploy this version first.',
            );
          out.progress('Store it now: it is not shown again.');
          out.result({ key, prefix, scope: 'admin', adminKeys }, () => key);
        } finally {
          client.destroy();
        }
        return exitCodes.ok;
      }),
    );
}

/** Invokes the stage's `migrate`. What AWS says is told by its name, with what to do about it. */
async function migrateOf(client: LambdaClient, stage: string, request: MigrateRequest) {
  const name = `quotron-${stage}-migrate`;
  const { invokeFunction, InvocationError } = await import('../core/adapters/lambda/invoke.ts');
  try {
    return migrateResponseSchema.parse(await invokeFunction(name, request, client));
  } catch (error) {
    if (error instanceof InvocationError)
      throw new CommandError(`${error.message} \`quotron logs migrate --stage ${stage}\` shows it.`);
    const kind = error instanceof Error ? error.name : 'unknown';
    throw new CommandError(`${name} could not be invoked (${safe(kind)}). ${whatToDo(kind)}`);
  }
}

function whatToDo(kind: string): string {
  if (kind === 'ResourceNotFoundException')
    return 'This account and region have no such installation: check AWS_PROFILE, AWS_REGION and --stage.';
  if (kind === 'AccessDeniedException') return 'Your AWS credentials need lambda:InvokeFunction on it.';
  return 'Are there AWS credentials and a region? Set AWS_PROFILE and AWS_REGION, or sign in (`aws sso login`).';
}
