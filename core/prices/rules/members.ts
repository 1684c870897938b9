import type { Finding } from './finding.ts';

/** What is known of an index before a list of its members is read. Symbols are canonical. */
export interface KnownMembers {
  /** Of the last list that was accepted; empty before the first. */
  readonly last: readonly string[];
  /** Lists that a person has accepted. */
  readonly accepted: readonly (readonly string[])[];
  /** Those of the new list that mean something already, by whichever source. */
  readonly known: ReadonlySet<string>;
}

/** How two lists differ. */
export interface MemberChange {
  readonly joined: readonly string[];
  readonly left: readonly string[];
  /** Of those that joined, the ones that nobody has named before. */
  readonly unknown: readonly string[];
}

/** No index changes a larger share of its members at once. */
const mostTurnover = 0.1;

/**
 * Whether a list of members is held back, for a person to accept: too many of them have changed, or one that joined is
 * known to nobody, as when another column was read as the symbol. A list that differs as little from one that a person has
 * accepted is accepted too; the first list of an index always is. Gives what has changed, or `null`.
 */
export function changeToDecide(now: readonly string[], { last, accepted, known }: KnownMembers): MemberChange | null {
  if (last.length === 0) return null;
  const changes = [last, ...accepted].map((before) => changeOf(before, now, known));
  const isUsual = ({ joined, left, unknown }: MemberChange, at: number) =>
    unknown.length === 0 &&
    Math.max(joined.length, left.length) <=
      Math.max(1, (at === 0 ? last : (accepted[at - 1] ?? [])).length * mostTurnover);
  return changes.some(isUsual) ? null : (changes[0] ?? null);
}

function changeOf(before: readonly string[], now: readonly string[], known: ReadonlySet<string>): MemberChange {
  const [former, present] = [new Set(before), new Set(now)];
  const joined = now.filter((symbol) => !former.has(symbol));
  return {
    joined,
    left: before.filter((symbol) => !present.has(symbol)),
    unknown: joined.filter((symbol) => !known.has(symbol)),
  };
}

/** The finding on a list that is held back, with both lists. */
export function memberFinding(before: readonly string[], after: readonly string[], { unknown }: MemberChange): Finding {
  return {
    rule: 'members',
    severity: 'doubt',
    // Another list is another finding: a decision is on one list.
    subject: { kind: 'index', interval: null, date: null, at: null, said: fingerprint(after) },
    evidence: { code: 'members_changed', before, after, unknown },
    proposal: null,
  };
}

/** The same for the same members in any order. */
function fingerprint(symbols: readonly string[]): string {
  let hash = 0;
  for (const letter of symbols.toSorted().join(' ')) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) | 0;
  return `${symbols.length}-${(hash >>> 0).toString(16)}`;
}
