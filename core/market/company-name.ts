/**
 * Whether two names may be those of one company or fund. Vendors write one name in many ways ("Apple Inc.", "APPLE INC",
 * "Intl Business Machs", "BMW AG"), so one word in common is enough, and forms of companies and kinds of shares count for
 * nothing.
 */

/** Forms of companies and kinds of shares, as they stand in names. */
const formWords = new Set(
  `a ab ac adr ads ag aktiengesellschaft akt and as asa b beneficial bhd bv by c cl class co common companies company corp
  corporation cv d de del der des die dr du e el eg etf ev f fund funds gdr gmbh group hldg hldgs holding holdings i inc
  incorporated interest ii iii iv j jsc k kg kgaa kk l la las le les limited llc lp ltd m m n name new npv nv of on ord
  ordinary oy oyj p par partners pcl plc pref preferred psc pt pte pty pvt r reg registered reit s sa sab sarl sas se sgps
  share shares spa st stk stock tbk the trust u units v vz w x y z`.split(/\s+/),
);

/** Words that are nearly the same have so many letters in common at their beginning. */
const leastStem = 5;

/** Words that may be short for others have so many letters at the least. */
const leastShort = 3;

/** Whether the names share a word, or one is short for the other. A name of form words alone is like any. */
export function mayBeSameName(one: string, other: string): boolean {
  const [a, b] = [wordsOf(one), wordsOf(other)];
  const [telling, ofOther] = [a, b].map((words) => words.filter((word) => !formWords.has(word)));
  if (!telling?.length || !ofOther?.length) return true;
  if (telling.some((word) => ofOther.some((each) => isSameWord(word, each)))) return true;
  if (isSameWord(telling.join(''), ofOther.join(''))) return true;
  return isInitialsOf(telling, b) || isInitialsOf(ofOther, a);
}

function wordsOf(name: string): string[] {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[.'’]/g, '');
  return plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
}

function isSameWord(one: string, other: string): boolean {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  if (short === long) return true;
  if (short.length < leastShort) return false;
  return long.startsWith(short) || short.slice(0, leastStem) === long.slice(0, leastStem) || isSpaced(short, long);
}

/** The letters of the short word are in the long one, in order: `intl` and `international`. */
function isSpaced(short: string, long: string): boolean {
  if (short.length <= leastShort || short[0] !== long[0]) return false;
  let at = 0;
  for (const letter of long) if (letter === short[at]) at++;
  return at === short.length;
}

/** One of the words is made of the first letters of the others: `BMW`. */
function isInitialsOf(words: readonly string[], others: readonly string[]): boolean {
  const initials = others.map((word) => word[0]).join('');
  return words.some((word) => word.length >= leastShort && initials.startsWith(word));
}
