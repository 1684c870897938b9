import { describe, expect, it } from 'vitest';
import { changeToDecide, memberFinding } from '../../../../core/prices/rules/members.ts';

const last = Array.from({ length: 30 }, (_, at) => `M${at}`);
const known = new Set([...last, 'NEW', 'NEWER', 'NEWEST', 'FOURTH']);
const replaced = (...symbols: readonly string[]) => [...last.slice(symbols.length), ...symbols];

describe('a list of members', () => {
  it('that is the first of an index, or the same, or changed by a tenth, is accepted', () => {
    expect(changeToDecide(last, { last: [], accepted: [], known: new Set() })).toBeNull();
    expect(changeToDecide(last.toReversed(), { last, accepted: [], known })).toBeNull();
    expect(changeToDecide(replaced('NEW', 'NEWER', 'NEWEST'), { last, accepted: [], known })).toBeNull();
    expect(changeToDecide(last.slice(3), { last, accepted: [], known })).toBeNull();
  });

  it('in which more than a tenth joined or left waits for a person', () => {
    const now = replaced('NEW', 'NEWER', 'NEWEST', 'FOURTH');
    expect(changeToDecide(now, { last, accepted: [], known })).toEqual({
      joined: ['NEW', 'NEWER', 'NEWEST', 'FOURTH'],
      left: last.slice(0, 4),
      unknown: [],
    });
    expect(changeToDecide(last.slice(4), { last, accepted: [], known })?.left).toHaveLength(4);
  });

  it('with one member that nobody has named waits for a person', () => {
    expect(changeToDecide(replaced('GSGS'), { last, accepted: [], known })?.unknown).toEqual(['GSGS']);
  });

  it('that a person has accepted, or that differs little from it, is accepted', () => {
    const now = replaced('A', 'B', 'C', 'D', 'E');
    const also = new Set([...known, ...now]);
    expect(changeToDecide(now, { last, accepted: [now], known: also })).toBeNull();
    expect(changeToDecide([...now.slice(1), 'NEW'], { last, accepted: [now], known: also })).toBeNull();
    expect(changeToDecide([...now.slice(1), 'GSGS'], { last, accepted: [now], known: also })?.unknown).toEqual([
      'GSGS',
    ]);
  });

  it('has one finding, whatever its order', () => {
    const change = { joined: [], left: [], unknown: [] };
    const key = (symbols: readonly string[]) => memberFinding(last, symbols, change).subject.said;
    expect(key(last.toReversed())).toBe(key(last));
    expect(key(last.slice(1))).not.toBe(key(last));
  });
});
