import type { Conditions } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { settingNames } from '../../core/contracts/settings.ts';

/**
 * A function as other constructs see it. A binding, such as `rawStore.grantRead(fn)`, gives it a permission and the setting
 * that goes with it in one call, so that neither can be forgotten.
 */
export interface BoundFunction extends IConstruct {
  readonly name: string;
  /** Whether it is in the VPC (on AWS): it reaches the database, S3 and SQS, and nothing else. */
  readonly inside: boolean;
  /** Allows exactly these actions on exactly these resources. */
  allow(actions: string[], resources: string[], conditions?: Conditions): void;
  /** Sets an environment variable. */
  addSetting(name: keyof typeof settingNames, value: string): void;
}
