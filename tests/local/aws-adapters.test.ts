import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { s3BlobIndex } from '../../core/adapters/s3/blob-index.ts';
import { s3BlobRemoval } from '../../core/adapters/s3/blob-removal.ts';
import { s3RawStore } from '../../core/adapters/s3/raw-store.ts';
import { sqsMessageQueue } from '../../core/adapters/sqs/message-queue.ts';
import { emulatorOf } from '../../localstack/cloud.ts';
import { emulatorClient } from '../../localstack/emulator.ts';
import { messageQueueSuite } from '../support/message-queue-suite.ts';
import { rawStoreSuite } from '../support/raw-store-suite.ts';

const cloud = inject('cloud');
const aws = emulatorClient(emulatorOf(cloud));

describe('raw blobs in S3', () => {
  const s3 = new S3Client({ ...aws, forcePathStyle: true });
  // One of its own: nobody reads these blobs, and those of the cloud are all read.
  const bucket = `adapter-test-${Date.now()}`;
  beforeAll(() => s3.send(new CreateBucketCommand({ Bucket: bucket })));
  rawStoreSuite(() => ({
    store: { ...s3RawStore(bucket, s3), ...s3BlobIndex(bucket, s3), ...s3BlobRemoval(bucket, s3) },
    async damage(Key, Body) {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, IfNoneMatch: '*' }));
    },
  }));
});

describe('queues in SQS', () => {
  const sqs = new SQSClient(aws);
  let url = '';
  beforeAll(async () => {
    url = (await sqs.send(new CreateQueueCommand({ QueueName: `adapter-test-${Date.now()}` }))).QueueUrl ?? '';
  });
  afterAll(() => sqs.send(new DeleteQueueCommand({ QueueUrl: url })));

  messageQueueSuite(() => ({
    queue: sqsMessageQueue({ test: url }, sqs),
    async drain(expected) {
      const bodies: unknown[] = [];
      // Short polls may come back empty while messages lie there: only several in a row say that none is left.
      for (let empty = 0; empty < 3 && bodies.length <= expected; ) {
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }));
        if (Messages.length === 0) {
          empty++;
          continue;
        }
        bodies.push(...Messages.map((message): unknown => JSON.parse(message.Body ?? 'null')));
        const Entries = Messages.map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle }));
        await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
      }
      return bodies;
    },
  }));

  it('refuses a queue that nobody bound', async () => {
    await expect(sqsMessageQueue({}, sqs).send('ingest', [{}])).rejects.toThrow(/not bound/);
  });
});
