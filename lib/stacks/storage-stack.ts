import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { sourcesOf } from '../../core/sources/catalogue.ts';
import { deployedBy } from '../asset-bucket.ts';
import { AlertKey } from '../constructs/alert-key.ts';
import { CloudDatabase, type Database, LocalDatabase } from '../constructs/database.ts';
import { Network } from '../constructs/network.ts';
import { RawStore } from '../constructs/raw-store.ts';
import { SessionKeys } from '../constructs/session-key.ts';
import { SourceCredentials } from '../constructs/source-credentials.ts';
import type { StageSettings } from '../stage-settings.ts';

/**
 * The stack that holds data: raw blobs, secrets and, on AWS, the VPC and the database. Everything else can be deleted and
 * deployed again. In `prod` these resources stay when the stack is deleted; in `dev` all of it goes. A test pins their
 * logical ids.
 */
export class StorageStack extends Stack {
  readonly rawStore: RawStore;
  readonly sessionKeys: SessionKeys;
  readonly credentials: SourceCredentials;
  /** Opens channels of alerts. */
  readonly alertKey: AlertKey;
  readonly database: Database;
  /** The VPC and its database; absent locally. */
  readonly cloud: { readonly network: Network; readonly database: CloudDatabase } | undefined;

  constructor(scope: Construct, id: string, settings: StageSettings) {
    super(scope, id, {
      ...deployedBy(settings),
      description: `Quotron (${settings.stage}): raw blobs, secrets, database`,
      // `quotron destroy --delete-database` takes it off, after the last snapshot.
      terminationProtection: settings.stage === 'prod',
    });
    const keep = settings.stage === 'prod';
    // Emulators have no function that empties a bucket; a local one ends with its folder.
    const emptied = settings.stage === 'dev';
    this.rawStore = new RawStore(this, 'Raw', { keep, emptied, proxyAnswerDays: settings.proxyAnswerDays });
    this.sessionKeys = new SessionKeys(this, { sources: sourcesOf(settings.stage), keep });
    this.credentials = new SourceCredentials(this, 'Credentials', { sources: sourcesOf(settings.stage), keep });
    this.alertKey = new AlertKey(this, 'AlertKey', { keep });
    new CfnOutput(this, 'RawBucket', { value: this.rawStore.bucket.bucketName });
    if (settings.stage === 'local') {
      this.cloud = undefined;
      this.database = new LocalDatabase(settings.databaseUrls);
      return;
    }
    const network = new Network(this, 'Network', { settings, rawStore: this.rawStore });
    const database = new CloudDatabase(this, 'Database', { settings, network });
    this.cloud = { network, database };
    this.database = database;
  }
}
