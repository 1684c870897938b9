import { describe, expect, it } from 'vitest';
import { guardedParser, guardedRead, guardedReads } from '../../../core/sources/guard.ts';
import type { Parsed, SourceAnswer, SourceParser, Subject } from '../../../core/sources/parser.ts';
import { plainText } from '../../../core/sources/reading/plain-text.ts';

const answer: SourceAnswer = {
  request: { symbols: ['AAPL'] },
  response: { status: 200, headers: {}, body: 'what it says', truncated: false },
  error: null,
  fetchedAt: '2026-11-20T15:00:00.000Z',
};
const nothing: Parsed = { quotes: [], bars: [], rejections: [], failure: null, missing: [] };
const parserThat = (reads: () => Parsed): SourceParser =>
  guardedParser({ version: 'x-1', requests: () => [], parse: reads, failureIn: () => reads().failure });

describe('a parser that throws', () => {
  it.each<[string, unknown]>([
    ['an error', new TypeError('the answer says what it says')],
    ['a text', 'what it says'],
    ['nothing', undefined],
    ['an object without any of what objects have', Object.create(null)],
  ])('%s ends the answer as unexplained, and says nothing of it', (_, thrown) => {
    const parser = parserThat(() => {
      throw thrown;
    });
    const { failure, ...rest } = parser.parse('quotes', answer);
    expect(failure).toMatchObject({ reason: 'unexplained', detail: { code: 'parser_failed' } });
    expect(failure?.message).not.toContain('what it says');
    expect(rest).toEqual({ quotes: [], bars: [], rejections: [], missing: [] });
    expect(parser.failureIn('quotes', answer)).toEqual(failure);
  });

  it('because it goes too deep is one that throws', () => {
    const deeper = (): Parsed => ({ ...deeper() });
    expect(parserThat(deeper).parse('quotes', answer).failure?.detail).toEqual({ code: 'parser_failed' });
  });
});

describe('a parser that does not come to an end', () => {
  it.each<[string, () => void]>([
    [
      'in a loop',
      () => {
        for (;;);
      },
    ],
    [
      'in a loop that catches all',
      () => {
        for (;;)
          try {
            for (;;);
          } catch {}
      },
    ],
    [
      'in a regular expression',
      () => {
        /^(a+)+$/.test(`${'a'.repeat(60)}b`);
      },
    ],
  ])('%s is stopped', (_, endless) => {
    const read = () =>
      guardedRead<string>(
        () => {
          endless();
          return 'read';
        },
        ({ detail }) => detail.code,
        100,
      );
    expect(read()).toBe('parser_too_slow');
    // And the next one is read.
    expect(
      guardedRead(
        () => 'read',
        ({ detail }) => detail.code,
        100,
      ),
    ).toBe('read');
  });

  it('within another one is that one only', () => {
    const inner = () =>
      guardedRead<string>(
        () => {
          for (;;);
        },
        ({ detail }) => detail.code,
        50,
      );
    expect(
      guardedRead(
        () => `outer and ${inner()}`,
        ({ detail }) => detail.code,
      ),
    ).toBe('outer and parser_too_slow');
  });
});

describe('several answers', () => {
  const read = (one: () => string) => guardedRead<string>(one, ({ detail }) => detail.code, 50);
  const endless = () => {
    for (;;);
  };
  const failing = () => {
    throw new TypeError('what it says');
  };

  it('share a time limit, and a fault in one costs none of the others', () => {
    expect(guardedReads(() => [read(() => 'first'), read(failing), read(() => 'last')])).toEqual([
      'first',
      'parser_failed',
      'last',
    ]);
  });

  it('have each its own where one does not come to an end', () => {
    expect(guardedReads(() => [read(() => 'first'), read(endless), read(() => 'last')], 50)).toEqual([
      'first',
      'parser_too_slow',
      'last',
    ]);
    expect(read(endless)).toBe('parser_too_slow');
  });
});

describe('names of an answer', () => {
  const hostile = '\u001b[31mRed\u001b[0m \u202eelppA\r\n\u0007Inc.\u200b\u2028<img onerror=x>\ud800';
  const subject: Subject = { symbol: 'AAPL', name: hostile, assetClass: 'equity', listing: null };

  it('are one line of what can be seen, wherever they stand', () => {
    const member = { subject, rank: 1, weight: '1', price: '1', previousClose: null };
    const parsed = parserThat(() => ({
      ...nothing,
      bars: [{ subject, basis: 'raw', basisAt: 0, bars: [], actions: [] }],
      constituents: [{ index: subject, members: [member] }],
      rejections: [{ symbol: hostile, reason: 'schema', finding: { code: 'unspecified' }, detail: '', path: hostile }],
    })).parse('quotes', answer);
    const plain = '[31mRed[0m elppA Inc. <img onerror=x>';
    expect(parsed.bars[0]?.subject.name).toBe(plain);
    expect(parsed.constituents?.[0]?.index.name).toBe(plain);
    expect(parsed.constituents?.[0]?.members[0]?.subject.name).toBe(plain);
    expect(parsed.rejections[0]).toMatchObject({ symbol: plain, path: plain });
  });

  it('are cut between characters, soon, and are none where nothing can be seen', () => {
    expect(plainText('🍎'.repeat(300))).toBe('🍎'.repeat(200));
    const began = performance.now();
    expect(plainText(`${'\u202e'.repeat(4_000_000)}x`)).toBe('');
    expect(performance.now() - began).toBeLessThan(1_000);
    const unseen = parserThat(() => ({
      ...nothing,
      bars: [{ subject: { ...subject, name: '\u202e \u0000' }, basis: 'raw', basisAt: 0, bars: [], actions: [] }],
    }));
    expect(unseen.parse('bars', answer).bars[0]?.subject.name).toBeNull();
  });
});
