import { describe, expect, it } from 'vitest';
import { symbolsOfNews, symbolsOfQuery } from '../../../core/proxy/symbols-of-body.ts';

const eq = (field: string, ...values: unknown[]) => ({ operator: 'eq', operands: [field, ...values] });
const node = (operator: string, ...operands: unknown[]) => ({ operator, operands });

describe('the symbols that a query is confined to', () => {
  it.each([
    ['one', eq('ticker', 'AAPL'), ['AAPL']],
    ['one in capitals', { operator: 'EQ', operands: ['symbol', 'AAPL'] }, ['AAPL']],
    ['a list', node('is-in', 'ticker', 'AAPL', 'MSFT'), ['AAPL', 'MSFT']],
    ['either', node('or', eq('ticker', 'AAPL'), eq('ticker', 'MSFT')), ['AAPL', 'MSFT']],
    ['one of a day', node('and', node('gte', 'startdatetime', '2026-11-01'), eq('ticker', 'AAPL')), ['AAPL']],
    ['deep within', node('AND', node('OR', eq('ticker', 'A'), eq('ticker', 'B')), eq('region', 'us')), ['A', 'B']],
  ])('are those of %s', (_what, query, expected) => {
    expect(symbolsOfQuery({ query })).toEqual(expected);
  });

  it.each([
    ['a market', eq('region', 'us')],
    ['one or a market', node('or', eq('ticker', 'AAPL'), eq('region', 'us'))],
    ['all but one', node('not', eq('ticker', 'AAPL'))],
    ['what is greater than one', node('gt', 'ticker', 'AAPL')],
    ['none', node('or')],
    ['no text', eq('ticker', 7)],
    ['something else', 'AAPL'],
    ['nothing', undefined],
    ['what is too deep', Array.from({ length: 30 }).reduce<unknown>((each) => node('and', each), eq('ticker', 'A'))],
  ])('are none of %s', (_what, query) => {
    expect(symbolsOfQuery({ query })).toEqual([]);
  });
});

it('the symbols of news are those that are named, where the body says nothing else', () => {
  expect(symbolsOfNews({ serviceConfig: { snippetCount: 5, s: ['AAPL', 'MSFT,IBM'] } })).toEqual([
    'AAPL',
    'MSFT',
    'IBM',
  ]);
  expect(symbolsOfNews({ serviceConfig: { s: ['AAPL'] }, payload: { s: ['IBM'] } })).toEqual([]);
  for (const none of [{}, { serviceConfig: { s: [] } }, { serviceConfig: { s: 'AAPL' } }, null, 7])
    expect(symbolsOfNews(none)).toEqual([]);
});
