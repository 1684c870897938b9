/*
 * Named character references of HTML for what a secret may hold: ASCII punctuation and the letters of Latin-1. Lower case:
 * writers differ, and so do `&Eacute;` and `&eacute;`, which are compared alike.
 */

const punctuation = {
  tab: 9,
  newline: 10,
  excl: 33,
  quot: 34,
  num: 35,
  dollar: 36,
  percnt: 37,
  amp: 38,
  apos: 39,
  lpar: 40,
  rpar: 41,
  ast: 42,
  midast: 42,
  plus: 43,
  comma: 44,
  period: 46,
  sol: 47,
  colon: 58,
  semi: 59,
  lt: 60,
  equals: 61,
  gt: 62,
  quest: 63,
  commat: 64,
  lsqb: 91,
  lbrack: 91,
  bsol: 92,
  rsqb: 93,
  rbrack: 93,
  hat: 94,
  lowbar: 95,
  underbar: 95,
  grave: 96,
  diacriticalgrave: 96,
  lcub: 123,
  lbrace: 123,
  verbar: 124,
  vert: 124,
  verticalline: 124,
  rcub: 125,
  rbrace: 125,
} as const;

/** From U+00A0 on, in order. */
const latin1 =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml times oslash ugrave uacute ucirc uuml yacute thorn szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml';

/** The UTF-16 unit of a name in lower case. */
export const namedReferences: ReadonlyMap<string, number> = new Map<string, number>([
  ...latin1.split(' ').map((name, at): [string, number] => [name, 0xa0 + at]),
  ...Object.entries(punctuation),
]);

/** The longest name. */
export const longestName = Math.max(...[...namedReferences.keys()].map((name) => name.length));
