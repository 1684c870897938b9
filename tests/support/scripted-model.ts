import http2 from 'node:http2';
import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import * as z from 'zod';

/** The wire format of Converse, as far as it is used. */
export const converseRequestSchema = z.strictObject({
  system: z.array(z.object({ text: z.string() })).length(1),
  messages: z
    .array(z.object({ role: z.literal('user'), content: z.array(z.object({ text: z.string() })).length(1) }))
    .length(1),
  inferenceConfig: z.strictObject({ maxTokens: z.int().max(1000), temperature: z.literal(0) }),
});

/** What the model does with the next requests. */
export interface Script {
  readonly status?: number;
  /** The text that it writes, or a whole body. */
  readonly text?: string;
  readonly body?: unknown;
  readonly stopReason?: string;
  readonly afterMs?: number;
}

/** A model of Bedrock that does as it is told: the AWS SDK reaches it by its endpoint, over HTTP/2 and signed. */
export async function startScriptedModel() {
  const asked: { url: string; authorization: string; body: unknown }[] = [];
  let script: Script = { text: '' };
  const timers = new Set<NodeJS.Timeout>();
  const server = http2.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('error', () => {});
    response.on('error', () => {});
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
      asked.push({ url: request.url ?? '', authorization: String(request.headers.authorization), body });
      const { status = 200, text = '', stopReason = 'end_turn', body: whole, afterMs = 0 } = script;
      const answer = whole ?? {
        output: { message: { role: 'assistant', content: text === '' ? [] : [{ text }] } },
        stopReason,
        usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 },
        metrics: { latencyMs: 100 },
      };
      const timer = setTimeout(() => {
        timers.delete(timer);
        if (response.writableEnded || response.destroyed) return;
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      }, afterMs);
      timers.add(timer);
    });
  });
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const endpoint = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  const client = new BedrockRuntimeClient({
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  return {
    asked,
    client,
    says(next: Script): void {
      script = next;
    },
    async stop(): Promise<void> {
      client.destroy();
      for (const timer of timers) clearTimeout(timer);
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
