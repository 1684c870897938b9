import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FileWords, partsOf, unpacked } from '../../../cli/etl-parts.ts';
import { fuzzRuns } from '../../support/fuzz-runs.ts';

async function* chunksOf(bytes: Buffer, sizes: readonly number[]) {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function cut(text: string | Buffer, words: FileWords = {}, sizes: readonly number[] = [7]) {
  const found = [];
  for await (const part of partsOf(unpacked(chunksOf(Buffer.from(text), sizes)), words)) found.push(part);
  return found;
}

describe('a file is cut between lines', () => {
  it('with the number of each part’s first line', async () => {
    const parts = await cut('{"price":1}\n{"price":2}\n\n{"price":3}', { partText: 24 });
    expect(parts.map(({ kind, content }) => [kind, content.format, content.firstLine, content.text])).toEqual([
      ['quotes', 'ndjson', 1, '{"price":1}\n{"price":2}\n'],
      ['quotes', 'ndjson', 3, '\n{"price":3}'],
    ]);
  });

  it('with the heading of CSV in each', async () => {
    const parts = await cut('\ufeffsymbol,close\r\nAAAA,1\r\nBBBB,2\r\nCCCC,3', { partText: 15 });
    expect(parts.map(({ kind, content }) => [kind, content.firstLine, content.text])).toEqual([
      ['bars', 2, 'symbol,close\nAAAA,1\r\n'],
      ['bars', 3, 'symbol,close\nBBBB,2\r\nCCCC,3'],
    ]);
  });

  it('whatever the pieces it comes in, and packed or not', async () => {
    const rows = fc.array(
      fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll(/[\r\n\0]/g, '')),
    );
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        fc.boolean(),
        async (lines, sizes, packed) => {
          const text = `{"price":1}\n${lines.join('\n')}`;
          const parts = await cut(packed ? gzipSync(text) : text, { partText: 64 }, sizes);
          expect(
            parts
              .map(({ content }) => content.text)
              .join('')
              .trimEnd(),
          ).toBe(text.trimEnd());
          for (const { content } of parts) {
            const before = text.slice(
              0,
              text.length -
                text
                  .split('\n')
                  .slice(content.firstLine - 1)
                  .join('\n').length,
            );
            expect(text.startsWith(before + content.text)).toBe(true);
          }
        },
      ),
      { numRuns: fuzzRuns(100) },
    );
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['nothing', '', /is empty/],
    ['a heading only', 'symbol,close\n', /no rows/],
    ['one endless line', `{"price":1}\n${'x'.repeat(200)}`, /no end of a line/],
    ['no text', Buffer.from('price\0\0\n'), /UTF-8/],
    ['rows of no kind', 'symbol,volume\nA,1', /--kind/],
    ['a heading in other words', 'Date,Open,High\n2026-11-02,1,2', /It names Date, Open, High\. Quotes need symbol/],
    ['a heading between semicolons', 'symbol;date;close\nA;2026-11-02;1', /between commas/],
    ['a JSON array', '[{"price":1}]\n', /is a JSON array/],
    ['a JSON array over lines', '[\n{"price":1}\n]\n', /is a JSON array/],
    ['a cut-off packed file', gzipSync('{"price":1}\n'.repeat(50)).subarray(0, 30), /damaged/],
  ])('%s is refused in one line', async (_, text, why) => {
    await expect(cut(text, { partText: 64 })).rejects.toThrow(why);
    // With the kind given, an array would be a heading without rows.
    if (text.toString().startsWith('[')) await expect(cut(text, { kind: 'quotes' })).rejects.toThrow(why);
  });

  it('a packed file that unpacks to very much is held in no more than a part', async () => {
    const bomb = gzipSync(`{"price":1}\n${'\n'.repeat(50_000_000)}`);
    let longest = 0;
    let parts = 0;
    for await (const { content } of partsOf(unpacked(chunksOf(bomb, [1024])), { partText: 100_000 })) {
      longest = Math.max(longest, content.text.length);
      if (++parts > 20) break;
    }
    expect(longest).toBeLessThanOrEqual(100_000);
  });
});
