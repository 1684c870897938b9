import * as z from 'zod';
import { decimal } from '../../core/contracts/http/envelope.ts';

const timeoutMs = 10_000;
const quotesSchema = z.object({ data: z.array(z.object({ price: decimal })).min(1) });

export interface Asked {
  /** Where people ask: the dashboard's address, so that CloudFront is tried too. */
  readonly url: string;
  readonly key: string | undefined;
}

/** Asks for readiness, and with a key for one price. Throws what is wrong, never the key. */
export async function askFromOutside({ url, key }: Asked, send: typeof fetch = fetch): Promise<{ priced: boolean }> {
  const get = async (path: string, headers: Record<string, string>) => {
    const answer = await send(new URL(path, url), {
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      throw new CanaryError(path, error instanceof Error ? error.name : 'unknown');
    });
    if (!answer.ok) throw new CanaryError(path, String(answer.status));
    return answer;
  };
  await get('/api/v1/readyz', {});
  if (key === undefined) return { priced: false };
  const path = '/api/v1/quotes?limit=1';
  const answer: unknown = await (await get(path, { 'x-api-key': key })).json().catch(() => undefined);
  if (!quotesSchema.safeParse(answer).success) throw new CanaryError(path, 'no price in the answer');
  return { priced: true };
}

/** What was asked for from outside did not come. */
export class CanaryError extends Error {
  override readonly name = 'CanaryError';

  constructor(path: string, why: string) {
    super(`${path} did not answer as it should (${why}).`);
  }
}
