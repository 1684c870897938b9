/**
 * Binds a summary to the findings of its report. Each sentence cites what it is about, and is left out where it cites
 * nothing, or says of it what the finding does not: another source, another cause, or that all is well.
 */
import type { Citable } from '../../contracts/citable.ts';
import { causes, causeWords } from '../../contracts/words/causes.ts';

const citation = /\[(f\d{1,3}|s)\]/g;
/** Words by which something is well. A sentence of a fault that has one contradicts it, whatever else it says. */
const wellWords: readonly string[] = [
  ...[
    'healthy',
    'well',
    'fine',
    'ok',
    'okay',
    'normal',
    'normally',
    'works',
    'working',
    'healed',
    'recovered',
    'resolved',
  ],
  ...[
    'available',
    'reachable',
    'correct',
    'stable',
    'good',
    'up',
    'no problem',
    'no problems',
    'no fault',
    'no faults',
  ],
  ...['no issue', 'no issues', 'nothing is wrong', 'nothing to do', 'as expected', 'can be ignored', 'harmless'],
];

/** That something works again is no cause: the words of what is well have it. */
const ofCauses = causes.filter((cause) => cause !== 'on_the_mend').map((cause) => causeWords[cause]);

/** What the model is told that it may cite, a line each. */
export function citablesInWords(citables: readonly Citable[]): string {
  return citables.map(({ id, title }) => `[${id}] ${title}`).join('\n');
}

/** A text without its citations. */
export function withoutCitations(text: string): string {
  return text
    .replaceAll(new RegExp(String.raw`\s*(?:${citation.source})`, 'g'), '')
    .replaceAll(/[ \t]{2,}/g, ' ')
    .trim();
}

/** The sentences that say of what they cite what the report says, without the citations; `''` where none does. */
export function boundSentences(text: string, citables: readonly Citable[]): string {
  const known = new Map(citables.map((each) => [each.id, each]));
  const named = citables.flatMap(({ names }) => names);
  return sentencesOf(text)
    .filter((sentence) => {
      const ids = [...sentence.matchAll(citation)].map(([, id = '']) => id);
      const cited = ids.flatMap((id) => known.get(id) ?? []);
      return ids.length > 0 && cited.length === ids.length && !contradicts(withoutCitations(sentence), cited, named);
    })
    .map(withoutCitations)
    .join(' ');
}

/** A citation after the full stop belongs to the sentence before it. */
function sentencesOf(text: string): string[] {
  const ended = text.replaceAll(
    /([.!?])\s*((?:\[(?:f\d{1,3}|s)\]\s*)+)/g,
    (_, stop: string, ids: string) => ` ${ids.trim()}${stop} `,
  );
  return ended
    .split(/(?<=[.!?;])\s+|\n+/)
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function contradicts(sentence: string, cited: readonly Citable[], named: readonly string[]): boolean {
  const own = cited.map(({ title, text }) => `${title} ${text}`).join(' ');
  const ownNames = new Set(cited.flatMap(({ names }) => names.map((name) => name.toLowerCase())));
  const isOthers = (name: string) => !ownNames.has(name.toLowerCase()) && has(sentence, name) && !has(own, name);
  if (named.some(isOthers)) return true;
  if (ofCauses.some((words) => has(sentence, words) && !has(own, words))) return true;
  return !cited.every(({ isWell }) => isWell) && wellWords.some((words) => has(sentence, words) && !has(own, words));
}

/** Whether a text has the words, as words. */
function has(text: string, words: string): boolean {
  const [small, wanted] = [text.toLowerCase(), words.toLowerCase()];
  for (let at = small.indexOf(wanted); at !== -1; at = small.indexOf(wanted, at + 1)) {
    const around = [small[at - 1] ?? ' ', small[at + wanted.length] ?? ' '];
    if (!around.some((each) => /[\p{L}\p{N}]/u.test(each))) return true;
  }
  return false;
}
