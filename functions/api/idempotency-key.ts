import { createHash, randomUUID } from 'node:crypto';
import { ProblemError } from '../../core/http/problem.ts';
import type { Call } from '../../core/http/route.ts';
import type { IdempotencyStore } from '../../core/ports/idempotency-store.ts';

/** What the ids of a request's work are made of. */
export interface RequestSlot {
  /** Random, or with an `Idempotency-Key` the same for the same request. */
  readonly slot: string;
  readonly hasKey: boolean;
}

/**
 * The slot of a request. With an `Idempotency-Key` it is the same for the same body at the same path by the same API key,
 * whose sessions count as the key itself; keys of different API keys and paths have nothing to do with each other.
 *
 * Call it when the request has been checked: a key of a request that was refused as invalid is still free. Throws
 * `idempotency_key_reused` for one that was sent with another body. That it is well-formed was checked with the request.
 */
export async function requestSlot(store: IdempotencyStore, call: Call, body: unknown): Promise<RequestSlot> {
  const key = call.header('idempotency-key');
  if (key === undefined) return { slot: randomUUID(), hasKey: false };
  const held = [call.principal?.keyId ?? null, call.path, key];
  const request = hash([...held, body ?? null]);
  const first = await store.claim(hash(held), request, new Date(call.now));
  if (!first.equals(request))
    throw new ProblemError(
      'idempotency_key_reused',
      'This Idempotency-Key was sent before with another body. Send the same body again, or another key for another request.',
    );
  return { slot: request.toString('base64url'), hasKey: true };
}

function hash(parts: readonly unknown[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}
