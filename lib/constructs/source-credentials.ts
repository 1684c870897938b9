import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import { pascalCase } from '../names.ts';
import type { BoundFunction } from './binding.ts';

/** Sources that need credentials have a secret each. It begins as `{}`, and only `set-credentials` ever writes it. */
export class SourceCredentials extends Construct {
  private readonly secrets: ReadonlyMap<string, Secret>;
  private readonly sources: readonly SourceDefinition[];

  constructor(scope: Construct, id: string, props: { sources: readonly SourceDefinition[]; keep: boolean }) {
    super(scope, id);
    this.sources = props.sources.filter(({ session }) => session !== null && session.strategy !== 'cookie-crumb');
    this.secrets = new Map(
      this.sources.map((source) => {
        const secret = new Secret(this, pascalCase(source.id), {
          description: `Credentials of ${source.title}, set by PUT /api/v1/sources/${source.id}/credentials`,
          // Not a secret: the value until a person sets it. CloudFormation writes it only once.
          secretObjectValue: {},
          removalPolicy: props.keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
        });
        Validations.of(secret).acknowledge({
          id: 'AwsSolutions-SMG4',
          reason: 'The credential is the source’s: only a person can get a new one there, and sets it through the API.',
        });
        return [source.id, secret];
      }),
    );
  }

  /** Lets `fn` read the credentials of the sources of one kind: each scraper reads only its own. */
  grantRead(fn: BoundFunction, kind: SourceDefinition['kind']): void {
    const ids = this.sources.filter((source) => source.kind === kind).map(({ id }) => id);
    this.grant(fn, 'secretsmanager:GetSecretValue', ids);
  }

  /** Lets `fn` set all credentials, but not read them. */
  grantWrite(fn: BoundFunction): void {
    this.grant(
      fn,
      'secretsmanager:PutSecretValue',
      this.sources.map(({ id }) => id),
    );
  }

  private grant(fn: BoundFunction, action: string, ids: readonly string[]): void {
    if (fn.inside)
      throw new Error(`${fn.name} is inside the VPC and cannot reach Secrets Manager: it has no use for credentials.`);
    const held = ids.flatMap((id) => {
      const secret = this.secrets.get(id);
      return secret ? [{ id, arn: secret.secretArn }] : [];
    });
    if (held.length === 0) return;
    fn.allow(
      [action],
      held.map(({ arn }) => arn),
    );
    fn.addSetting(
      'credentialSecrets',
      Stack.of(fn).toJsonString(Object.fromEntries(held.map(({ id, arn }) => [id, arn]))),
    );
  }
}
