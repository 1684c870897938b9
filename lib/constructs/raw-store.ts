import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership, StorageClass } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { z } from 'zod';
import { exportDays } from '../../core/contracts/http/exports.ts';
import {
  answersPrefix,
  artifactsPrefix,
  exportsPrefix,
  historyPrefix,
  importPrefix,
  proxyPrefix,
  rawPrefix,
} from '../../core/contracts/s3-keys.ts';
import type { BoundFunction } from './binding.ts';

/** Of `s3:ListBucket`, whose resource is the whole bucket: blobs, and nothing else that is kept there. */
export const onlyBlobs = { StringLike: { 's3:prefix': `${rawPrefix}*` } };

/** An answer that stays the same is one blob for up to a month. */
const daysOfMonth = 31;

/**
 * The bucket of raw blobs: all answers of sources, screenshots of failed pages, what the proxy was told, months of prices that are no longer in the database, for a week the files of exports, and for a day the API's answers that
 * were too long to send.
 *
 * Not versioned: a blob's key holds its attempt, and the bucket's policy refuses a write to a key that exists, so there
 * is never a second version. No role may delete but parts of imports, and files of the archive that newer ones replace. After 90 days blobs go to Glacier Instant Retrieval: a fifth of the
 * price, and still immediately readable for a replay.
 */
export class RawStore extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: { keep: boolean; emptied: boolean; proxyAnswerDays: number }) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: props.keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      autoDeleteObjects: props.emptied,
      lifecycleRules: [
        {
          id: 'cold-storage',
          prefix: rawPrefix,
          transitions: [{ storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: Duration.days(90) }],
        },
        // Screenshots of failed pages are useful only as long as the failure is.
        { id: 'old-artifacts', prefix: artifactsPrefix, expiration: Duration.days(90) },
        // Answers that were too long to send: their links are valid for minutes.
        { id: 'old-answers', prefix: answersPrefix, expiration: Duration.days(1) },
        // A body that comes again in another month is written again: what the index still names is there.
        {
          id: 'old-answers-of-the-proxy',
          prefix: proxyPrefix,
          expiration: Duration.days(props.proxyAnswerDays + daysOfMonth),
        },
        // A day longer than people are told, for the files that are written first.
        { id: 'old-exports', prefix: exportsPrefix, expiration: Duration.days(exportDays + 1) },
        { id: 'broken-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'NeverOverwrite',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['s3:PutObject'],
        resources: [rawPrefix, artifactsPrefix, answersPrefix, proxyPrefix, historyPrefix, exportsPrefix].map(
          (prefix) => this.bucket.arnForObjects(`${prefix}*`),
        ),
        conditions: { Null: { 's3:if-none-match': 'true' } },
      }),
    );
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'One role writes blobs and the ingest role reads them; who did what is in the runs and attempts of the database. Access logs would be more objects than the blobs.',
    });
  }

  /** Lets `fn` add blobs: not read, list or delete them. */
  grantAdd(fn: BoundFunction): void {
    this.grant(fn, ['s3:PutObject'], rawPrefix);
  }

  /** Lets `fn` give people signed links by which they upload an import: not read, list or delete. */
  grantAddImports(fn: BoundFunction): void {
    this.grant(fn, ['s3:PutObject'], importPrefix);
  }

  /** Lets `fn` delete what was uploaded of imports that nobody finished: not read or list. */
  grantRemoveImports(fn: BoundFunction): void {
    this.grant(fn, ['s3:DeleteObject'], importPrefix);
  }

  /** Lets `fn` add screenshots of failed pages. */
  grantAddArtifacts(fn: BoundFunction): void {
    this.grant(fn, ['s3:PutObject'], artifactsPrefix);
  }

  /** Lets `fn` give people signed links to such screenshots. */
  grantShowArtifacts(fn: BoundFunction): void {
    this.grant(fn, ['s3:GetObject'], artifactsPrefix);
  }

  /** Lets `fn` read blobs by key, but not list them. */
  grantRead(fn: BoundFunction): void {
    this.grant(fn, ['s3:GetObject'], rawPrefix);
  }

  /** Lets `fn` list blobs, and so see whether one exists, and read them. */
  grantLook(fn: BoundFunction): void {
    this.grantRead(fn);
    fn.allow(['s3:ListBucket'], [this.bucket.bucketArn], onlyBlobs);
  }

  /** Lets `fn` store long answers and give clients signed links to them. */
  grantKeepAnswers(fn: BoundFunction): void {
    this.grant(fn, ['s3:GetObject', 's3:PutObject'], answersPrefix);
  }

  /** Lets `fn` keep answers of the proxy, and read them again: not list or delete them. */
  grantRecord(fn: BoundFunction): void {
    this.grant(fn, ['s3:GetObject', 's3:PutObject'], proxyPrefix);
  }

  /** Lets `fn` write months of the archive, read them back, and delete files that others have taken the place of. */
  grantArchive(fn: BoundFunction): void {
    this.grant(fn, ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], historyPrefix);
  }

  /** Lets `fn` read the archive: not list, write or delete. */
  grantReadArchive(fn: BoundFunction): void {
    this.grant(fn, ['s3:GetObject'], historyPrefix);
  }

  /** Lets `fn` write files of exports: not read, list or delete them. */
  grantAddExports(fn: BoundFunction): void {
    this.grant(fn, ['s3:PutObject'], exportsPrefix);
  }

  /** Lets `fn` give people signed links to files of exports. */
  grantShowExports(fn: BoundFunction): void {
    this.grant(fn, ['s3:GetObject'], exportsPrefix);
  }

  private grant(fn: BoundFunction, actions: string[], prefix: string): void {
    fn.allow(actions, [this.bucket.arnForObjects(`${prefix}*`)]);
    fn.addSetting('rawBucket', this.bucket.bucketName);
    Validations.of(fn).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${exportName(this.bucket)}/${prefix}*]`,
      reason: `The star is the rest of an object's key: ${actions.join(' and ')}, under one prefix of one bucket.`,
    });
  }
}

/** The name under which the bucket's stack exports its ARN; cdk-nag uses it in the name of a finding. */
function exportName(bucket: Bucket): string {
  const stack = Stack.of(bucket);
  return z.object({ 'Fn::ImportValue': z.string() }).parse(stack.resolve(stack.exportValue(bucket.bucketArn)))[
    'Fn::ImportValue'
  ];
}
