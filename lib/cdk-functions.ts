import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Ids that CDK gives to its own functions for custom resources. */
const ids = [
  'AWSCDK.TriggerCustomResourceProvider',
  'Custom::CDKBucketDeployment',
  // Empties buckets that are deleted with their stack.
  'Custom::S3AutoDeleteObjectsCustomResourceProvider',
  // Closes the default security group of the VPC.
  'Custom::VpcRestrictDefaultSGCustomResourceProvider',
];

/** Whether it copies files to a bucket, for which CDK gives it rights of its own. */
export function isBucketDeployment(construct: IConstruct): boolean {
  return construct.node.id.startsWith('Custom::CDKBucketDeployment');
}

/** Whether a construct is one of CDK's own functions for custom resources. */
export function isCdkFunction(construct: IConstruct): boolean {
  return ids.some((id) => construct.node.id.startsWith(id));
}

/** Acknowledges what cdk-nag finds in every such function, whose code and role are CDK's. */
export function acknowledgeCdkFunction(construct: IConstruct): void {
  Validations.of(construct).acknowledge(
    {
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
      reason: 'A function of CDK that runs at deployment only: its role is CDK’s, and this lets it write its log.',
    },
    {
      id: 'AwsSolutions-L1',
      reason: 'A function of CDK that runs at deployment only: CDK chooses its runtime and raises it.',
    },
  );
}
