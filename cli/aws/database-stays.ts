import { type CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { CommandError } from '../problems.ts';
import { type SynthesizedStack, type Template, templateSchema } from './assembly.ts';
import type { Place } from './place.ts';
import { stackStates } from './stacks.ts';

const instance = 'AWS::RDS::DBInstance';

/** A change of one of these makes CloudFormation replace the instance. What it then holds is what the snapshot holds, or nothing. */
const replacing = [
  ...['DBSnapshotIdentifier', 'DBInstanceIdentifier', 'DBName', 'Engine', 'MasterUsername', 'StorageEncrypted'],
  ...['KmsKeyId', 'DBSubnetGroupName', 'Port', 'SourceDBInstanceIdentifier', 'CharacterSetName', 'Timezone'],
];

/**
 * Throws where a deployment would replace the database that is there by another one: only a restore that was asked for may.
 */
export async function refuseNewDatabase(
  cloud: CloudFormationClient,
  { prefix, stage, file }: Pick<Place, 'prefix' | 'stage' | 'file'>,
  templates: readonly SynthesizedStack[],
  restore: string | undefined,
): Promise<void> {
  const state = (await stackStates(cloud, { prefix, stage })).find(({ part }) => part === 'Storage');
  if (state === undefined || /^(REVIEW|ROLLBACK)/.test(state.status)) return;
  const { TemplateBody } = await cloud.send(
    new GetTemplateCommand({ StackName: state.name, TemplateStage: 'Original' }),
  );
  const deployed = templateSchema.parse(JSON.parse(TemplateBody ?? 'null'));
  const wanted = templates.find(({ part }) => part === 'Storage')?.template;
  const changed = changesOf(deployed, wanted);
  const allowed = restore === undefined ? [] : ['DBSnapshotIdentifier', 'DBName', 'MasterUsername', 'StorageEncrypted'];
  const refused = changed.filter((name) => !allowed.includes(name));
  if (refused.length === 0) return;
  const from = deployedSnapshot(deployed);
  const isLost = refused.includes('DBSnapshotIdentifier') && from !== undefined;
  throw new CommandError(
    isLost
      ? `The database was restored from ${from}, which ${file} does not say any more: deployed like this, it would be replaced. Set "snapshot": "${from}" of ${stage} there. For another restore: --restore <snapshot>.`
      : `This deployment would replace the database by another one (${refused.join(', ')}). Nothing was changed. Take that change back, or restore a snapshot on purpose with --restore.`,
  );
}

/** Which replacing properties differ, or `instance` where the instance itself is another. */
export function changesOf(deployed: Template, wanted: Template | undefined): string[] {
  const found = [...deployed.Resources].filter(([, { Type }]) => Type === instance);
  return found.flatMap(([id, { Properties }]) => {
    const next = wanted?.Resources.get(id);
    if (next?.Type !== instance) return ['instance'];
    return replacing.filter(
      (name) => JSON.stringify(Properties.get(name)) !== JSON.stringify(next.Properties.get(name)),
    );
  });
}

function deployedSnapshot(deployed: Template): string | undefined {
  const [found] = [...deployed.Resources.values()].filter(({ Type }) => Type === instance);
  const id = found?.Properties.get('DBSnapshotIdentifier');
  return typeof id === 'string' ? id : undefined;
}
