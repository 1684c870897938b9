import { CfnOutput, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Trigger } from 'aws-cdk-lib/triggers';
import { Construct } from 'constructs';
import type { CloudSettings } from '../stage-settings.ts';
import type { CloudDatabase } from './database.ts';
import { QuotronFunction } from './quotron-function.ts';

/**
 * Migrations at deployment, before the code that needs them.
 *
 * `migrate` is inside the VPC and cannot read the master user's password from Secrets Manager; a function outside can,
 * but cannot reach the database. So a trigger calls `prepare-database` (outside), which reads the secret and passes it
 * in a synchronous invocation to `migrate` (inside): the payload is encrypted in transit and stored nowhere. The
 * alternatives were a second interface endpoint (7 dollars or more a month for one call a deployment) and the password
 * in plain text in an environment variable. A token goes with it, for when RDS takes no password any more: of the two
 * functions, neither has both a login of the master user and a way to the database.
 *
 * A first deployment also makes the first admin key, and puts it into a secret that the output `FirstKeySecret` names.
 */
export class DatabasePreparation extends Construct {
  private readonly trigger: Trigger;

  constructor(
    scope: Construct,
    id: string,
    props: { settings: CloudSettings; migrate: QuotronFunction; database: CloudDatabase },
  ) {
    super(scope, id);
    const { settings, migrate, database } = props;
    const prepare = new QuotronFunction(scope, {
      name: 'prepare-database',
      settings,
      network: undefined,
      description: 'Passes the master login to migrate, at deployment',
      memoryMb: 256,
    });
    // The version, not the function: when migrate's code or its migrations change, this setting changes, and with it
    // the version of prepare-database that the trigger watches.
    // A restored database may be of an earlier schema: it is prepared and migrated like a new one.
    if (settings.database.snapshot !== undefined) migrate.lambda.invalidateVersionBasedOn(settings.database.snapshot);
    const version = migrate.lambda.currentVersion;
    prepare.allow(['lambda:InvokeFunction'], [version.functionArn]);
    prepare.addSetting('migrateFunction', version.functionArn);
    prepare.allow(['secretsmanager:GetSecretValue'], [database.masterSecret.secretArn]);
    prepare.addSetting('masterSecret', database.masterSecret.secretArn);
    database.grantMasterToken(prepare);
    const firstKey = this.firstKey();
    prepare.allow(['secretsmanager:PutSecretValue'], [firstKey.secretArn]);
    prepare.addSetting('firstKeySecret', firstKey.secretArn);
    prepare.addSetting('apiConnections', String(settings.database.apiConnections));
    prepare.addSetting('stateConnections', String(settings.database.stateConnections));

    this.trigger = new Trigger(this, 'Trigger', {
      handler: prepare.lambda,
      timeout: prepare.timeout.plus(Duration.minutes(1)),
      executeAfter: [prepare, migrate],
    });
  }

  /** Written by a deployment that finds no admin key, for the person who deploys to read once. */
  private firstKey(): Secret {
    const secret = new Secret(this, 'FirstKey', {
      description: 'The first admin key of Quotron: sign in with it, make keys of your own, then revoke it',
      // Not a secret: the value until there is a key. CloudFormation writes it only once.
      secretObjectValue: {},
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'It is read once and its key is revoked then: the keys that are in use are in the database, as hashes.',
    });
    new CfnOutput(Stack.of(this), 'FirstKeySecret', { value: secret.secretArn });
    return secret;
  }

  /** Makes CloudFormation create or update these functions only after the migrations. */
  before(functions: readonly QuotronFunction[]): void {
    this.trigger.executeBefore(...functions);
  }
}
