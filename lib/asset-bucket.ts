import { CliCredentialsStackSynthesizer, type IStackSynthesizer, type StackProps } from 'aws-cdk-lib';
import { localInstallation, physicalName } from '../core/contracts/installation.ts';
import type { StageSettings } from './stage-settings.ts';

/** The bucket that a local deployment is uploaded to. The deploy script creates it. */
export const localAssetBucket = physicalName(localInstallation, 'assets');

/**
 * How a stage's stacks are deployed: to an account with the bucket and roles of `cdk bootstrap`, to an emulator with a
 * bucket only, because it needs no roles.
 */
export function deployedBy({ stage }: StageSettings): Pick<StackProps, 'synthesizer'> {
  if (stage !== 'local') return {};
  const synthesizer = new CliCredentialsStackSynthesizer({ fileAssetsBucketName: localAssetBucket });
  // CDK's own types do not satisfy each other under exactOptionalPropertyTypes.
  return { synthesizer: synthesizer as IStackSynthesizer };
}
