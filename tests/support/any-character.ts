import * as fc from 'fast-check';

/** Half of a pair: none of these is a character. */
const surrogates = { from: 0xd800, count: 0x800 };

/**
 * Any character of Unicode, each one code point: what fast-check calls `binary`, without the table of a million characters
 * that it makes for that.
 */
export const anyCharacter: fc.Arbitrary<string> = fc.nat(0x10ffff - surrogates.count).map(
  (at) => String.fromCodePoint(at < surrogates.from ? at : at + surrogates.count),
  (character) => {
    const at = typeof character === 'string' ? (character.codePointAt(0) ?? -1) : -1;
    if (at === -1 || String.fromCodePoint(at) !== character) throw new Error('This is not one character.');
    return at < surrogates.from ? at : at - surrogates.count;
  },
);

/** Names that every object has, or is asked for: text from outside that says one of them is text like any other. */
export const inheritedNames = [
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__proto__',
  '__defineGetter__',
] as const;
