import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';

/** How long a link to read is valid. */
const readSeconds = 300;

/**
 * Makes links that let their holder read one object of a bucket, for five minutes unless told otherwise; a browser saves
 * what is `saved`, and shows anything else in the place of the page. Signed here, with the function's own credentials:
 * without a call to AWS and without the S3 client, which has a tenth of a megabyte.
 */
export function s3Presigner(
  bucket: string,
  env = process.env,
  { seconds = readSeconds, saved = false } = {},
): (key: string) => Promise<string> {
  const signed = linksTo(bucket, env);
  return (key) => signed('GET', key, { seconds, ...(saved && { query: asFile }) });
}

const asFile = { 'response-content-disposition': 'attachment' };

/** What a link allows: for so long, and only with these headers. Those in `asSent` are sent by the holder as they are. */
interface Allowed {
  readonly seconds: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly asSent?: readonly string[];
}

/** Signs links to objects of a bucket, each for one method and key. */
export function linksTo(
  bucket: string,
  env: NodeJS.ProcessEnv,
): (method: 'GET' | 'PUT', key: string, allowed: Allowed) => Promise<string> {
  const { region, base } = objectsOf(bucket, env);
  return async (method, key, { seconds, headers = {}, query: asked = {}, asSent = [] }) => {
    const { query, ...signed } = await signerOf(region, env).presign(
      new HttpRequest({
        method,
        protocol: base.protocol,
        hostname: base.hostname,
        ...(base.port ? { port: Number(base.port) } : {}),
        path: base.pathname + key.split('/').map(encodeURIComponent).join('/'),
        query: asked,
        // What S3 requires in a link: the content is not known in advance.
        headers: { ...headers, host: base.host, 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' },
      }),
      { expiresIn: seconds, unhoistableHeaders: new Set(asSent) },
    );
    const url = new URL(signed.path, base);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, String(value));
    return url.href;
  };
}

/** The base URL of a bucket's objects. */
export function objectsOf(bucket: string, env: NodeJS.ProcessEnv): { region: string; base: URL } {
  const region = env['AWS_REGION'] ?? 'us-east-1';
  const emulator = env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL'];
  // Emulators answer on one host, where bucket names in the host name do not resolve.
  return {
    region,
    base: new URL(emulator ? `${emulator}/${bucket}/` : `https://${bucket}.s3.${region}.amazonaws.com/`),
  };
}

/** Signs with the function's own credentials. Made each time: Lambda puts new ones there before they run out. */
export function signerOf(region: string, env: NodeJS.ProcessEnv): SignatureV4 {
  return new SignatureV4({
    service: 's3',
    region,
    credentials: {
      accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
      ...(env['AWS_SESSION_TOKEN'] ? { sessionToken: env['AWS_SESSION_TOKEN'] } : {}),
    },
    sha256: Sha256,
    uriEscapePath: false,
  });
}
