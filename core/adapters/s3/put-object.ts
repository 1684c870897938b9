import { HttpRequest } from '@smithy/core/protocols';
import { objectsOf, signerOf } from './presigner.ts';

/** How an object is written: a new one, in `tries` of `timeoutMs` each. */
interface Put {
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly tries: number;
}

/** `stored`: it is there now. `existed`: it was there before. Otherwise the status, 0 where there was no answer. */
export type PutResult = 'stored' | 'existed' | number;

/**
 * Writes an object unless there is one under its key. It signs the request itself, because the S3 client has a tenth of a
 * megabyte, and functions that answer requests write little.
 */
export async function putObject(
  bucket: string,
  key: string,
  body: string | Buffer<ArrayBuffer>,
  { headers, timeoutMs, tries }: Put,
  env: NodeJS.ProcessEnv,
): Promise<PutResult> {
  const { region, base } = objectsOf(bucket, env);
  const url = new URL(base.pathname + key, base);
  const signed = await signerOf(region, env).sign(
    new HttpRequest({
      method: 'PUT',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port ? { port: Number(url.port) } : {}),
      path: url.pathname,
      headers: {
        ...headers,
        host: url.host,
        'if-none-match': '*',
        // TLS protects the transfer on AWS; hashing megabytes of JSON would take longer than sending them.
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      },
    }),
  );
  const { host: _, ...sent } = signed.headers;
  let status = 0;
  for (let attempt = 0; attempt < tries; attempt++) {
    status = await put(url, sent, body, timeoutMs);
    if (status >= 200 && status < 300) return 'stored';
    // An earlier try whose answer was lost may have stored it.
    if (status === 412) return attempt > 0 ? 'stored' : 'existed';
    if (status !== 0 && status < 500) break;
  }
  return status;
}

/** The status; 0 where there was none. */
async function put(
  url: URL,
  headers: Record<string, string>,
  body: string | Buffer<ArrayBuffer>,
  timeoutMs: number,
): Promise<number> {
  try {
    const answer = await fetch(url, { method: 'PUT', headers, body, signal: AbortSignal.timeout(timeoutMs) });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return 0;
  }
}
