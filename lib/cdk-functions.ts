import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** The id that CDK gives to the function of all its `AwsCustomResource`. */
const awsCaller = 'AWS679f53fac002430cb0da5b7982bd2287';

/** Ids that CDK gives to its own functions for custom resources. */
const ids = [
  'AWSCDK.TriggerCustomResourceProvider',
  'Custom::CDKBucketDeployment',
  // Empties buckets that are deleted with their stack.
  'Custom::S3AutoDeleteObjectsCustomResourceProvider',
  // Closes the default security group of the VPC.
  'Custom::VpcRestrictDefaultSGCustomResourceProvider',
  // Calls AWS for an `AwsCustomResource`.
  awsCaller,
];

/** Whether it copies files to a bucket, for which CDK gives it rights of its own. */
export function isBucketDeployment(construct: IConstruct): boolean {
  return construct.node.id.startsWith('Custom::CDKBucketDeployment');
}

/** Whether it calls AWS at deployment for an `AwsCustomResource`. */
export function isAwsCaller(construct: IConstruct): boolean {
  return construct.node.id === awsCaller;
}

/** Whether a construct is one of CDK's own functions for custom resources. */
export function isCdkFunction(construct: IConstruct): boolean {
  return ids.some((id) => construct.node.id.startsWith(id));
}

/** Acknowledges what cdk-nag finds in the role of every such function. */
export function acknowledgeCdkRole(construct: IConstruct): void {
  Validations.of(construct).acknowledge({
    id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    reason: 'A function of CDK that runs at deployment only: its role is CDK’s, and this lets it write its log.',
  });
}

/** The same of one whose runtime is not the newest. */
export function acknowledgeCdkFunction(construct: IConstruct): void {
  acknowledgeCdkRole(construct);
  Validations.of(construct).acknowledge({
    id: 'AwsSolutions-L1',
    reason: 'A function of CDK that runs at deployment only: CDK chooses its runtime and raises it.',
  });
}
