import { describe, expect, it } from 'vitest';
import { evidenceInWords, proposalInWords } from '../../../core/contracts/words/evidence-words.ts';
import { findingEvidenceSchema } from '../../../core/contracts/words/price-findings.ts';

describe('what speaks for a finding, in words', () => {
  it.each([
    [{ code: 'frozen', rows: 12 }, '12 rows in a row have the same price.'],
    [
      { code: 'split_not_applied', exDate: '2026-06-10', ratio: 10, fields: ['close'] },
      'The split of 10:1 on 2026-06-10 is not in the price (close).',
    ],
    [
      { code: 'dividend_not_seen', amount: 0.0312, fall: 0.001, adjusted: null },
      'The amount is 3.12 % of the close before, and the price fell by 0.1 %.',
    ],
    [
      { code: 'members_changed', before: ['A', 'B', 'C'], after: ['A', 'D'], unknown: ['D'] },
      'Of 3 members 2 left and 1 joined at once; nobody knows 1 of them.',
    ],
  ])('%o', (evidence, words) => {
    expect(evidenceInWords(findingEvidenceSchema.parse(evidence))).toBe(words);
  });

  it('says what a row should be', () => {
    expect(proposalInWords({ field: 'price', from: '1950', to: '19.50', why: 'unit' })).toBe(
      'price 19.50 in place of 1950',
    );
    expect(proposalInWords({ field: 'row', from: '0.24', to: null, why: 'told_twice' })).toBe('0.24: is to be dropped');
  });
});
