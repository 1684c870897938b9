import { type Command, InvalidArgumentError, Option } from 'commander';
import { optionsOf, physicalName, prefixSchema } from '../core/contracts/installation.ts';
import { settingNames } from '../core/contracts/settings.ts';
import { cloudStages, snapshotSchema, stagePlaceSchema } from '../core/contracts/stage-file.ts';
import type { Deployed, DeployOptions } from './aws/deploy.ts';
import { type Common, carryOutAlone, newCommand } from './command.ts';
import { fields, safe } from './output.ts';
import { exitCodes } from './problems.ts';

/** `quotron deploy`: a stage to an AWS account, from looking at it to a sign-in. */
export function deployCommand(): Command {
  return newCommand('deploy', 'Deploy a stage to your AWS account, or update it', [
    'deploy --stage dev',
    'deploy --stage prod --account 123456789012 --region eu-central-1 --yes',
    'deploy --stage dev --prefix acme',
    'deploy --stage prod --restore rds:quotron-prod-2026-11-29-03-10',
  ])
    .addOption(stageOption())
    .addOption(prefixOption())
    .addOption(accountOption())
    .addOption(regionOption())
    .addOption(
      new Option('--restore <snapshot>', 'replace the database by one from this snapshot').argParser((text: string) => {
        if (snapshotSchema.safeParse(text).success) return text;
        throw new InvalidArgumentError('Give the name or the ARN of a snapshot.');
      }),
    )
    .option('-y, --yes', 'ask nothing')
    .addHelpText(
      'after',
      '\nIt takes the usual AWS credentials (AWS_PROFILE, single sign-on, variables). The account and region of a stage are kept\nin quotron.stages.json, and it is deployed nowhere else from then on.',
    )
    .action((options: DeployOptions & Common) =>
      carryOutAlone(options, async (out) => {
        // Imported here so that no other command loads it.
        const { deploy } = await import('./aws/deploy.ts');
        const deployed = await deploy(options, out);
        out.result(deployed, () => inWords(deployed));
        return exitCodes.ok;
      }),
    );
}

export function stageOption(): Option {
  return new Option('--stage <stage>', 'which stage').choices(cloudStages).makeOptionMandatory();
}

export function prefixOption(): Option {
  return new Option('--prefix <prefix>', 'of a second copy of the stage: what its names begin with')
    .env(settingNames.prefix)
    .argParser((text: string) => {
      // A variable that is empty is not set.
      if (text === '') return undefined;
      if (prefixSchema.safeParse(text).success) return text;
      throw new InvalidArgumentError('A prefix is 2 to 12 small letters and digits, and begins with a letter.');
    });
}

export function accountOption(): Option {
  return new Option('--account <id>', 'the account that it must be: twelve digits').argParser((text: string) => {
    if (stagePlaceSchema.shape.account.safeParse(text).success) return text;
    throw new InvalidArgumentError('An AWS account is twelve digits.');
  });
}

export function regionOption(): Option {
  return new Option('--region <region>', 'the region, such as eu-central-1').argParser((text: string) => {
    if (stagePlaceSchema.shape.region.safeParse(text).success) return text;
    throw new InvalidArgumentError('A region is such as eu-central-1.');
  });
}

function inWords(of: Deployed): string {
  const time = `${Math.floor(of.seconds / 60)} min ${of.seconds % 60} s`;
  const rows = fields({
    Dashboard: of.signInUrl ?? of.dashboardUrl,
    '': of.signInUrl === null ? null : '(signs in once, within an hour; later with a key)',
    API: of.apiUrl,
    'First key':
      of.firstKeySecret === null
        ? null
        : `${safe(of.firstKeySecret)}\n(a secret with an admin key: make keys of your own, then revoke it)`,
    Costs:
      of.monthlyUsd === null
        ? 'docs/cost.md has the list prices'
        : `about ${Math.round(of.monthlyUsd)} dollars a month by list price (docs/cost.md)`,
    Logs: `npx quotron logs ${optionsOf(of)}`,
    Removal: `npx quotron destroy ${optionsOf(of)}`,
  });
  const lost =
    of.signInUrl === null
      ? `\n\nNo sign-in was made: no admin key is valid, or your credentials may not invoke ${physicalName(of, 'migrate')}.\n\`quotron keys bootstrap ${optionsOf(of)}\` makes a key.`
      : '';
  return `\nQuotron runs: stage ${of.stage}, account ${of.account}, ${of.region} (${time}).\n\n${rows}${lost}`;
}
