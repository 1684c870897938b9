import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Failure } from '../../core/contracts/failure.ts';
import type { Parsed } from '../../core/sources/parser.ts';
import { anyCharacter } from './any-character.ts';

/** A page with a table of rows, and what reads it. */
interface ReadPage {
  readonly golden: readonly (readonly string[])[];
  page(rows: readonly (readonly string[])[]): string;
  parse(body: string): Parsed;
  failureIn(body: string): Failure | null;
  /** What must hold of whatever was read. */
  check(parsed: Parsed): void;
}

/** Pages with a cell of any text, that are cut, with any text somewhere, and any text in place of a page. */
function mutated({ golden, page }: Pick<ReadPage, 'golden' | 'page'>): fc.Arbitrary<string> {
  const good = page(golden);
  const columns = golden[0]?.length ?? 0;
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.nat(golden.length - 1), fc.nat(columns - 1), fc.string({ maxLength: 20, unit: anyCharacter }))
        .map(([row, cell, text]) => page(golden.map((each, at) => (at === row ? each.with(cell, text) : each)))),
    },
    { weight: 2, arbitrary: fc.nat(good.length).map((length) => good.slice(0, length)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.nat(good.length), fc.string({ maxLength: 6, unit: anyCharacter }))
        .map(([at, text]) => good.slice(0, at) + text + good.slice(at + text.length)),
    },
    { weight: 1, arbitrary: fc.string({ unit: anyCharacter }) },
  );
}

/** The tests that every parser of pages passes, on mutations of a good one. */
export function mutatedPagesSuite(read: ReadPage): void {
  const anyPage = mutated(read);

  it('a mutated page is the same failure for the scraper, which reads no rows', () => {
    fc.assert(
      fc.property(anyPage, (body) => {
        expect(read.failureIn(body)).toEqual(read.parse(body).failure);
      }),
      { numRuns: 1_000 },
    );
  }, 60_000);

  it('10,000 mutated pages give records, rejections or a failure, never a throw', () => {
    fc.assert(
      fc.property(anyPage, (body) => {
        const parsed = read.parse(body);
        if (parsed.failure) expect([parsed.quotes, parsed.constituents ?? []]).toEqual([[], []]);
        read.check(parsed);
      }),
      { numRuns: 10_000 },
    );
  }, 120_000);
}
