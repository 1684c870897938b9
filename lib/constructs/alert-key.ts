import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { BoundFunction } from './binding.ts';

/**
 * The secret from which the key is made that opens channels of alerts (`core/auth/seal-to.ts`). What is inside the VPC seals
 * with the public half, which is in the database.
 */
export class AlertKey extends Construct {
  private readonly secret: Secret;

  constructor(scope: Construct, id: string, props: { keep: boolean }) {
    super(scope, id);
    this.secret = new Secret(this, 'Secret', {
      description: 'Opens the addresses and secrets of channels of alerts that Quotron keeps in its database',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: props.keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    Validations.of(this.secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'A new key would make every channel unreadable at once. It is changed by hand when it has leaked.',
    });
  }

  /** Lets `fn` read the secret. Only for a function outside the VPC. */
  grantRead(fn: BoundFunction): void {
    if (fn.inside) throw new Error(`${fn.name} is inside the VPC: what is sealed is opened outside of it.`);
    fn.allow(['secretsmanager:GetSecretValue'], [this.secret.secretArn]);
    fn.addSetting('alertsKeySecret', this.secret.secretArn);
  }
}
