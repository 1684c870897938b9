import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import type { UpstreamAnswer } from '../../ports/upstream.ts';

/** The body of an answer, unpacked: all of it, or what came before it was interrupted, could not be unpacked, or was too long. */
export interface Body {
  readonly text: string;
  /** It is not all of it. */
  readonly truncated: boolean;
  readonly error: UpstreamAnswer['error'];
}

/** More codings than this, one around the other, are a bomb. */
const mostCodings = 3;

/** Reads a body of at most `maxBytes` unpacked bytes. Never rejects: what is wrong with it is in `error`. */
export async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Body> {
  const chunks: Buffer[] = [];
  let left = maxBytes;
  const body = (truncated: boolean, error: UpstreamAnswer['error'] = null): Body => ({
    text: Buffer.concat(chunks).toString('utf8'),
    truncated,
    error,
  });
  try {
    for await (const chunk of await unpacked(incoming)) {
      if (!Buffer.isBuffer(chunk)) continue;
      chunks.push(chunk.subarray(0, left));
      left -= chunk.length;
      if (left < 0) return body(true);
    }
    if (incoming.complete) return body(false);
  } catch (error) {
    const code = codeOf(error);
    if (/^(Z_|ERR__|ERR_BROTLI|MANY_CODINGS)/.test(code))
      return body(true, { code: 'corrupt_body', message: `The body cannot be unpacked (${code}).` });
  } finally {
    incoming.destroy();
  }
  return body(true, { code: 'truncated', message: 'The connection ended before the answer did.' });
}

/** The stream of an answer without its content codings, the last of which was applied last (RFC 9110, 8.4). */
async function unpacked(incoming: IncomingMessage): Promise<Readable> {
  const codings = (incoming.headers['content-encoding'] ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length > mostCodings) throw Object.assign(new Error('Too many codings.'), { code: 'MANY_CODINGS' });
  let stream: Readable = incoming;
  // Of nothing there is nothing to unpack: answers without a body may name a coding all the same.
  if (codings.length > 0 && (await firstByte(stream)) === null) return stream;
  for (const coding of codings.toReversed()) {
    const unpack = await unpackerOf(coding, stream);
    if (unpack) stream = pipeline(stream, unpack, () => undefined);
  }
  return stream;
}

/** `null` for a coding that is not known: its bytes are the body. */
async function unpackerOf(coding: string, packed: Readable): Promise<Transform | null> {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip();
    case 'br':
      return zlib.createBrotliDecompress();
    case 'deflate':
      // It means the format of zlib; some servers send it without the head, whose first byte ends in 8.
      return ((await firstByte(packed)) ?? 8) % 16 === 8 ? zlib.createInflate() : zlib.createInflateRaw();
    default:
      return null;
  }
}

/** The first byte of a stream, which stays in it; `null` when it is empty. */
async function firstByte(stream: Readable): Promise<number | null> {
  if (stream.readableLength === 0) await once(stream, 'readable');
  const chunk: unknown = stream.read();
  if (!Buffer.isBuffer(chunk)) return null;
  stream.unshift(chunk);
  return chunk[0] ?? null;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
