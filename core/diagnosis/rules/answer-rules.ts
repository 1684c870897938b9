import { minute } from '../instants.ts';
import {
  adaptParser,
  listRows,
  readAnswer,
  replayRows,
  type SourceRule,
  say,
  testSource,
  wholeJob,
} from './source-rule.ts';

/** What answers are made of: their format, and what they have nothing on. In order: the particular before the general. */
export const answerRules: readonly SourceRule[] = [
  {
    id: 'cut-off-answers',
    short: 'answers break off',
    reasons: ['schema_drift'],
    needs: ({ samples }) => samples.every(({ detail }) => detail?.code === 'invalid_json'),
    cause: () =>
      'The answers break off in the middle: the source, or something between it and us, cuts them. Its format need not have changed.',
    advice: (complaint) => [readAnswer(complaint), testSource(complaint)],
    weight: 70,
  },
  {
    id: 'format-changed',
    short: 'it changed its format',
    reasons: ['schema_drift', 'schema'],
    needs: wholeJob,
    cause: ({ firstAt, symbols, jobs }) =>
      `The source changed the format of ${jobs.length === 0 ? 'its answers' : `what ${jobs.join(' and ')} read`}: since ${minute(firstAt)} ${symbols.asked > 1 ? `none of the ${symbols.asked} symbols fits` : 'nothing fits'} the schema any more.`,
    advice: (complaint) => [
      readAnswer(complaint),
      adaptParser(complaint),
      ...(complaint.subject === 'rows' ? [listRows(complaint), replayRows(complaint)] : [testSource(complaint)]),
    ],
    weight: 75,
  },
  {
    id: 'odd-answers-on-some-symbols',
    short: 'some symbols cannot be read',
    reasons: ['schema_drift', 'schema'],
    cause: ({ symbols }) =>
      `Answers on ${symbols.hit} of ${symbols.asked} symbols do not fit the schema, those on the others do: these symbols are of a kind that the parser does not know, or the change is being rolled out.`,
    advice: (complaint) => [
      readAnswer(complaint),
      ...(complaint.subject === 'rows' ? [listRows(complaint)] : []),
      adaptParser(complaint),
    ],
    weight: 40,
  },
  {
    id: 'address-changed',
    short: 'its addresses changed',
    reasons: ['not_found'],
    needs: wholeJob,
    cause: () => 'The source knows nothing of what was asked for, whatever the symbol: its paths changed.',
    advice: (complaint) => [readAnswer(complaint), adaptParser(complaint)],
    weight: 75,
  },
  {
    id: 'nothing-on-anything',
    short: 'it gives nothing any more',
    reasons: ['no_data'],
    needs: wholeJob,
    cause: () =>
      'The answers are in order and empty, whatever the symbol: the source has stopped giving this to us, or names its symbols anew.',
    advice: (complaint) => [readAnswer(complaint), testSource(complaint)],
    weight: 65,
  },
  {
    id: 'symbols-gone',
    short: 'some symbols are gone',
    reasons: ['not_found', 'no_data'],
    cause: ({ symbols }) =>
      `The source has nothing on ${symbols.hit} of ${symbols.asked} symbols: delisted, renamed, or never there.`,
    advice: ({ source }) => [
      say(`Take them out of the list in core/sources/${source.id}/source.ts or of QUOTRON_SYMBOLS.`),
    ],
    weight: 20,
  },
  {
    id: 'request-refused',
    short: 'it refuses our requests',
    reasons: ['bad_request'],
    needs: wholeJob,
    cause: ({ jobs }) =>
      `The source refuses every request of ${jobs.join(' and ') || 'this kind'} as it is made: it wants other parameters than before, or another plan of the account.`,
    advice: (complaint) => [readAnswer(complaint), adaptParser(complaint)],
    weight: 70,
  },
  {
    id: 'symbols-refused',
    short: 'it refuses some symbols',
    reasons: ['bad_request'],
    cause: ({ symbols }) =>
      `The source refuses requests on ${symbols.hit} of ${symbols.asked} symbols: it does not have them.`,
    advice: ({ source }) => [
      say(`Take them out of the list in core/sources/${source.id}/source.ts or of QUOTRON_SYMBOLS.`),
    ],
    weight: 20,
  },
];
