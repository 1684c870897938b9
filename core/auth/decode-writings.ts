import { longestName, namedReferences } from './character-references.ts';
import type { Span } from './find-texts.ts';

/** A text with one layer of escapes taken off, and where each of its units came from. */
export interface Decoded {
  readonly units: Uint16Array;
  readonly length: number;
  /** Where a span of this text stands in the text that it was made of. */
  sourceOf(span: Span): Span;
}

const percent = 37;
const ampersand = 38;
const backslash = 92;
const zero = 48;
const semicolon = 59;
const letters = new Map([...'bfnrt'].map((letter, at) => [letter.charCodeAt(0), '\b\f\n\r\t'.charCodeAt(at)]));

/** One escape: the units that it stands for, and how many it takes. */
interface Escape {
  readonly units: readonly number[];
  readonly taken: number;
}

/**
 * Takes one layer of escapes off: percent-encoding (UTF-8, else Latin-1), character references of HTML, and the backslash
 * escapes of JSON and its relatives. `null` where there are none. Linear in the length of the text.
 */
export function decodeEscapes(units: Uint16Array, length: number): Decoded | null {
  return rewritten(units, length, (at) => {
    switch (units[at]) {
      case percent:
        return percentEscape(units, at, length);
      case ampersand:
        return characterReference(units, at, length);
      case backslash:
        return backslashEscape(units, at, length);
      default:
        return null;
    }
  });
}

const nothing: readonly number[] = [];

/** Takes line breaks out, with the white space after them: what base64 is broken into lines by. `null` where there are none. */
export function joinLines(units: Uint16Array, length: number): Decoded | null {
  return rewritten(units, length, (at) => {
    const first = units[at];
    if (first !== 10 && first !== 13) return null;
    let end = at + 1;
    while (end < length && isSpace(units[end] ?? 0)) end++;
    return { units: nothing, taken: end - at };
  });
}

/** A copy in which each escape is replaced by what it stands for. */
function rewritten(units: Uint16Array, length: number, escapeAt: (at: number) => Escape | null): Decoded | null {
  const out = new Uint16Array(length);
  // For each escape: where it begins in the copy, where it begins in the source, and where it ends in both.
  let marks = new Uint32Array(256);
  let count = 0;
  let to = 0;
  for (let at = 0; at < length; ) {
    const unit = units[at] ?? 0;
    // All that may begin an escape are among these.
    const escaped =
      unit === percent || unit === ampersand || unit === backslash || unit === 10 || unit === 13 ? escapeAt(at) : null;
    if (escaped === null) {
      out[to++] = unit;
      at++;
      continue;
    }
    if ((count + 1) * 4 > marks.length) {
      const longer = new Uint32Array(marks.length * 2);
      longer.set(marks);
      marks = longer;
    }
    marks.set([to, at, to + escaped.units.length, at + escaped.taken], count * 4);
    count++;
    for (const each of escaped.units) out[to++] = each;
    at += escaped.taken;
  }
  if (count === 0) return null;
  const sourceOfUnit = (at: number): Span => {
    // The last escape that begins at or before the unit.
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((marks[middle * 4] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return { from: at, to: at + 1 };
    const [, from = 0, end = 0, sourceEnd = 0] = marks.subarray((low - 1) * 4, low * 4);
    if (at < end) return { from, to: sourceEnd };
    return { from: sourceEnd + (at - end), to: sourceEnd + (at - end) + 1 };
  };
  return {
    units: out,
    length: to,
    sourceOf: (span) => ({ from: sourceOfUnit(span.from).from, to: sourceOfUnit(span.to - 1).to }),
  };
}

/** `%41`; of bytes that are no ASCII, all that follow each other. */
function percentEscape(units: Uint16Array, at: number, length: number): Escape | null {
  const first = byteAt(units, at, length);
  if (first < 0) return null;
  if (first < 0x80) return { units: [first], taken: 3 };
  const bytes = [first];
  // Four bytes are one letter. Longer ones are several escapes.
  for (let next = at + 3; bytes.length < 4; next += 3) {
    const byte = byteAt(units, next, length);
    if ((byte & 0xc0) !== 0x80) break;
    bytes.push(byte);
  }
  const needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
  if (needed > 1 && bytes.length >= needed)
    return { units: unitsOfPoint(pointOf(bytes.slice(0, needed))), taken: needed * 3 };
  return { units: [first], taken: 3 };
}

function byteAt(units: Uint16Array, at: number, length: number): number {
  return at + 2 < length && units[at] === percent ? hexAt(units, at + 1, 2) : -1;
}

function pointOf([first = 0, ...rest]: readonly number[]): number {
  return rest.reduce((point, byte) => point * 64 + (byte & 0x3f), first & (0x3f >> rest.length));
}

/** `&#233;`, `&#xE9;`, `&eacute;`, with or without the semicolon where there is a number. */
function characterReference(units: Uint16Array, at: number, length: number): Escape | null {
  if (units[at + 1] === 35) {
    const hex = ((units[at + 2] ?? 0) | 32) === 120;
    const start = at + (hex ? 3 : 2);
    let point = 0;
    let end = start;
    for (; end < length && end < start + 10; end++) {
      const digit = digitOf(units[end] ?? 0);
      if (digit < 0 || (!hex && digit > 9)) break;
      point = point * (hex ? 16 : 10) + digit;
    }
    if (end === start || point === 0 || point > 0x10ffff) return null;
    return { units: unitsOfPoint(point), taken: end - at + (end < length && units[end] === semicolon ? 1 : 0) };
  }
  const last = Math.min(length, at + 2 + longestName);
  let end = at + 1;
  while (end < last && isAlphanumeric(units[end] ?? 0)) end++;
  if (end >= length || units[end] !== semicolon) return null;
  const unit = namedReferences.get(String.fromCharCode(...units.subarray(at + 1, end)).toLowerCase());
  return unit === undefined ? null : { units: [unit], taken: end + 1 - at };
}

/** `\u00e9`, `\u{e9}`, `\U000000e9`, `\xe9`, `\n` and its like; a backslash before punctuation is taken off. */
function backslashEscape(units: Uint16Array, at: number, length: number): Escape | null {
  const next = at + 1 < length ? (units[at + 1] ?? 0) : 0;
  const digits = (count: number) => (at + 2 + count <= length ? hexAt(units, at + 2, count) : -1);
  if (next === 117 && units[at + 2] === 123) {
    let end = at + 3;
    while (end < length && end < at + 9 && digitOf(units[end] ?? 0) >= 0) end++;
    if (end === at + 3 || units[end] !== 125) return null;
    const point = hexAt(units, at + 3, end - at - 3);
    return point > 0x10ffff ? null : { units: unitsOfPoint(point), taken: end + 1 - at };
  }
  const [count, width] = next === 117 ? [4, 6] : next === 85 ? [8, 10] : next === 120 ? [2, 4] : [0, 0];
  if (count > 0) {
    const point = digits(count);
    return point < 0 || point > 0x10ffff ? null : { units: unitsOfPoint(point), taken: width };
  }
  const letter = letters.get(next);
  if (letter !== undefined) return { units: [letter], taken: 2 };
  return next > 32 && next < 127 && !isAlphanumeric(next) ? { units: [next], taken: 2 } : null;
}

/** The value of hexadecimal digits, or -1. */
function hexAt(units: Uint16Array, at: number, count: number): number {
  let value = 0;
  for (let each = at; each < at + count; each++) {
    const digit = digitOf(units[each] ?? 0);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function digitOf(unit: number): number {
  if (unit >= zero && unit <= 57) return unit - zero;
  const lower = unit | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function isAlphanumeric(unit: number): boolean {
  return (unit >= zero && unit <= 57) || ((unit | 32) >= 97 && (unit | 32) <= 122);
}

function isSpace(unit: number): boolean {
  return unit === 32 || unit === 9 || unit === 10 || unit === 13;
}

function unitsOfPoint(point: number): number[] {
  return point < 0x10000 ? [point] : [0xd800 + ((point - 0x10000) >> 10), 0xdc00 + (point & 0x3ff)];
}
