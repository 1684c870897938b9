import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import type { SignedUpload, SignUpload } from '../../ports/upload.ts';
import { credentialsIn, objectsOf } from './presigner.ts';

/** How long a link is valid: a part has a few megabytes, and lines are slow. */
const seconds = 900;

/** Headers that the holder sends as they are signed; the others go into the link. */
const checksumHeader = 'x-amz-checksum-sha256';

/**
 * Makes links that let their holder store one object: of exactly these bytes, which S3 checks by their SHA-256, and only
 * where there is none of its key. Signed with the function's own credentials, as links to read are.
 */
export function s3UploadSigner(bucket: string, env = process.env): SignUpload {
  const { region, base } = objectsOf(bucket, env);
  return async (key, { bytes, sha256 }): Promise<SignedUpload> => {
    const signer = new SignatureV4({
      service: 's3',
      region,
      credentials: credentialsIn(env),
      sha256: Sha256,
      uriEscapePath: false,
    });
    const headers = {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'if-none-match': '*',
      [checksumHeader]: sha256,
    };
    const { query, ...signed } = await signer.presign(
      new HttpRequest({
        method: 'PUT',
        protocol: base.protocol,
        hostname: base.hostname,
        ...(base.port ? { port: Number(base.port) } : {}),
        path: base.pathname + key.split('/').map(encodeURIComponent).join('/'),
        headers: {
          ...headers,
          host: base.host,
          'content-length': String(bytes),
          'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
        },
      }),
      { expiresIn: seconds, unhoistableHeaders: new Set([checksumHeader]) },
    );
    const url = new URL(signed.path, base);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, String(value));
    return { url: url.href, headers, seconds };
  };
}
