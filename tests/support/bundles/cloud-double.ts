/**
 * As much of AWS as the compared functions call, on 127.0.0.1 and in this process, whose time is not counted: objects of
 * S3, messages that SQS takes, secrets, and functions that are invoked.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';

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

const secret = 'a'.repeat(64);
const batchSchema = z.object({
  QueueUrl: z.string(),
  Entries: z.array(z.object({ Id: z.string(), MessageBody: z.string() })),
});

export async function startCloudDouble(): Promise<CloudDouble> {
  const objects = new Map<string, Buffer>();
  const functions = new Map<string, (event: unknown) => Promise<unknown>>();
  const messages = new Map<string, string[]>();

  async function answer(request: IncomingMessage): Promise<{ status: number; body: string | Buffer }> {
    const body = await buffer(request);
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
    const invoked = /^\/2015-03-31\/functions\/([^/]+)\/invocations/.exec(path)?.[1];
    if (invoked !== undefined) {
      const invoke = functions.get(invoked);
      if (!invoke) return { status: 404, body: '{}' };
      return { status: 200, body: JSON.stringify((await invoke(JSON.parse(body.toString()))) ?? null) };
    }
    const target = request.headers['x-amz-target'];
    if (target === 'AmazonSQS.SendMessageBatch') return { status: 200, body: JSON.stringify(take(body.toString())) };
    if (target === 'secretsmanager.GetSecretValue')
      return { status: 200, body: JSON.stringify({ Name: 'test', SecretString: secret }) };
    const key = path.slice(1);
    if (request.method === 'PUT') {
      objects.set(key, body);
      return { status: 200, body: '' };
    }
    const object = objects.get(key);
    return object ? { status: 200, body: object } : { status: 404, body: '' };
  }

  function take(body: string) {
    const { QueueUrl, Entries } = batchSchema.parse(JSON.parse(body));
    const name = QueueUrl.split('/').at(-1) ?? '';
    const held = messages.get(name) ?? [];
    messages.set(name, held);
    return {
      Failed: [],
      Successful: Entries.map(({ Id, MessageBody }) => {
        held.push(MessageBody);
        const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex');
        return { Id, MessageId: `${name}-${held.length}`, MD5OfMessageBody };
      }),
    };
  }

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    answer(request)
      .catch((error: unknown) => ({ status: 500, body: error instanceof Error ? error.message : 'unknown error' }))
      .then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'test' });
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
