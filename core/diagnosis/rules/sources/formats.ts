import { minute } from '../../instants.ts';
import { adaptParser, listRows, look, replay, test } from '../advice.ts';
import { hitsAll } from '../evidence.ts';
import type { SourceRule } from '../rule.ts';

/** Answers that cannot be read. */
export const formatRules: readonly SourceRule[] = [
  {
    id: 'cut-off-answers',
    short: 'answers are cut off',
    reasons: ['schema_drift'],
    needs: ({ samples }) =>
      samples.every(({ detail }) => detail?.code === 'invalid_json' || detail?.code === 'corrupt_body'),
    cause: () =>
      'The answers end in the middle: the source, or something between it and us, cuts them off. Its format need not have changed.',
    advice: (complaint) => [look(complaint), test(complaint)],
    weight: 70,
  },
  {
    id: 'parser-fails',
    short: 'its parser fails',
    reasons: ['unexplained'],
    needs: ({ samples }) =>
      samples.some(({ detail }) => detail?.code === 'parser_failed' || detail?.code === 'parser_too_slow'),
    cause: () =>
      'The parser of this source fails on its answers, or does not come to an end: a mistake in Quotron, which the answers bring to light.',
    advice: (complaint) => [look(complaint), adaptParser(complaint), test(complaint)],
    weight: 75,
  },
  {
    id: 'format-changed',
    short: 'it changed its format',
    reasons: ['schema_drift', 'schema'],
    needs: hitsAll,
    cause: ({ firstAt, symbols, jobs }) =>
      `The source changed the format of ${jobs.length === 0 ? 'its answers' : `what ${jobs.join(' and ')} read`}: since ${minute(firstAt)} ${symbols.asked > 1 ? `none of the ${symbols.asked} symbols fits` : 'nothing fits'} the schema any more.`,
    advice: (complaint) => [
      look(complaint),
      adaptParser(complaint),
      ...(complaint.subject === 'rows' ? [listRows(complaint), replay(complaint)] : [test(complaint)]),
    ],
    weight: 75,
  },
  {
    id: 'odd-answers-on-some-symbols',
    short: 'some symbols cannot be read',
    reasons: ['schema_drift', 'schema'],
    cause: ({ symbols }) =>
      `Answers on ${symbols.hit} of ${symbols.asked} symbols do not fit the schema, the others do: these symbols are of a kind that the parser does not know, or the change is being rolled out.`,
    advice: (complaint) => [
      look(complaint),
      ...(complaint.subject === 'rows' ? [listRows(complaint)] : []),
      adaptParser(complaint),
    ],
    weight: 40,
  },
];
