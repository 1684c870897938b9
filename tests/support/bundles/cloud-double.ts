/**
 * As much of AWS as functions call, on 127.0.0.1 and in this process, whose time is not counted: objects of S3, messages
 * that SQS takes, secrets, and functions that are invoked.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { FunctionError } from './function-process.ts';

export interface CloudDouble {
  readonly url: string;
  /** By `bucket/key`. */
  readonly objects: Map<string, Buffer>;
  /** By function name: what an invocation answers. */
  readonly functions: Map<string, (event: unknown) => Promise<unknown>>;
  /** The URL of a queue of this name. */
  queueUrl(name: string): string;
  /** The bodies of what was sent to a queue, which then forgets them. */
  takeMessages(queueName: string): string[];
  stop(): Promise<void>;
}

export interface CloudDoubleOptions {
  /** Gets each message that is sent. Without it, messages are kept for `takeMessages`. */
  readonly onMessage?: (queueName: string, body: string, delaySeconds: number) => void;
  /** Gets each message that a topic of SNS takes. */
  readonly onPublished?: (body: string, type: string, group: string) => void;
  /** How a call of S3 or SQS fails: before it did anything, after it did all, or not at all. May take its time. */
  readonly disturb?: (call: 'put' | 'get' | 'send') => Promise<'before' | 'after' | null>;
}

/** Of every secret. */
export const secretOfDouble = 'a'.repeat(64);
const batchSchema = z.object({
  QueueUrl: z.string(),
  Entries: z.array(z.object({ Id: z.string(), MessageBody: z.string(), DelaySeconds: z.int().default(0) })),
});

interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly functionError?: string;
  /** The name of an error of the service. */
  readonly errorType?: string;
}

/** Lambda refuses an invocation: all executions of the account are in use. */
export class ThrottledError extends Error {
  override readonly name = 'TooManyRequestsException';
}

export async function startCloudDouble({
  onMessage,
  onPublished,
  disturb,
}: CloudDoubleOptions = {}): Promise<CloudDouble> {
  const objects = new Map<string, Buffer>();
  const functions = new Map<string, (event: unknown) => Promise<unknown>>();
  const messages = new Map<string, string[]>();
  let count = 0;

  async function answer(request: IncomingMessage): Promise<Answer> {
    const body = await buffer(request);
    const url = new URL(request.url ?? '/', 'http://x');
    const path = decodeURIComponent(url.pathname);
    const invoked = /^\/2015-03-31\/functions\/([^/]+)\/invocations/.exec(path)?.[1];
    if (invoked !== undefined) return invoke(invoked, body.toString());
    const target = request.headers['x-amz-target'];
    if (target === 'AmazonSQS.SendMessageBatch')
      return disturbed('send', () => ({ status: 200, body: JSON.stringify(take(body.toString())) }));
    if (target === 'secretsmanager.GetSecretValue')
      return { status: 200, body: JSON.stringify({ Name: 'test', SecretString: secretOfDouble }) };
    const form = new URLSearchParams(request.method === 'POST' ? body.toString() : '');
    if (form.get('Action') === 'PublishBatch') return { status: 200, body: published(form) };
    const key = path.slice(1);
    if (request.method === 'PUT')
      return disturbed('put', () => {
        if (request.headers['if-none-match'] === '*' && objects.has(key)) return { status: 412, body: '' };
        objects.set(key, body);
        return { status: 200, body: '' };
      });
    if (url.searchParams.has('list-type'))
      return disturbed('get', () => listed(key.replace(/\/$/, ''), url.searchParams));
    return disturbed('get', () => {
      const object = objects.get(key);
      return object ? { status: 200, body: object } : { status: 404, body: '' };
    });
  }

  /** The keys of a bucket under a prefix, after one: at most a thousand. */
  function listed(bucket: string, query: URLSearchParams): Answer {
    const after = query.get('start-after') ?? '';
    const keys = [...objects.keys()]
      .flatMap((path) => (path.startsWith(`${bucket}/`) ? [path.slice(bucket.length + 1)] : []))
      .filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
      .toSorted()
      .slice(0, 1_000);
    const contents = keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('');
    return { status: 200, body: `<ListBucketResult><KeyCount>${keys.length}</KeyCount>${contents}</ListBucketResult>` };
  }

  /** As Lambda does, a function that threw is a success of the call. */
  async function invoke(name: string, event: string): Promise<Answer> {
    const call = functions.get(name);
    if (!call) return { status: 404, body: '{}' };
    try {
      return { status: 200, body: JSON.stringify((await call(JSON.parse(event))) ?? null) };
    } catch (error) {
      if (error instanceof ThrottledError) return { status: 429, body: '{}', errorType: error.name };
      const errorType = error instanceof FunctionError ? error.errorType : 'Error';
      return { status: 200, body: JSON.stringify({ errorType }), functionError: 'Unhandled' };
    }
  }

  async function disturbed(call: 'put' | 'get' | 'send', work: () => Answer): Promise<Answer> {
    const fails = (await disturb?.(call)) ?? null;
    if (fails === 'before') return { status: 503, body: '' };
    const done = work();
    return fails === 'after' ? { status: 500, body: '' } : done;
  }

  function take(body: string) {
    const { QueueUrl, Entries } = batchSchema.parse(JSON.parse(body));
    const name = QueueUrl.split('/').at(-1) ?? '';
    const held = messages.get(name) ?? [];
    messages.set(name, held);
    return {
      Failed: [],
      Successful: Entries.map(({ Id, MessageBody, DelaySeconds }) => {
        if (onMessage) onMessage(name, MessageBody, DelaySeconds);
        else held.push(MessageBody);
        count++;
        const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex');
        return { Id, MessageId: `${name}-${count}`, MD5OfMessageBody };
      }),
    };
  }

  /** SNS speaks the older query protocol: fields of a form, and XML. */
  function published(form: URLSearchParams): string {
    const taken: string[] = [];
    for (let n = 1; ; n++) {
      const of = (name: string) => form.get(`PublishBatchRequestEntries.member.${n}.${name}`) ?? '';
      if (of('Id') === '') break;
      const attributes = [1, 2].map((at) => `MessageAttributes.entry.${at}`);
      const type = attributes.find((each) => of(`${each}.Name`) === 'type');
      onPublished?.(of('Message'), of(`${type}.Value.StringValue`), of('MessageGroupId'));
      taken.push(`<member><Id>${of('Id')}</Id><MessageId>${of('Id')}</MessageId></member>`);
    }
    const result = `<Failed/><Successful>${taken.join('')}</Successful>`;
    return `<PublishBatchResponse><PublishBatchResult>${result}</PublishBatchResult></PublishBatchResponse>`;
  }

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    answer(request)
      .catch(
        (error: unknown): Answer => ({ status: 500, body: error instanceof Error ? error.message : 'unknown error' }),
      )
      .then(({ status, body, functionError, errorType }) => {
        response.writeHead(status, {
          'content-type': 'application/x-amz-json-1.0',
          'x-amzn-requestid': 'test',
          ...(functionError && { 'x-amz-function-error': functionError }),
          ...(errorType && { 'x-amzn-errortype': errorType }),
        });
        response.end(body);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    url,
    objects,
    functions,
    queueUrl: (name) => `${url}/000000000000/${name}`,
    takeMessages(queueName) {
      const taken = messages.get(queueName) ?? [];
      messages.delete(queueName);
      return taken;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
