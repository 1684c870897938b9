import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { version } from '../../../core/contracts/version.ts';
import { toCsv } from '../../../core/http/csv.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { createRateLimiter } from '../../../core/http/rate-limit.ts';
import { checked, instantParameter, limitParameter, symbolOf } from '../../../core/http/read-request.ts';
import { asNumber, asText } from '../../../core/http/wire-number.ts';
import project from '../../../package.json' with { type: 'json' };
import { anyCharacter } from '../../support/any-character.ts';

/** Anything a client may send as text. */
const anyText = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.string(),
  fc.constantFrom('', ' ', '\0', "' OR 1=1", '1e9', '-1', 'NaN', '٣'),
);

describe('CSV', () => {
  const text = (value: string | null) =>
    toCsv([{ name: 'a', kind: 'text', of: (row: { v: string | null }) => row.v }], [{ v: value }]).split('\r\n')[1];
  const number = (value: string | null) =>
    toCsv([{ name: 'a', kind: 'number', of: (row: { v: string | null }) => row.v }], [{ v: value }]).split('\r\n')[1];

  it.each([
    ['=HYPERLINK("http://evil")', `"'=HYPERLINK(""http://evil"")"`],
    ['+1', "'+1"],
    ['-1+cmd', "'-1+cmd"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['＝1+1', "'＝1+1"],
    ['^GSPC', '^GSPC'],
    ['EURUSD=X', 'EURUSD=X'],
    ['a "quoted", comma', '"a ""quoted"", comma"'],
  ])('of the text %j runs no formula', (value, expected) => {
    expect(text(value)).toBe(expected);
  });

  it('keeps a negative number a number, and what is none is text after all', () => {
    expect([number('-1.5'), number('0.00000001'), number(null), number('-1+cmd')]).toEqual([
      '-1.5',
      '0.00000001',
      '',
      "'-1+cmd",
    ]);
  });

  it('reads back, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyText, anyText), { maxLength: 5 }), (rows) => {
        const written = toCsv(
          [0, 1].map((index) => ({
            name: `c${index}`,
            kind: 'text' as const,
            of: (row: [string, string]) => row[index] ?? '',
          })),
          rows,
        );
        const cells = parseCsv(written).slice(1);
        expect(cells).toHaveLength(rows.length);
        for (const [index, row] of rows.entries())
          for (const [column, value] of row.entries()) {
            const cell = cells[index]?.[column] ?? '';
            expect(cell === value || cell === `'${value}`).toBe(true);
            expect(cell).not.toMatch(/^[=+\-@\t\r]/);
          }
      }),
    );
  });
});

/** RFC 4180, as a reader of the file would. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const match of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/g)) {
    const [, cell = '', end] = match;
    row.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end !== ',') {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

describe('a cursor', () => {
  const position = z.tuple([z.string(), z.int()]);
  /** The cursor of a page after which there is more. */
  const cursorAt = (...at: unknown[]) => page([at, at], 1, (row) => row).meta.nextCursor;

  it('gives back what was written, and only that', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), (text, number) => {
        fc.pre(text.length < 200);
        expect(readCursor(cursorAt(text, number), position)).toEqual([text, number]);
      }),
    );
    expect(readCursor(undefined, position)).toBeNull();
  });

  it("is given only where a row was read beyond the page, and stands at the page's last row", () => {
    const cursorOf = (row: number) => ['at', row];
    expect(page([1, 2], 2, cursorOf)).toEqual({ rows: [1, 2], meta: { count: 2 } });
    expect(page([], 2, cursorOf)).toEqual({ rows: [], meta: { count: 0 } });
    const { rows, meta } = page([1, 2, 3], 2, cursorOf);
    expect({ rows, count: meta.count }).toEqual({ rows: [1, 2], count: 2 });
    expect(readCursor(meta.nextCursor, position)).toEqual(['at', 2]);
  });

  it('that someone made up is a problem, never a crash', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(() => readCursor(text, position)).toThrow(ProblemError);
      }),
    );
    expect(() => readCursor(cursorAt(1, 'x'), position)).toThrow(ProblemError);
  });
});

describe('parameters', () => {
  const limit = z.object({ limit: limitParameter(500, 50) });

  it('are what they should be or a problem, never a crash', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const read of [
          () => checked(limit, 'query', { limit: text }).limit,
          () => checked(instantParameter, 'query', text),
          () => symbolOf(text),
        ]) {
          try {
            read();
          } catch (error) {
            expect(error).toBeInstanceOf(ProblemError);
          }
        }
      }),
    );
  });

  it('of a limit are whole numbers in the range', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10, max: 1000 }), (number) => {
        const read = () => checked(limit, 'query', { limit: String(number) }).limit;
        if (number >= 1 && number <= 500) expect(read()).toBe(number);
        else expect(read).toThrow(ProblemError);
      }),
    );
    expect(checked(limit, 'query', {}).limit).toBe(50);
  });

  it('of an instant are in UTC and mean what was sent', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1800-01-02'), max: new Date('9999-12-30'), noInvalidDate: true }),
        (date) => {
          expect(Date.parse(checked(instantParameter, 'q', date.toISOString()))).toBe(date.getTime());
          const shifted = date.toISOString().replace('Z', '+02:00');
          expect(Date.parse(checked(instantParameter, 'q', shifted))).toBe(date.getTime() - 7_200_000);
        },
      ),
    );
    expect(checked(instantParameter, 'q', '2026-11-22')).toBe('2026-11-22T00:00:00.000Z');
    expect(checked(instantParameter, 'q', '2026-11-22T10:00:00.123456Z')).toBe('2026-11-22T10:00:00.123456Z');
  });
});

describe('decimals on the wire', () => {
  it('lose no digit, however many there are', () => {
    const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,30})(\.\d{1,30})?$/);
    fc.assert(
      fc.property(digits, (text) => {
        expect(JSON.stringify({ a: asNumber(text), b: asText(text) })).toBe(`{"a":${text},"b":"${text}"}`);
      }),
    );
    expect(JSON.stringify(asNumber(null))).toBe('null');
  });
});

describe('a rate limiter', () => {
  it('never lets more through than the burst and what has flowed in', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 60 }), (pauses) => {
        let now = 0;
        const limiter = createRateLimiter({ perSecond: 2, burst: 5 }, () => now);
        let taken = 0;
        for (const pause of pauses) {
          now += pause;
          if (limiter.take('a') === 0) taken += 1;
        }
        expect(taken).toBeLessThanOrEqual(5 + (now / 1000) * 2 + 1e-9);
      }),
    );
  });

  it('says what is left, and when all is there again', () => {
    let now = 0;
    const limiter = createRateLimiter({ perSecond: 2, burst: 5 }, () => now);
    const left = () => limiter.headers('a')['ratelimit'];
    expect(limiter.headers('a')).toEqual({ 'ratelimit-policy': '"key";q=5;w=3', ratelimit: '"key";r=5;t=0' });
    for (let each = 0; each < 5; each++) limiter.take('a');
    expect([left(), limiter.take('a')]).toEqual(['"key";r=0;t=3', 1]);
    now = 1_000;
    expect(left()).toBe('"key";r=2;t=2');
    now = 60_000;
    expect([left(), limiter.headers('b')['ratelimit']]).toEqual(['"key";r=5;t=0', '"key";r=5;t=0']);
  });
});

describe('the version', () => {
  it('is that of the package', () => {
    expect(version).toBe(project.version);
  });
});
