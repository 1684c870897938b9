import { minute } from '../../instants.ts';
import { adaptParser, listRows, look, recover, replay, say, seePictures, test } from '../advice.ts';
import { allSay, hitsAll } from '../evidence.ts';
import type { SourceRule } from '../rule.ts';

/** Answers that cannot be read. */
export const formatRules: readonly SourceRule[] = [
  {
    id: 'cut-off-answers',
    short: 'answers are cut off',
    reasons: ['schema_drift'],
    needs: allSay('invalid_json', 'corrupt_body'),
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
    id: 'not-data',
    short: 'it sends something else than data',
    reasons: ['schema_drift'],
    needs: allSay('page_in_place_of_data', 'download'),
    cause: ({ samples }) =>
      samples.every(({ detail }) => detail?.code === 'download')
        ? 'The source sends a file to be saved where it sent data: it moved the data, or something between it and us answers in its place.'
        : 'The source sends a page for people where it sent data: it moved the data, or something between it and us (a portal, a proxy) answers in its place.',
    advice: (complaint) => [look(complaint), test(complaint)],
    weight: 75,
  },
  {
    id: 'answer-too-large',
    short: 'its answers are too large',
    reasons: ['schema_drift'],
    needs: allSay('too_large', 'page_too_complex'),
    cause: () =>
      'The answers are longer or more deeply nested than any answer of this source may be, so they are not read to their end.',
    advice: (complaint) => [look(complaint), adaptParser(complaint)],
    weight: 70,
  },
  {
    id: 'members-changed',
    short: 'its list has other members',
    reasons: ['schema_drift', 'implausible'],
    needs: allSay('members_changed'),
    cause: () =>
      'The list can be read, and its members differ from the last one as those of no index change: the source gives another list under this name, or names members as nobody else does. The last list is served meanwhile.',
    advice: (complaint) => [
      say(
        'Compare the two lists, and accept the new one if it is right:',
        `npx quotron findings list --source ${complaint.source.id}`,
      ),
      look(complaint),
    ],
    weight: 60,
  },
  {
    id: 'list-incomplete',
    short: 'its list is not whole',
    reasons: ['schema_drift'],
    needs: allSay('member_count', 'weights_sum', 'table_incomplete'),
    cause: () =>
      'The list has too few or too many members, or weights that do not add up: the page is cut off, or shows only a part. The last whole list is served meanwhile.',
    advice: (complaint) => [look(complaint), test(complaint), recover(complaint)],
    weight: 65,
  },
  {
    id: 'page-never-fills',
    short: 'its page never fills',
    reasons: ['down', 'schema_drift'],
    needs: allSay('still_loading', 'no_prices_notice', 'table_unfilled'),
    cause: ({ samples }) =>
      samples.every(({ detail }) => detail?.code === 'no_prices_notice')
        ? 'The page comes and says itself that it has no prices at the moment: what it asks for its data fails.'
        : 'The page comes, and its rows never do: what the page asks for its data fails, or it works in another way now.',
    advice: (complaint) => [seePictures(complaint), test(complaint), recover(complaint)].flatMap((step) => step ?? []),
    weight: 70,
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
