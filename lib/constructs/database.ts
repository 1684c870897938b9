import { Duration, ReferenceStrength, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { InstanceType, SubnetType } from 'aws-cdk-lib/aws-ec2';
import {
  CaCertificate,
  CfnDBInstance,
  Credentials,
  DatabaseInstance,
  DatabaseInstanceEngine,
  DatabaseSecret,
  ParameterGroup,
  PerformanceInsightRetention,
  PostgresEngineVersion,
  StorageType,
} from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { type DatabaseRole, type DatabaseUrls, databaseRoles } from '../../core/contracts/migrate.ts';
import { rootsFolder } from '../bundle-function.ts';
import { DatabaseAlarms } from '../monitoring/database-alarms.ts';
import type { CloudSettings } from '../stage-settings.ts';
import type { Network } from './network.ts';
import type { QuotronFunction } from './quotron-function.ts';

const masterUser = 'quotron_master';

/** The database as functions see it. */
export interface Database {
  /** Lets `fn` log in as `role`, and sets the address. */
  grantConnect(fn: QuotronFunction, role: DatabaseRole): void;
}

/** The database beside the emulator: reached by a connection string for each role. */
export class LocalDatabase implements Database {
  private readonly urls: DatabaseUrls;

  constructor(urls: DatabaseUrls) {
    this.urls = urls;
  }

  grantConnect(fn: QuotronFunction, role: DatabaseRole): void {
    fn.addSetting('databaseUrl', this.urls[role]);
  }
}

/**
 * PostgreSQL 18 on RDS, in the isolated subnets. Functions log in with IAM tokens, which they sign themselves, over TLS
 * that the server insists on and the client verifies. The master user's password is for `prepare-database` alone.
 */
export class CloudDatabase extends Construct implements Database {
  readonly instance: DatabaseInstance;

  constructor(scope: Construct, id: string, props: { settings: CloudSettings; network: Network }) {
    super(scope, id);
    const { database: settings } = props.settings;
    const instanceType = new InstanceType(settings.size);
    const engine = DatabaseInstanceEngine.postgres({ version: PostgresEngineVersion.VER_18 });
    this.instance = new DatabaseInstance(this, 'Instance', {
      engine,
      instanceType,
      vpc: props.network.vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      securityGroups: [props.network.database],
      publiclyAccessible: false,
      databaseName: 'quotron',
      credentials: Credentials.fromGeneratedSecret(masterUser),
      iamAuthentication: true,
      multiAz: settings.multiAz,
      storageEncrypted: true,
      storageType: StorageType.GP3,
      allocatedStorage: settings.storageGb,
      maxAllocatedStorage: settings.maxStorageGb,
      backupRetention: settings.backups,
      copyTagsToSnapshot: true,
      autoMinorVersionUpgrade: true,
      // A week of what the database waited for, by statement: free at this length.
      enablePerformanceInsights: true,
      performanceInsightRetention: PerformanceInsightRetention.DEFAULT,
      caCertificate: CaCertificate.RDS_CA_RSA2048_G1,
      deletionProtection: settings.keep,
      // `quotron destroy` takes the last snapshot of one that is kept.
      deleteAutomatedBackups: !settings.keep,
      removalPolicy: settings.keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      parameterGroup: new ParameterGroup(this, 'Parameters', {
        engine,
        description: 'Quotron: TLS only, a known number of connections, no forgotten ones',
        parameters: {
          'rds.force_ssl': '1',
          // In minutes: a week, the most that RDS keeps of the server's log by itself.
          'rds.log_retention_period': '10080',
          max_connections: String(settings.maxConnections),
          // A frozen container keeps its connection without using it; its next call opens a new one.
          idle_session_timeout: String(Duration.minutes(10).toMilliseconds()),
          idle_in_transaction_session_timeout: String(Duration.minutes(2).toMilliseconds()),
        },
      }),
    });
    // A restored database is another one: its address and id go to the other stacks when these are updated after it. As an
    // export, which cannot change while it is imported, they would refuse every restore.
    this.instance.applyCrossStackReferenceStrength(ReferenceStrength.WEAK);
    if (settings.snapshot !== undefined) this.restoreFrom(settings.snapshot);
    // What logs in to a database that stays must stay with it.
    const login = this.instance.node.findChild('Secret');
    if (login instanceof DatabaseSecret)
      login.applyRemovalPolicy(settings.keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
    this.acknowledge(settings.keep);
    new DatabaseAlarms(this, 'Alarms', { settings: props.settings, instance: this.instance, instanceType });
  }

  /** Name, owner and encryption are the snapshot's: RDS takes none of them beside it. The password is set to that of the secret. */
  private restoreFrom(snapshot: string): void {
    const instance = this.instance.node.defaultChild;
    if (!(instance instanceof CfnDBInstance)) throw new Error('The database has no resource of its own.');
    instance.dbSnapshotIdentifier = snapshot;
    for (const name of ['DBName', 'MasterUsername', 'StorageEncrypted']) instance.addPropertyDeletionOverride(name);
    Validations.of(this.instance).acknowledge({
      id: 'AwsSolutions-RDS2',
      reason: 'Restored from a snapshot of an encrypted database, which is encrypted by the same key.',
    });
  }

  /** The master user's `{username, password, …}`. */
  get masterSecret(): ISecret {
    if (!this.instance.secret) throw new Error('The database was made without a generated master secret.');
    return this.instance.secret;
  }

  grantConnect(fn: QuotronFunction, role: DatabaseRole): void {
    if (!fn.inside) {
      throw new Error(
        `${fn.name} is outside the VPC and must have no way to the database: let it ask the state function, or add it to insideFunctions in core/contracts/settings.ts.`,
      );
    }
    const user = databaseRoles[role];
    this.instance.grantConnect(fn.lambda, user);
    fn.addSetting('dbHost', this.instance.dbInstanceEndpointAddress);
    fn.addSetting('dbPort', this.instance.dbInstanceEndpointPort);
    fn.addSetting('dbName', 'quotron');
    fn.addSetting('dbUser', user);
    // Node does not include the certificate authorities of RDS: they are in the bundle.
    fn.addSetting('dbRoots', `/var/task/${rootsFolder}`);
  }

  /**
   * Lets `fn`, which cannot reach the database, sign tokens of the master user for `migrate`, which can. RDS refuses
   * passwords for direct and indirect members of `rds_iam`, and the creator of a role becomes its member: once the roles
   * exist, the master user may be one.
   */
  grantMasterToken(fn: QuotronFunction): void {
    if (fn.inside)
      throw new Error(`${fn.name} reaches the database, and must not be able to log in as its master user.`);
    this.instance.grantConnect(fn.lambda, masterUser);
    fn.addSetting('dbHost', this.instance.dbInstanceEndpointAddress);
    fn.addSetting('dbPort', this.instance.dbInstanceEndpointPort);
  }

  private acknowledge(keep: boolean): void {
    Validations.of(this.instance.node.findChild('Secret')).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Rotation needs a function that reaches both Secrets Manager and the database, which Quotron has none of on purpose. The password is used at deployment only; everything else logs in by IAM token.',
    });
    Validations.of(this.instance).acknowledge(
      {
        id: 'AwsSolutions-RDS3',
        reason:
          'One zone at half the price: the raw blobs are in S3, so what a lost hour costs is a restore and a replay, not data.',
      },
      {
        id: 'AwsSolutions-RDS11',
        reason: 'The port is no secret: only the security group of the functions inside can open a connection at all.',
      },
    );
    if (!keep) {
      Validations.of(this.instance).acknowledge({
        id: 'AwsSolutions-RDS10',
        reason: 'A development database is deleted with its stack: nothing of it stays, and nothing of it costs.',
      });
    }
  }
}
