import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import * as z from 'zod';
import { type BlobEnvelope, blobEnvelopeSchema, type Exchange, formerErrors } from '../../contracts/blob.ts';
import { maxBlobBytes } from '../../contracts/functions.ts';
import { errorCode } from '../../ports/database-unavailable.ts';
import { BlobError } from '../../ports/raw-store.ts';

const zip = promisify(gzip);
const unzip = promisify<Buffer, { maxOutputLength: number; chunkSize: number }, Buffer>(gunzip);

/** Unpacked at a time, at the most and at the least. Each piece is a trip to another thread, and takes its room at once. */
const chunkSizes = { most: 1024 * 1024, least: 16 * 1024 };

/** An envelope in its stored form: gzip of JSON. */
export async function packBlob(envelope: BlobEnvelope): Promise<Buffer> {
  const exchanges = envelope.exchanges.map(({ error, ...exchange }) => ({
    ...exchange,
    error: error && errorFor(error),
  }));
  return zip(JSON.stringify({ ...envelope, exchanges }), { level: 6 });
}

/** An error as it is stored: one that the former release does not know is one that it knows, and says what it is. */
function errorFor({ code, message }: NonNullable<Exchange['error']>) {
  const former = formerErrors.get(code);
  return former === undefined ? { code, message } : { code: former, exact: code, message };
}

/** After a rollback there may be some. */
const laterEnvelope = z.object({ version: z.int().gt(1) });

/** The whole blob, by the size that gzip notes at its end (RFC 1952, ISIZE). That may be wrong in a damaged one. */
function chunkFor(bytes: Buffer): number {
  const size = bytes.length < 4 ? 0 : bytes.readUInt32LE(bytes.length - 4);
  // With one byte more, there is no second piece to see that it is the end.
  return Math.min(chunkSizes.most, Math.max(chunkSizes.least, size + 1));
}

/** Reads what `packBlob` wrote. Throws `BlobError` for anything else. */
export async function unpackBlob(key: string, bytes: Buffer): Promise<BlobEnvelope> {
  let value: unknown;
  try {
    value = JSON.parse(
      (await unzip(bytes, { maxOutputLength: maxBlobBytes, chunkSize: chunkFor(bytes) })).toString('utf8'),
    );
  } catch (error) {
    // Node's code of what `maxOutputLength` refuses.
    if (errorCode(error) === 'ERR_BUFFER_TOO_LARGE')
      throw new BlobError(
        `Blob ${key} unpacks to more than ${maxBlobBytes} bytes, which is more than ingest can hold; it is not changed.`,
        'too_large',
      );
    throw new BlobError(`Blob ${key} is damaged; it is not changed.`, 'blob_damaged');
  }
  const parsed = blobEnvelopeSchema.safeParse(value);
  if (laterEnvelope.safeParse(value).success)
    throw new BlobError(`Blob ${key} is an envelope of a later release, which can read it.`);
  if (!parsed.success)
    throw new BlobError(`Blob ${key} is not an envelope of version 1; it is not changed.`, 'blob_damaged');
  return parsed.data;
}
