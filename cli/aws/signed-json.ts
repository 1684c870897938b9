import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import { parseJson } from '../../core/contracts/parse-json.ts';

/** Where AWS is called, and as whom. */
export interface AwsPlace {
  /** Of an emulator; of AWS itself it follows from service and region. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  };
}

/** A service of AWS with a protocol of JSON: its name in addresses and signatures, and the version of the protocol. */
export interface JsonService {
  readonly name: string;
  readonly protocol: '1.0' | '1.1';
  /** What the name of an operation is put behind: `Logs_20140328`. */
  readonly target: string;
}

/** An answer that is an error. `code` is AWS's name of it, `Unreachable` without an answer. */
export class AwsAnswerError extends Error {
  override readonly name = 'AwsAnswerError';
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number) {
    super(`AWS answered ${code} (${status}).`);
    this.code = code;
    this.status = status;
  }
}

const errorSchema = z.object({ __type: z.string() });
const patienceMs = 20_000;

/**
 * Calls an operation of a service that speaks JSON, signed. These services are asked for one thing each, so that none of
 * them needs a client of its own to be installed. Throws `AwsAnswerError`.
 */
export async function callJson<T>(
  place: AwsPlace,
  service: JsonService,
  operation: string,
  input: unknown,
  answer: z.ZodType<T>,
  fetcher: typeof fetch = fetch,
): Promise<T> {
  const response = await send(place, service, operation, JSON.stringify(input), fetcher);
  const parsed = parseJson(await response.text());
  if (!response.ok) {
    const type = errorSchema.safeParse(parsed).data?.__type ?? 'Unknown';
    throw new AwsAnswerError(type.replace(/^.*#/, ''), response.status);
  }
  const { data, success } = answer.safeParse(parsed);
  if (!success) throw new AwsAnswerError('Malformed', response.status);
  return data;
}

/** The address of a service: that of the emulator, or AWS's own. */
export function endpointOf({ endpoint, region }: AwsPlace, service: string): string {
  return endpoint ?? `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

async function send(
  place: AwsPlace,
  service: JsonService,
  operation: string,
  body: string,
  fetcher: typeof fetch,
): Promise<Response> {
  const url = new URL(endpointOf(place, service.name));
  const { accessKeyId, secretAccessKey, sessionToken } = place.credentials;
  const signer = new SignatureV4({
    service: service.name,
    region: place.region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    sha256: Sha256,
  });
  const signed = await signer.sign(
    new HttpRequest({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port ? { port: Number(url.port) } : {}),
      path: '/',
      headers: {
        host: url.host,
        'content-type': `application/x-amz-json-${service.protocol}`,
        'x-amz-target': `${service.target}.${operation}`,
      },
      body,
    }),
  );
  const { host: _, ...headers } = signed.headers;
  try {
    return await fetcher(new URL('/', url), { method: 'POST', headers, body, signal: AbortSignal.timeout(patienceMs) });
  } catch {
    throw new AwsAnswerError('Unreachable', 0);
  }
}
