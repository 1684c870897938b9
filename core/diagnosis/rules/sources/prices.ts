import { unitPower } from '../../../prices/rules/unit.ts';
import { unitSlack } from '../../../prices/thresholds.ts';
import { listFindings, listRows, look, pause, recover, replay, say, test } from '../advice.ts';
import { allAreOf } from '../evidence.ts';
import type { SourceRule } from '../rule.ts';

/** Of the rows that a check could compare: this share at one factor is a wrong unit, less is chance. */
const mostRows = 0.9;

/** Rows that can be read and cannot be right, and prices that stand still. */
export const priceRules: readonly SourceRule[] = [
  {
    id: 'minor-units',
    short: 'prices in the wrong unit',
    reasons: ['unit_suspect'],
    needs: ({ ratios }) =>
      ratios.length > 0 &&
      ratios.filter((ratio) => unitPower(ratio, unitSlack) !== 0).length >= mostRows * ratios.length,
    cause: ({ ratios, symbols }) =>
      `The prices of ${symbols.hit} of ${symbols.asked} symbols are about ${(ratios[0] ?? 100) > 1 ? '100 times' : 'a hundredth of'} what they were: the source gives them in the minor unit (pence, cents) where it gave the major one, or the other way round.`,
    advice: (complaint) => [
      listFindings(complaint),
      listRows(complaint),
      say(
        `Compare the currency in the raw answers with what core/sources/${complaint.source.id}/parse.ts makes of it.`,
      ),
      replay(complaint),
    ],
    weight: 70,
  },
  {
    id: 'unit-unknown',
    short: 'prices in the wrong unit',
    reasons: ['unit_suspect', 'implausible'],
    needs: (complaint) => complaint.reason === 'unit_suspect' || allAreOf(complaint, 'implausible', 'wrong_unit'),
    cause: () => 'The prices are in another unit than before, and nothing says by which factor.',
    advice: (complaint) => [listFindings(complaint), listRows(complaint)],
    weight: 35,
  },
  {
    id: 'rows-held-back',
    short: 'rows that cannot be right',
    reasons: ['implausible'],
    cause: () => 'The answers can be read, and what they say cannot be right; their rows say why.',
    advice: (complaint) => [listFindings(complaint), listRows(complaint), look(complaint)],
    weight: 45,
  },
  {
    id: 'prices-off-for-many',
    short: 'wrong prices',
    reasons: ['implausible_jump'],
    needs: ({ symbols }) => symbols.hit >= 3 && symbols.hit >= symbols.asked / 2,
    cause: ({ symbols }) =>
      `The prices of ${symbols.hit} of ${symbols.asked} symbols jumped at once, and no other source says the same: the source gives wrong prices.`,
    advice: (complaint) => [listFindings(complaint), listRows(complaint), look(complaint), pause(complaint)],
    weight: 65,
  },
  {
    id: 'price-off-for-a-few',
    short: 'a price that cannot be believed',
    reasons: ['implausible_jump'],
    cause: ({ symbols }) =>
      `The price of ${symbols.hit === 1 ? 'one symbol' : `${symbols.hit} symbols`} is too far off to be believed from one source: a wrong tick, a symbol that now means something else, or a real crash that no other source confirms yet.`,
    advice: (complaint) => [
      listFindings(complaint),
      listRows(complaint),
      say(
        'If the jump is real, the next session or the third answer confirms it; dismissing the finding does so at once.',
      ),
    ],
    weight: 25,
  },
  {
    id: 'clock-ahead',
    short: 'times in the future',
    reasons: ['future_time'],
    cause: () =>
      'Market times lie in the future: the clock of the source is wrong, or ours is, or it gives local times as UTC.',
    advice: (complaint) => [listRows(complaint), look(complaint)],
    weight: 50,
  },
  {
    id: 'no-positive-price',
    short: 'prices of zero or less',
    reasons: ['non_positive'],
    cause: () => 'The source gives 0 or less as a price, mostly in place of "no trade yet".',
    advice: (complaint) => [listRows(complaint)],
    weight: 20,
  },
  {
    id: 'other-currency',
    short: 'prices in another currency',
    reasons: ['source_mismatch'],
    cause: () =>
      'The source quotes in another currency than the listing trades in: the symbol means another listing there.',
    advice: (complaint) => [listRows(complaint), say('Correct how the source’s symbols map to listings.')],
    weight: 40,
  },
  {
    id: 'unasked-symbols',
    short: 'symbols that were not requested',
    reasons: ['unknown_listing'],
    cause: () => 'The source answers with symbols that were not requested: it renamed or redirects them.',
    advice: (complaint) => [listRows(complaint)],
    weight: 25,
  },
  {
    id: 'contradicting-rows',
    short: 'it contradicts itself',
    reasons: ['duplicate_conflict'],
    cause: () => 'The source contradicts itself within one answer: several rows of one time with different prices.',
    advice: (complaint) => [listRows(complaint), look(complaint)],
    weight: 30,
  },
  {
    id: 'old-state-served',
    short: 'its prices stand still',
    reasons: ['stale'],
    cause: () =>
      'The source answers, but with prices that stand still: it serves an old state from a cache, or its own feed stopped.',
    advice: (complaint) => [test(complaint), recover(complaint)],
    weight: 65,
  },
];
