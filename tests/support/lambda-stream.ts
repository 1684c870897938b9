/** Lambda's runtime as a function sees it whose answer is streamed, and API Gateway as it reads what comes out. */
import { Writable } from 'node:stream';
import * as z from 'zod';

/** What the metadata may say before the answer's bytes. */
const metadataSchema = z.strictObject({
  statusCode: z.int(),
  headers: z.record(z.string(), z.string()),
  cookies: z.array(z.string()),
});
/** Ends the metadata. */
const delimiter = Buffer.alloc(8);

/** The stream that the runtime gives to the handler: what is written first follows the metadata, as in Lambda's own runtime client. */
class ResponseStream extends Writable {
  private bytes = Buffer.alloc(0);
  private metadata: unknown;
  contentType = '';

  setContentType(contentType: string): void {
    this.contentType = contentType;
  }

  /** Like `awslambda.HttpResponseStream.from`: the same stream, which writes metadata first. */
  static from(stream: ResponseStream, metadata: Record<string, unknown>): ResponseStream {
    stream.setContentType('application/vnd.awslambda.http-integration-response');
    stream.metadata = metadata;
    return stream;
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    const first = this.metadata === undefined ? [] : [Buffer.from(JSON.stringify(this.metadata)), delimiter];
    this.metadata = undefined;
    this.bytes = Buffer.concat([this.bytes, ...first, chunk]);
    done();
  }

  /** What API Gateway has so far; `null` before the metadata are whole. Throws for what it would refuse. */
  answer() {
    const end = this.bytes.indexOf(delimiter);
    if (end === -1) return null;
    if (this.contentType !== 'application/vnd.awslambda.http-integration-response')
      throw new Error(`Lambda would take ${this.contentType} for the bytes of an answer without metadata.`);
    return {
      ...metadataSchema.parse(JSON.parse(this.bytes.subarray(0, end).toString())),
      body: this.bytes.subarray(end + delimiter.length),
    };
  }
}

/** What a module finds as `awslambda`. */
export const lambdaRuntime = {
  streamifyResponse: <Handler>(handler: Handler): Handler => handler,
  HttpResponseStream: ResponseStream,
};

/** A request of API Gateway to a handler that streams. */
export function invoke(handler: (...of: never[]) => unknown, event: object) {
  const stream = new ResponseStream();
  const over = { yet: false };
  const ended = Promise.resolve(Reflect.apply(handler, undefined, [event, stream, {}])).then(() => {
    over.yet = true;
  });
  const text = () => stream.answer()?.body.toString() ?? '';
  return { answer: () => stream.answer(), text, ended, over: () => over.yet };
}
