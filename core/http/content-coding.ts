import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** The codings that answers have, the better one first. */
const codings = ['br', 'gzip'] as const;
export type Coding = (typeof codings)[number];

/** Below this a packet carries the answer anyway. In bytes. */
export const leastPackedBytes = 1_024;

/** A body as it is sent. */
export interface CodedBody {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly coding: Coding;
}

/**
 * A body in the coding that the client likes best, or `null` where it is sent as it is: it is short, or the client takes
 * neither brotli nor gzip.
 */
export function encodeBody(body: string, acceptEncoding: string | undefined): CodedBody | null {
  if (acceptEncoding === undefined || body.length < leastPackedBytes) return null;
  const coding = codingFor(acceptEncoding);
  return coding === null ? null : packedBody(body, coding);
}

/** A body in a coding. */
export function packedBody(body: string, coding: Coding): CodedBody {
  const bytes = Buffer.from(body);
  // Quality 5 packs JSON a sixth smaller than gzip in about its time; higher ones take several times as long.
  const packed =
    coding === 'br'
      ? brotliCompressSync(bytes, {
          params: {
            [constants.BROTLI_PARAM_QUALITY]: 5,
            [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
            [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
          },
        })
      : gzipSync(bytes);
  return { body: packed, coding };
}

/**
 * The coding that `Accept-Encoding` asks for (RFC 9110, 12.5.3): the one with the highest weight, brotli where they are equal;
 * `null` for none, also where the client likes an answer without a coding better.
 *
 * @example
 * codingFor('gzip, deflate, br') // 'br'
 * codingFor('gzip;q=1.0, br;q=0.5') // 'gzip'
 * codingFor('br;q=0, *;q=0.5') // 'gzip'
 * codingFor('identity') // null
 */
export function codingFor(acceptEncoding: string): Coding | null {
  const weights = new Map<string, number>();
  for (const part of acceptEncoding.split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    if (name !== '') weights.set(name === 'x-gzip' ? 'gzip' : name, weightOf(parameters));
  }
  const rest = weights.get('*') ?? 0;
  const weightFor = (coding: string) => weights.get(coding) ?? rest;
  const best = codings.reduce((a, b) => (weightFor(b) > weightFor(a) ? b : a));
  const plain = weights.get('identity') ?? 0;
  return weightFor(best) > 0 && weightFor(best) >= plain ? best : null;
}

/** A malformed weight counts as none: the answer goes without the coding, which every client reads. */
function weightOf(parameters: readonly string[]): number {
  const given = parameters.find((each) => /^q\s*=/.test(each));
  if (given === undefined) return 1;
  const text = given.slice(given.indexOf('=') + 1).trim();
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}
