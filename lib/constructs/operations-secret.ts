import { CfnOutput, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { BoundFunction } from './binding.ts';

/**
 * What people set for the operation of a stage: the canary's key and the webhook of alarms. One secret for both, as each
 * costs 0.40 dollars a month; neither lets anybody write anything.
 */
export class OperationsSecret extends Construct {
  private readonly secret: Secret;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.secret = new Secret(this, 'Secret', {
      description: 'Quotron: {"canaryKey": a key of scope read, "webhook": {"form": "slack" or "ntfy", "url"}}',
      // Not a secret: the value until a person sets it. CloudFormation writes it only once.
      secretObjectValue: {},
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(this.secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'The webhook’s address is another service’s, and the key is made and revoked by a person.',
    });
    new CfnOutput(Stack.of(this), 'OperationsSecret', { value: this.secret.secretArn });
  }

  grantRead(fn: BoundFunction): void {
    if (fn.inside) throw new Error(`${fn.name} is inside the VPC and cannot reach Secrets Manager.`);
    fn.allow(['secretsmanager:GetSecretValue'], [this.secret.secretArn]);
    fn.addSetting('operationsSecret', this.secret.secretArn);
  }
}
