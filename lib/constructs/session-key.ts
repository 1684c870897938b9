import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { BoundFunction } from './binding.ts';

/** The secret from which the AES-256 key of stored sessions is derived: see `settingNames.sessionKeySecret`. */
export class SessionKey extends Construct {
  readonly secret: Secret;

  constructor(scope: Construct, id: string, props: { keep: boolean }) {
    super(scope, id);
    this.secret = new Secret(this, 'Secret', {
      description: 'Protects the sessions of sources that Quotron keeps in its database',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: props.keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    Validations.of(this.secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'A new key would make every stored session unreadable at once. Sessions live for hours and are renewed; the key is changed by hand when it has leaked.',
    });
  }

  /** Lets `fn` read the secret. Only for functions outside the VPC: inside, Secrets Manager is not reachable. */
  grantRead(fn: BoundFunction): void {
    if (fn.inside) {
      throw new Error(
        `${fn.name} is inside the VPC and cannot reach Secrets Manager: seal and open sessions in a function outside.`,
      );
    }
    fn.allow(['secretsmanager:GetSecretValue'], [this.secret.secretArn]);
    fn.addSetting('sessionKeySecret', this.secret.secretArn);
  }
}
