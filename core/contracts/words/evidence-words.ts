import type { FindingEvidence, FindingProposal, PriceWitness } from './price-findings.ts';

const witnesses: Readonly<Record<PriceWitness, string>> = {
  stored_quote: 'the stored price',
  market_price: 'the market price of the same answer',
  previous_close: 'the previous close of the same answer',
  traded_rows: 'the rows around it that were traded',
  other_source: 'another source',
  surroundings: 'the rows around it',
};

/**
 * What speaks for a finding, in a sentence for people. Rules and pages decide by `code`, never by this. `names` from a source
 * are in it as they came.
 *
 * @example
 * evidenceInWords({ code: 'frozen', rows: 12 }) // '12 rows in a row have the same price.'
 */
export function evidenceInWords(evidence: FindingEvidence): string {
  switch (evidence.code) {
    case 'other_unit':
      return `The price times ${figure(evidence.factor)} is what ${witnesses[evidence.witness]} has: it is in another unit (${evidence.fields.join(', ')}).`;
    case 'inverted':
      return `The price is the reciprocal of ${witnesses[evidence.witness]}: the pair the other way round.`;
    case 'unit_undecided':
      return `The series steps by a factor of ${figure(evidence.factor)}, as of a unit, and nothing says which side is right.`;
    case 'split_not_applied':
      return `The split of ${ratio(evidence.ratio)} on ${evidence.exDate} is not in the price (${evidence.fields.join(', ')}).`;
    case 'split_applied_twice':
      return `The split of ${ratio(evidence.ratio)} on ${evidence.exDate} is in the price twice (${evidence.fields.join(', ')}).`;
    case 'split_told_twice':
      return `The source has the split of ${ratio(evidence.ratio)} on ${evidence.exDate} too.`;
    case 'split_not_seen':
      return `The price moved by a factor of ${figure(evidence.moved)}, where the split says ${ratio(evidence.ratio)}.`;
    case 'split_not_told':
      return `The price moved by a factor of ${figure(evidence.moved)} on a quiet day, as after a split of ${ratio(evidence.ratio)}, and no source names one.`;
    case 'price_off':
      return `${rows(evidence.rows)} ${evidence.rows === 1 ? 'is' : 'are'} ${figure(evidence.ratio)} times ${witnesses[evidence.witness]}.`;
    case 'outside_range':
      return `Outside its own low and high: ${evidence.fields.join(', ')}.`;
    case 'far_from_close':
      return `Far from the close of the same bar: ${evidence.fields.join(', ')}.`;
    case 'frozen':
      return `${rows(evidence.rows)} have the same price.`;
    case 'volume_unit':
      return `The volume times ${figure(evidence.factor)} is what it was before.`;
    case 'closed_day':
      return 'A bar on a day on which the exchange is closed.';
    case 'history_moved':
      return `The source said ${figure(evidence.stored)} before, and says ${figure(evidence.ratio)} times that now.`;
    case 'action_changed':
      return `The source said ${figure(evidence.stored)} of it before, and says ${figure(evidence.ratio)} times that now.`;
    case 'dividend_unit':
      return `The amount times ${figure(evidence.factor)} fits: as it stands it is ${share(evidence.amount)} of the close before, and the price fell by ${share(evidence.fall)}.`;
    case 'dividend_exceeds_price':
      return `The amount is ${share(evidence.amount)} of the close before.`;
    case 'dividend_not_seen':
      return `The amount is ${share(evidence.amount)} of the close before, and the price fell by ${share(evidence.fall)}.`;
    case 'dividend_twice':
      return `The same payment stands at ${evidence.exDate} too, where the price fell by ${share(evidence.other)}; here it fell by ${share(evidence.fall)}.`;
    case 'dividend_redated':
      return `The adjusted close has the payment at ${evidence.exDate}.`;
    case 'dividend_currency':
      return `Paid in ${evidence.currency}, where the listing has ${evidence.expected}.`;
    case 'gain_within_dividend':
      return `The capital gain is in the dividend already: ${share(evidence.amount)} of the close before, and the price fell by ${share(evidence.fall)}.`;
    case 'adjustment_differs':
      return `The adjusted close takes off ${share(evidence.adjusted)}, where the payments are ${share(evidence.amount)}.`;
    case 'adjustment_unexplained':
      return `The adjusted close takes off ${share(evidence.adjusted)}, and no payment or split explains it.`;
    case 'unlike_sources':
      return `${figure(evidence.ratio)} times the price of ${evidence.sources === 1 ? 'another source' : `${evidence.sources} other sources`}.`;
    case 'unlike_own_bar':
      return `${figure(evidence.ratio)} times the close of its own bar.`;
    case 'members_changed': {
      const [before, after] = [new Set(evidence.before), new Set(evidence.after)];
      const joined = evidence.after.filter((symbol) => !before.has(symbol)).length;
      const left = evidence.before.filter((symbol) => !after.has(symbol)).length;
      const unknown = evidence.unknown.length === 0 ? '' : `; nobody knows ${evidence.unknown.length} of them`;
      return `Of ${evidence.before.length} members ${left} left and ${joined} joined at once${unknown}.`;
    }
    case 'another_name':
      return `Called “${evidence.said}” since ${evidence.from}, “${evidence.known}” before.`;
    case 'another_venue':
      return `At ${evidence.said} since ${evidence.from}, where other sources have ${evidence.known}.`;
    default:
      return evidence satisfies never;
  }
}

/** What the row should be, in a few words: `price 19.50 in place of 1950`, `is to be dropped`. */
export function proposalInWords({ field, from, to }: FindingProposal): string {
  return to === null ? `${from}: is to be dropped` : `${field.replaceAll('_', ' ')} ${to} in place of ${from}`;
}

function rows(count: number): string {
  return `${count} ${count === 1 ? 'row' : 'rows in a row'}`;
}

function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function ratio(value: number): string {
  return value >= 1 ? `${figure(value)}:1` : `1:${figure(1 / value)}`;
}

function share(value: number): string {
  return `${figure(value * 100)} %`;
}
