import { expect, it } from 'vitest';
import type { Exchange } from '../../core/contracts/blob.ts';
import { quotesAnswer, useClockedCloud } from '../support/clocked-cloud.ts';
import { fetchAnswers } from '../support/ingest-answers.ts';

const cloud = useClockedCloud('2026-11-24T17:00:00Z');
const good = '"quoteType":"EQUITY","exchange":"NMS","currency":"USD","regularMarketTime":1795539590';

/** An answer of Yahoo's quote route with one good row and one that is odd: as text, since JSON of JavaScript has no 1e400. */
function answerWith(odd: string): Exchange {
  const answer = quotesAnswer([{ symbol: 'GOOD', price: 10, asOf: cloud.now() - 10_000 }], cloud.now());
  const rows = `{"symbol":"GOOD",${good},"regularMarketPrice":10},{"symbol":"ODD",${good}${odd}}`;
  return {
    ...answer,
    request: { ...answer.request, symbols: ['GOOD', 'ODD'] },
    response: {
      status: 200,
      headers: {},
      body: `{"quoteResponse":{"result":[${rows}],"error":null}}`,
      truncated: false,
    },
  };
}

it.each([
  ['null', ',"regularMarketPrice":null', 'schema'],
  ['a text that says NaN', ',"regularMarketPrice":"NaN"', 'schema'],
  ['1e400', ',"regularMarketPrice":1e400', 'schema'],
  ['negative', ',"regularMarketPrice":-1', 'non_positive'],
  ['zero', ',"regularMarketPrice":0', 'non_positive'],
  ['under another name', ',"marketPrice":10', 'schema'],
])(
  'a price that is %s is held back with its reason, and the row beside it is stored [fault 34]',
  async (_what, odd, reason) => {
    await cloud.all('SELECT 1');
    const { message } = await fetchAnswers(
      { source: 'yahoo', kind: 'quotes', exchanges: [answerWith(odd)] },
      { pool: cloud.world.pool, stages: cloud.stages, stores: cloud.stores, now: cloud.now() },
    );
    await cloud.stores.queue.send('ingest', [message]);
    await cloud.stages.ingest();
    expect(await cloud.all('SELECT reason, symbol FROM quarantine')).toEqual([{ reason, symbol: 'ODD' }]);
    expect(await cloud.all('SELECT status, accepted, rejected FROM task')).toEqual([
      { status: 'succeeded', accepted: 1, rejected: 1 },
    ]);
    expect(await cloud.all('SELECT price FROM quote')).toEqual([{ price: '10' }]);
  },
);
