import type { SignedUpload, SignUpload } from '../../ports/upload.ts';
import { linksTo } from './presigner.ts';

/** How long a link is valid: a part has a few megabytes, and lines are slow. */
const seconds = 900;

/** Headers that the holder sends as they are signed; the others go into the link. */
const checksumHeader = 'x-amz-checksum-sha256';

/**
 * Makes links that let their holder store one object: of exactly these bytes, which S3 checks by their SHA-256, and only
 * where there is none of its key. Signed with the function's own credentials, as links to read are.
 */
export function s3UploadSigner(bucket: string, env = process.env): SignUpload {
  const signed = linksTo(bucket, env);
  return async (key, { bytes, sha256 }): Promise<SignedUpload> => {
    const headers = {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'if-none-match': '*',
      [checksumHeader]: sha256,
    };
    const url = await signed('PUT', key, {
      seconds,
      headers: { ...headers, 'content-length': String(bytes) },
      asSent: [checksumHeader],
    });
    return { url, headers, seconds };
  };
}
