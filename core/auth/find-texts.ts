/*
 * Finds many texts in a long one in a single pass (Wu and Manber, 1994). Letters count as the same in upper and lower case,
 * and the two letters in which base64 and base64url differ count as the same, too.
 */

/** Half-open: from the first unit to the one after the last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Match<Kind> extends Span {
  readonly kind: Kind;
}

const folded = foldTable();
const hashBits = 16;
const blockLength = 3;

export interface TextFinder<Kind> {
  /** Where any of the texts stands in the first `length` units, in order; of several at one place, the longest. */
  find(units: Uint16Array, length: number): Match<Kind>[];
}

/**
 * @param texts the texts with what kind they are; those of less than three units are not looked for
 * @example
 * textFinder(new Map([['secret', 'plain']])).find(unitsOf('a Secret'), 8) // [{ from: 2, to: 8, kind: 'plain' }]
 */
export function textFinder<Kind>(texts: ReadonlyMap<string, Kind>): TextFinder<Kind> {
  const patterns = [...texts]
    .filter(([text]) => text.length >= blockLength)
    .sort(([a], [b]) => b.length - a.length)
    .map(([text, kind]) => ({ units: unitsOf(text).map((unit) => folded[unit] ?? unit), kind }));
  const window = patterns.at(-1)?.units.length ?? 0;
  // How far the window may move on when its last block has this hash; 0: some pattern's window ends with it.
  const shifts = new Uint8Array(1 << hashBits).fill(Math.min(255, Math.max(1, window - blockLength + 1)));
  const ending = new Map<number, (typeof patterns)[number][]>();
  for (const pattern of patterns) {
    for (let end = blockLength - 1; end < window; end++) {
      const hash = hashAt(pattern.units, end);
      shifts[hash] = Math.min(shifts[hash] ?? 0, window - 1 - end);
    }
    const last = hashAt(pattern.units, window - 1);
    ending.set(last, [...(ending.get(last) ?? []), pattern]);
  }
  return {
    find(units, length) {
      const found: Match<Kind>[] = [];
      if (patterns.length === 0) return found;
      let end = window - 1;
      while (end < length) {
        const hash = hashAt(units, end);
        const shift = shifts[hash] ?? 1;
        if (shift > 0) {
          end += shift;
          continue;
        }
        const from = end - window + 1;
        const match = ending.get(hash)?.find((pattern) => standsAt(pattern.units, units, from, length));
        if (match) found.push({ from, to: from + match.units.length, kind: match.kind });
        end++;
      }
      return found;
    },
  };
}

/** The UTF-16 units of a text. */
export function unitsOf(text: string): Uint16Array {
  const units = new Uint16Array(text.length);
  for (let at = 0; at < text.length; at++) units[at] = text.charCodeAt(at);
  return units;
}

function standsAt(pattern: Uint16Array, units: Uint16Array, from: number, length: number): boolean {
  if (from + pattern.length > length) return false;
  for (let at = 0; at < pattern.length; at++) if (pattern[at] !== folded[units[from + at] ?? 0]) return false;
  return true;
}

function hashAt(units: Uint16Array, end: number): number {
  const a = folded[units[end - 2] ?? 0] ?? 0;
  const b = folded[units[end - 1] ?? 0] ?? 0;
  const c = folded[units[end] ?? 0] ?? 0;
  return (a * 0x9e5 + b * 0x35 + c + (a << 9) + (b << 4)) & ((1 << hashBits) - 1);
}

function foldTable(): Uint16Array {
  const table = new Uint16Array(1 << 16);
  for (let unit = 0; unit < table.length; unit++) {
    const lower = String.fromCharCode(unit).toLowerCase();
    table[unit] = lower.length === 1 ? lower.charCodeAt(0) : unit;
  }
  table[45] = 43;
  table[95] = 47;
  return table;
}
