import { describe, expect, it } from 'vitest';
import type { Citable } from '../../../core/contracts/citable.ts';
import { boundSentences, citablesInWords, withoutCitations } from '../../../core/diagnosis/summary/bound-sentences.ts';

const finding = (id: string, given: Partial<Citable>): Citable => ({
  ...{ id, title: '', names: [], text: '', isWell: false },
  ...given,
});
const citables = [
  finding('f1', {
    title: 'Yahoo Finance: its servers fail',
    names: ['yahoo', 'Yahoo Finance'],
    text: 'down The source can be reached and answers 503: its own servers fail.',
  }),
  finding('f2', {
    title: 'CoinGecko: it was asked too often',
    names: ['coingecko', 'CoinGecko'],
    text: 'rate limited Requests pause.',
    isWell: true,
  }),
  finding('s', {
    title: '1 of 3 sources healthy',
    names: ['yahoo', 'Yahoo Finance', 'coingecko', 'CoinGecko', 'demo-broker', 'Demo Broker'],
  }),
];

describe('a sentence of a summary', () => {
  it.each([
    ['Yahoo Finance is down: its servers fail [f1].', 'Yahoo Finance is down: its servers fail.'],
    ['Its servers answer 503. [f1]', 'Its servers answer 503.'],
    ['Its servers answer 503. [f1] They fail. [f1]', 'Its servers answer 503. They fail.'],
    ['CoinGecko was rate limited, and works again [f2].', 'CoinGecko was rate limited, and works again.'],
    ['Yahoo fails [f1] and CoinGecko was rate limited [f2].', 'Yahoo fails and CoinGecko was rate limited.'],
    ['1 of 3 sources is healthy [s].', '1 of 3 sources is healthy.'],
    ['Demo Broker is not named by any finding [s].', 'Demo Broker is not named by any finding.'],
  ])('is shown where it says what it cites: %s', (text, shown) => {
    expect(boundSentences(text, citables)).toBe(shown);
  });

  it.each([
    'Yahoo Finance is down.',
    'Yahoo Finance is down [f9].',
    'Yahoo Finance is down [f1] [f9].',
    'CoinGecko is down [f1].',
    'The servers of Demo Broker fail [f1].',
    'Yahoo Finance changed: format changed [f1].',
    'Yahoo Finance is under maintenance [f1].',
    'Yahoo Finance has a wrong unit [f1].',
    'Yahoo Finance is healthy [f1].',
    'Its servers fail, which is harmless [f1].',
    'Its servers work as expected [f1].',
    'All sources are fine [s].',
    'CoinGecko is blocked [f2].',
    'Yahoo works again [f1] [f2].',
  ])('is left out where it says something else, or cites nothing: %s', (text) => {
    expect(boundSentences(text, citables)).toBe('');
    expect(boundSentences(`Its servers answer 503 [f1]. ${text}`, citables)).toBe('Its servers answer 503.');
  });

  it('is checked without its citations, of which the model is told', () => {
    expect(withoutCitations('It fails [f1] [f2]. So it is. [s]')).toBe('It fails. So it is.');
    expect(citablesInWords(citables).split('\n')).toEqual([
      '[f1] Yahoo Finance: its servers fail',
      '[f2] CoinGecko: it was asked too often',
      '[s] 1 of 3 sources healthy',
    ]);
  });
});
