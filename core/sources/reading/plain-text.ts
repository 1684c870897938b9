/** What nobody sees or what changes how its neighbours are shown: control characters, marks of direction, halves of a pair. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}]+/gu;

/** Words of ASCII with a space between them: nearly every name, and nothing in it to change. */
const plain = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

/**
 * A text of a source as people may be shown it: one line, without control characters and marks of direction, of at most
 * `most` characters.
 */
export function plainText(text: string, most = 200): string {
  if (text.length <= most && plain.test(text)) return text;
  // Cut first: a hostile text may have millions of characters.
  const line = text
    .slice(0, most * 20)
    .replaceAll(/[\s\p{Z}]+/gu, ' ')
    .replaceAll(unseen, '')
    .trim();
  return line.length <= most ? line : [...line].slice(0, most).join('').trim();
}
