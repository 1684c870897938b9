import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import { CommandError } from './problems.ts';

/** Where the logs of an installation are: CloudWatch Logs, on AWS or of the local cloud's emulator. */
export interface LogPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  };
}

const eventSchema = z.object({ eventId: z.string().optional(), timestamp: z.number(), message: z.string() });
const answerSchema = z.object({ events: z.array(eventSchema).default([]), nextToken: z.string().optional() });
export type LogEvent = z.infer<typeof eventSchema>;

/** CloudWatch gives at most a megabyte or so many events at once. */
const atOnce = 1_000;

/**
 * The events of a log group since an instant, oldest first, at most `limit`. `null` where there is no such group: a function
 * that has never run, or that this stage has not.
 */
export async function readLogs(
  place: LogPlace,
  group: string,
  since: number,
  limit: number,
  fetcher: typeof fetch = fetch,
): Promise<LogEvent[] | null> {
  const found: LogEvent[] = [];
  let nextToken: string | undefined;
  do {
    const body = JSON.stringify({
      logGroupName: group,
      startTime: since,
      limit: Math.min(atOnce, limit - found.length),
      ...(nextToken === undefined ? {} : { nextToken }),
    });
    const answer = await send(place, body, fetcher);
    const text = await answer.text();
    if (answer.status === 400 && text.includes('ResourceNotFoundException')) return null;
    const parsed = answer.ok ? answerSchema.safeParse(JSON.parse(text)) : null;
    if (!parsed?.success)
      throw new CommandError(
        `CloudWatch Logs answered ${answer.status} for ${group}. ${answer.status === 403 || answer.status === 400 ? 'Your AWS credentials need the right logs:FilterLogEvents.' : 'Try again shortly.'}`,
      );
    found.push(...parsed.data.events);
    nextToken = parsed.data.nextToken;
  } while (nextToken !== undefined && found.length < limit);
  return found;
}

async function send({ endpoint, region, credentials }: LogPlace, body: string, fetcher: typeof fetch) {
  const url = new URL(endpoint);
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signer = new SignatureV4({
    service: 'logs',
    region,
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
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'Logs_20140328.FilterLogEvents',
      },
      body,
    }),
  );
  const { host: _, ...headers } = signed.headers;
  try {
    return await fetcher(new URL('/', url), { method: 'POST', headers, body, signal: AbortSignal.timeout(20_000) });
  } catch {
    throw new CommandError(`${endpoint} does not answer. Is the local cloud running (npm start), or AWS reachable?`);
  }
}
