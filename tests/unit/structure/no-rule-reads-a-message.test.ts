import { describe, expect, it } from 'vitest';
import { realTree, type SourceTree, withoutComments } from '../../support/source-tree.ts';

/** Where something is decided. */
const rooms = ['core/health/', 'core/diagnosis/', 'core/recovery/', 'functions/recover/', 'functions/monitor/'];

const inText =
  'includes|startsWith|endsWith|match|matchAll|split|search|indexOf|lastIndexOf|replace|replaceAll|slice|substring|at|charAt|localeCompare|trim|toLowerCase|toUpperCase|length';
/** A text for people: a message, or `detail` where it is used as text. Either may be an optional property, or given a fallback. */
const words = String.raw`(?:\w+\??\.)*\b(?:message|detail)\b(?:\s*\?\?\s*(?:''|""))?\)?`;
const reads = [
  // message.includes(…), (message ?? '').split(…)
  new RegExp(String.raw`${words}\s*\??\.(?:${inText})\b`, 'g'),
  // /…/.test(message), said.exec(message ?? ''), text.match(message), known.has(message)
  new RegExp(String.raw`\.(?:test|exec|match|has|get|includes|indexOf|startsWith|endsWith)\(\s*${words}`, 'g'),
  // message === '…', a.message !== b.message; whether there is one may be asked
  new RegExp(String.raw`${words}\s*[!=]==?(?!=)(?!\s*(?:null|undefined)\b)`, 'g'),
  new RegExp(String.raw`(?<!\b(?:null|undefined)\s*)(?<![!=])[!=]==?\s*${words}(?![\w.])`, 'g'),
  // const text = failure.message, String(message), Object.is(message, …): under another name it would be out of sight
  new RegExp(String.raw`\b(?:const|let)\s+\w+(?:\s*:\s*[\w\s|]+)?\s*=\s*${words}\s*;`, 'g'),
  new RegExp(String.raw`\b(?:String|Object\.is)\(\s*${words}`, 'g'),
  new RegExp(String.raw`\bswitch\s*\(\s*${words}\s*\)`, 'g'),
  // groups and sets by message
  new RegExp(String.raw`=>\s*${words}\s*\)`, 'g'),
  new RegExp(String.raw`new (?:Set|Map)\(\s*\[?\s*${words}`, 'g'),
  // { message: said } => …: under another name it would be out of sight
  /\bmessage:\s*\w+\b[^{}]*\}\s*(?::[^=;)]*)?(?:\)\s*=>|=(?![=>]))/g,
];

/** Rule 6: no rule matches the wording of our own messages. */
function offences(tree: SourceTree): string[] {
  return [...tree]
    .filter(([file]) => rooms.some((room) => file.startsWith(room)))
    .flatMap(([file, text]) =>
      reads.flatMap((read) => [...withoutComments(text).matchAll(read)].map(([found]) => `${file}: ${found.trim()}`)),
    );
}

describe('no rule reads a message', () => {
  it('in the tree as it stands', () => {
    const tree = realTree();
    for (const room of rooms)
      expect([...tree.keys()].filter((file) => file.startsWith(room)).length).toBeGreaterThan(1);
    expect(offences(tree)).toEqual([]);
  });

  it.each([
    [
      'a sentence',
      `needs: ({ samples }) => samples.every(({ message }) => message === 'The answer is not whole JSON.')`,
    ],
    ['a sentence from the other side', `if ('It is down.' === task.message) return true;`],
    ['its beginning', `samples.some(({ message }) => message?.startsWith('There is no browser') ?? false)`],
    ['a pattern', String.raw`const found = /^The source answered (\d{3})\b/.exec(message ?? '');`],
    ['a pattern by its name', `if (limited.test(task.message ?? '')) return true;`],
    ['the parts of a text', `const [word = ''] = (detail ?? '').split(': ');`],
    ['the parts of a property', `const [word] = step?.detail.split(': ');`],
    ['a word in it', `if (end.message.includes('quota')) return 'limit';`],
    ['another message', `const others = newest.filter((sample) => sample.message !== first.message);`],
    ['a switch', `switch (failure.message) { default: }`],
    ['a set', `const known = new Set([failure.message]);`],
    ['a group', `Map.groupBy(tasks, (task) => task.message)`],
    ['another name', `const { message: said } = failure;`],
    ['a name of its own', `const said = failure.message;\nreturn said.startsWith('The source');`],
    ['a copy', `if (String(failure.message) === 'It is down.') return;`],
    ['another name of a parameter', `samples.some(({ message: said }) => said)`],
  ])('refuses %s', (_, text) => {
    for (const room of rooms) expect(offences(new Map([[`${room}a.ts`, text]]))).not.toEqual([]);
  });

  it.each([
    ['a code', `samples.every(({ detail }) => detail?.code === 'invalid_json')`],
    ['whether there is a message', `if (task.message === null || undefined !== task.message) return;`],
    ['a message that is passed on', 'return { status, reason, message: job.id + failure.message };'],
    ['a comment', `// message.includes('x')`],
  ])('allows %s', (_, text) => {
    expect(offences(new Map([['core/health/a.ts', text]]))).toEqual([]);
  });

  it('looks where something is decided, and nowhere else', () => {
    expect(offences(new Map([['core/adapters/http/a.ts', `/net::/.exec(error.message)`]]))).toEqual([]);
  });
});
