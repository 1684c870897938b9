import { type DecimalText, decimalFromText } from '../../market/decimal.ts';

/** No figure takes more characters: a hostile text may have millions. */
const longest = 48;

/** Characters that nobody sees, a byte order mark and marks of direction among them. */
const unseen = /\p{Cf}+/gu;
/** What is written for a minus: hyphens, dashes, the mathematical sign, the small and the wide one. */
const minuses = /[\u2010-\u2013\u2212\u207b\ufe58\ufe63\uff0d]/g;
const pluses = /[\u207a\ufe62\uff0b]/g;

/** Digits, with commas, spaces or apostrophes between the thousands. */
const figure = /^(\()? ?([-+])? ?((?:\d{1,3}(?:([, '])\d{3}(?:\4\d{3})*)|\d+)(?:\.\d+)?|\.\d+) ?(%)? ?(-)? ?(\))?$/;

/**
 * The number in a text that is written for people, or `null`: with a typographic minus, spaces that do not break, thousands
 * that are set apart, and the accountant's negatives `(1.21)` and `1.21-`.
 *
 * @example
 * numberFromText('\u22121,634.20') // '-1634.20'
 * numberFromText('(1.21)') // '-1.21'
 * numberFromText('0.76%') // null
 */
export function numberFromText(text: string): DecimalText | null {
  return read(text, false);
}

/**
 * As `numberFromText`, of a text that may end with a sign of per cent.
 *
 * @example
 * percentFromText('0.76 %') // '0.76'
 */
export function percentFromText(text: string): DecimalText | null {
  return read(text, true);
}

function read(text: string, percent: boolean): DecimalText | null {
  if (text.length > longest) return null;
  const plain = text
    .replaceAll(unseen, '')
    .replaceAll(/[\s\p{Zs}]+/gu, ' ')
    .replaceAll(minuses, '-')
    .replaceAll(pluses, '+')
    .replaceAll('\u2019', "'")
    .replaceAll('\uff05', '%')
    .trim();
  const { figures, falls } = withoutArrow(plain);
  const [, opened, sign, digits, , percentSign, trailing, closed] = figure.exec(figures) ?? [];
  if (digits === undefined || (opened === undefined) !== (closed === undefined)) return null;
  if ((percentSign !== undefined && !percent) || (sign !== undefined && trailing !== undefined)) return null;
  const magnitude = decimalFromText(digits.replaceAll(/[, ']/g, '').replace(/^\./, '0.'));
  if (magnitude === null) return null;
  const isNegative = falls || sign === '-' || trailing === '-' || (opened !== undefined && sign === undefined);
  return isNegative ? `-${magnitude}` : magnitude;
}

/** A triangle or arrow before or after the figures: it says what a sign would. */
function withoutArrow(text: string): { readonly figures: string; readonly falls: boolean } {
  const arrow =
    /^[\u25b2\u25b3\u25b4\u25b5\u2191\u{1f53a}\u25bc-\u25bf\u2193\u{1f53b}]|[\u25b2\u25b3\u25b4\u25b5\u2191\u{1f53a}\u25bc-\u25bf\u2193\u{1f53b}]$/u.exec(
      text,
    )?.[0];
  if (arrow === undefined) return { figures: text, falls: false };
  return { figures: text.replace(arrow, '').trim(), falls: /[\u25bc-\u25bf\u2193\u{1f53b}]/u.test(arrow) };
}
