import type { ListedFinding } from '../../core/prices/decision.ts';
import type { FoundInRow } from '../../core/prices/judged-series.ts';
import { changeToDecide, type KnownMembers, memberFinding } from '../../core/prices/rules/members.ts';
import type { Parsed, ParsedConstituents } from '../../core/sources/parser.ts';

/** What is known of an index, by the source's symbol of it, and of canonical symbols. */
export type MembersOf = (
  index: string,
  symbols: readonly string[],
) => Promise<(KnownMembers & { readonly listingId: number }) | null>;

/** What is left of an answer, and what speaks against its lists. */
export interface HeldLists {
  readonly parsed: Parsed;
  readonly findings: readonly ListedFinding[];
}

/**
 * Holds an answer back whose list of members has changed as none of an index does: it is a failure, none of its symbols is
 * registered, and a finding with both lists waits for a person. Once that is accepted, the list is read again and stored.
 */
export async function holdLists(
  parsed: Parsed,
  toCanonical: (symbol: string) => string,
  membersOf: MembersOf,
): Promise<HeldLists> {
  for (const list of parsed.constituents ?? []) {
    const held = await heldList(list, toCanonical, membersOf);
    if (held) return held;
  }
  return { parsed, findings: [] };
}

async function heldList(
  { index, members }: ParsedConstituents,
  toCanonical: (symbol: string) => string,
  membersOf: MembersOf,
): Promise<HeldLists | null> {
  const now = members.map(({ subject }) => toCanonical(subject.symbol));
  const known = await membersOf(index.symbol, now);
  const change = known && changeToDecide(now, known);
  if (!known || !change) return null;
  const finding: FoundInRow = { ...memberFinding(known.last, now, change), row: null };
  const { joined, left, unknown } = change;
  return {
    parsed: {
      quotes: [],
      bars: [],
      rejections: [],
      failure: {
        reason: 'implausible',
        detail: {
          code: 'members_changed',
          joined: joined.length,
          left: left.length,
          unknown: unknown.length,
          of: known.last.length,
        },
        message: `${joined.length} members joined and ${left.length} left of ${known.last.length}, ${unknown.length} of them unknown to every source: the list waits for a person (\`quotron findings\`).`,
      },
      missing: [index.symbol],
    },
    findings: [{ listingId: known.listingId, finding }],
  };
}
