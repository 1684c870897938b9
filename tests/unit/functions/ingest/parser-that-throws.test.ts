import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { memoryMessageQueue } from '../../../../core/adapters/memory/message-queue.ts';
import { memoryRawStore } from '../../../../core/adapters/memory/raw-store.ts';
import type { Exchange } from '../../../../core/contracts/blob.ts';
import type { IngestMessage } from '../../../../core/contracts/messages.ts';
import type { IngestStore } from '../../../../core/ports/ingest-store.ts';
import type { Decision } from '../../../../core/prices/decision.ts';
import { knownSource } from '../../../../core/sources/catalogue.ts';
import { ingestBlobs } from '../../../../functions/ingest/ingest-blob.ts';
import { fetchedAt, listedShare } from '../../../support/good-answer.ts';
import { goodAnswers } from '../../sources/yahoo/good-answers.ts';

const [good] = goodAnswers;
if (!good) throw new Error('Yahoo has no good answer.');
const body = JSON.stringify(good.body(good.price));
const mine = 'An answer that the parser cannot take';

/** Yahoo as it is, but for a parser that throws at one answer. */
const yahoo = knownSource('yahoo');
let thrown = 0;
const weak = {
  ...yahoo,
  parser: async () => {
    const parser = await yahoo.parser();
    return {
      ...parser,
      parse: (...[kind, answer]: Parameters<typeof parser.parse>) => {
        if (answer.response?.body !== mine) return parser.parse(kind, answer);
        thrown++;
        throw new TypeError('Cannot read properties of undefined');
      },
    };
  },
};

const exchangeOf = (symbol: string, text: string): Exchange => ({
  request: { method: 'GET', url: good.url, headers: {}, symbols: [symbol] },
  response: { status: 200, headers: {}, body: text, truncated: false },
  error: null,
  fetchedAt: new Date(fetchedAt).toISOString(),
  latencyMs: 1,
});

/** Ingests blobs with these answers each, and gives what was decided on each. */
async function decisionsOn(blobs: readonly Exchange[][]): Promise<Decision[]> {
  const decided: Decision[] = [];
  const rawStore = memoryRawStore();
  const aliases = new Map([
    ['AAPL', [{ listing: listedShare, from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }]],
  ]);
  const store: IngestStore = {
    standing: async () => ({ running: true, clock: fetchedAt, epoch: 'one' }),
    members: async () => null,
    aliases: async () => aliases,
    openCurrencies: async () => new Map(),
    moveVenues: async () => ({ aliases: new Map(), findings: [] }),
    judgeNames: async () => ({ aliases: new Map(), findings: [] }),
    register: async () => aliases,
    async store(_header, _listings, decide) {
      decided.push(await decide({ priors: new Map() }));
      return { batchId: '1', repeated: false, urgent: false, accepted: 0, rejected: 0, written: 0, revised: 0 };
    },
  };
  const ingest = ingestBlobs({ rawStore, store, queue: memoryMessageQueue(), sourceOf: () => weak });
  for (const exchanges of blobs) {
    const of = { runId: randomUUID(), part: 0, attempt: 1, sourceId: 'yahoo', job: 'quotes', kind: 'quotes' } as const;
    const message: IngestMessage = { ...of, blobKey: `raw/${of.runId}` };
    await rawStore.put(message.blobKey, { ...of, version: 1, createdAt: new Date(fetchedAt).toISOString(), exchanges });
    await ingest(message);
  }
  return decided;
}

describe('an answer at which the parser throws', () => {
  it('ends its task as unexplained, is read once, and costs no other blob of the batch', async () => {
    thrown = 0;
    const [first, broken, last] = await decisionsOn([
      [exchangeOf('AAPL', body)],
      [exchangeOf('AAPL', mine)],
      [exchangeOf('AAPL', body)],
    ]);
    expect(thrown).toBe(1);
    for (const whole of [first, last]) expect([whole?.quotes.length, whole?.verdict.status]).toEqual([1, 'succeeded']);
    expect(broken?.quotes).toEqual([]);
    expect(broken?.verdict).toMatchObject({
      status: 'failed',
      reason: 'unexplained',
      detail: { code: 'parser_failed' },
    });
  });

  it('costs no other answer of its blob', async () => {
    thrown = 0;
    const [decision] = await decisionsOn([[exchangeOf('MSFT', mine), exchangeOf('AAPL', body)]]);
    expect(thrown).toBe(1);
    expect(decision?.quotes.map(({ symbol }) => symbol)).toEqual(['AAPL']);
    expect(decision?.verdict.message).toContain('1 of 2 requests failed');
  });
});
