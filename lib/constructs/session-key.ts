import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import { pascalCase } from '../names.ts';
import type { BoundFunction } from './binding.ts';

type Kind = SourceDefinition['kind'];

/**
 * A key for the sessions of each kind of source that has any: what opens pages of strangers in a browser cannot open the
 * sessions of REST sources.
 */
export class SessionKeys {
  private readonly keys: ReadonlyMap<Kind, SessionKey>;

  constructor(scope: Construct, props: { sources: readonly SourceDefinition[]; keep: boolean }) {
    const kinds = new Set(props.sources.flatMap(({ kind, session }) => (session === null ? [] : [kind])));
    this.keys = new Map(
      // The first keeps the id that it had when there was one for all.
      [...kinds].map((kind) => [
        kind,
        new SessionKey(scope, `SessionKey${kind === 'api' ? '' : pascalCase(kind)}`, props),
      ]),
    );
  }

  /** Lets `fn` read the key of a kind, where sources of it have sessions. Only for functions outside the VPC. */
  grantRead(fn: BoundFunction, kind: Kind): void {
    if (fn.inside) {
      throw new Error(
        `${fn.name} is inside the VPC and cannot reach Secrets Manager: seal and open sessions in a function outside.`,
      );
    }
    this.keys.get(kind)?.grantRead(fn);
  }
}

/** The secret from which the AES-256 key of stored sessions is derived: see `settingNames.sessionKeySecret`. */
class SessionKey extends Construct {
  private readonly secret: Secret;

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

  /** Lets `fn` read the secret. */
  grantRead(fn: BoundFunction): void {
    fn.allow(['secretsmanager:GetSecretValue'], [this.secret.secretArn]);
    fn.addSetting('sessionKeySecret', this.secret.secretArn);
  }
}
