import type { BlobEnvelope, Exchange } from '../../core/contracts/blob.ts';

/** A blob of one attempt whose answers have these bodies. */
export function rawBlob(
  of: { readonly runId: string; readonly sourceId: string; readonly part?: number },
  answers: readonly (Partial<Exchange> & { readonly body?: string; readonly type?: string })[],
): BlobEnvelope {
  return {
    ...{ version: 1, runId: of.runId, part: of.part ?? 0, attempt: 1, sourceId: of.sourceId, job: 'quotes' },
    ...{ kind: 'quotes', createdAt: '2026-11-20T15:00:00.000Z' },
    exchanges: answers.map(({ body = '{}', type = 'application/json', ...differs }) => ({
      request: { method: 'GET', url: 'https://source.invalid/quotes?key=[redacted]', headers: {}, symbols: ['AAPL'] },
      response: { status: 200, headers: { 'content-type': type }, body, truncated: false },
      ...{ error: null, fetchedAt: '2026-11-20T15:00:00.000Z', latencyMs: 12 },
      ...differs,
    })),
  };
}
