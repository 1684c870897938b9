import { adaptParser, dropSymbols, look, say, test } from '../advice.ts';
import { allSay, hitsAll } from '../evidence.ts';
import type { SourceRule } from '../rule.ts';

/** An error in words that nobody knows: the request need not be at fault. */
const isUnknownError = allSay('unknown_error');

/** What the source does not know, does not have, or does not take. */
export const requestRules: readonly SourceRule[] = [
  {
    id: 'address-changed',
    short: 'its addresses changed',
    reasons: ['not_found'],
    needs: hitsAll,
    cause: () => 'The source knows nothing that was requested, whatever the symbol: its paths changed.',
    advice: (complaint) => [look(complaint), adaptParser(complaint)],
    weight: 75,
  },
  {
    id: 'nothing-on-anything',
    short: 'it gives nothing any more',
    reasons: ['no_data'],
    needs: hitsAll,
    cause: () =>
      'The answers are in order and empty, whatever the symbol: the source has stopped giving this to us, or renamed its symbols.',
    advice: (complaint) => [look(complaint), test(complaint)],
    weight: 65,
  },
  {
    id: 'symbols-gone',
    short: 'some symbols are gone',
    reasons: ['not_found', 'no_data'],
    cause: ({ symbols }) =>
      `The source has nothing on ${symbols.hit} of ${symbols.asked} symbols: delisted, renamed, or never there.`,
    advice: (complaint) => [dropSymbols(complaint)],
    weight: 20,
  },
  {
    id: 'address-not-allowed',
    short: 'its address is not allowed',
    reasons: ['bad_request'],
    needs: allSay('blocked_address'),
    cause: () =>
      'Quotron itself did not send the requests: they would have gone to an address that is not one of the source, or is a private one. A setting is wrong, or the name of the source leads somewhere else.',
    advice: ({ source }) => [
      say(`Compare where the name of the source leads with the origins in core/sources/${source.id}/source.ts.`),
    ],
    weight: 75,
  },
  {
    id: 'request-refused',
    short: 'it refuses our requests',
    reasons: ['bad_request'],
    needs: (complaint) => hitsAll(complaint) && !isUnknownError(complaint),
    cause: ({ jobs }) =>
      `The source refuses every request of ${jobs.join(' and ') || 'this kind'} as it is made: it wants other parameters than before, or another plan of the account.`,
    advice: (complaint) => [look(complaint), adaptParser(complaint)],
    weight: 70,
  },
  {
    id: 'symbols-refused',
    short: 'it refuses some symbols',
    reasons: ['bad_request'],
    needs: (complaint) => !isUnknownError(complaint),
    cause: ({ symbols }) =>
      `The source refuses requests on ${symbols.hit} of ${symbols.asked} symbols: it does not have them.`,
    advice: (complaint) => [dropSymbols(complaint)],
    weight: 20,
  },
];
