import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { decimalText, instant, milliseconds, rowsOf } from '../../core/adapters/postgres/database/rows.ts';

const row = z.object({
  id: z.int(),
  symbol: z.string(),
  price: decimalText.nullable(),
  basis: z.enum(['exchange', 'fetched']).catch('fetched'),
  session: z.enum(['pre', 'regular']).nullable().catch(null),
  at: instant,
  since: milliseconds,
  stale: z.boolean(),
  length: z.string().transform((text) => text.length),
  key: z.uuid().nullable(),
});

/** Mostly what a column should hold, sometimes what it should not. */
const often = (usual: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 30, arbitrary: usual }, { weight: 1, arbitrary: fc.anything() });
const rows = fc.array(
  fc.record({
    id: often(fc.integer()),
    symbol: often(fc.string()),
    price: often(fc.option(fc.string())),
    basis: often(fc.constantFrom('exchange', 'fetched', 'a word of another release')),
    session: often(fc.constantFrom('pre', 'regular', null, 'another')),
    at: often(fc.date({ noInvalidDate: true })),
    since: often(fc.date({ noInvalidDate: true })),
    stale: often(fc.boolean()),
    length: often(fc.string()),
    key: often(fc.option(fc.uuid())),
  }),
  { maxLength: 3 },
);

function outcome(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    return error instanceof z.ZodError ? error.issues : error;
  }
}

describe('rows of the database', () => {
  const { key: _, ...columns } = row.shape;
  it.each([
    ['a schema that is checked in place', z.object(columns)],
    ['a schema that only zod can check', row],
    ['a union', z.union([z.object(columns), z.object({ id: z.null() })])],
  ])('are what zod makes of them: %s', (_name, schema) => {
    fc.assert(
      fc.property(rows, (given) => {
        const shaped = given.map(({ key, ...rest }) => (schema === row ? { ...rest, key } : rest));
        const copies = shaped.map((each) => ({ ...each }));
        expect(outcome(() => rowsOf(schema, { rows: copies }))).toEqual(
          outcome(() => shaped.map((each) => schema.parse(each))),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, z.ZodType, unknown]>([
    ['a number with a bound', z.object({ a: z.int().nonnegative() }), -1],
    ['a word that is refined', z.object({ a: z.enum(['x', 'y']).refine((word) => word === 'x') }), 'y'],
    [
      'a condition on what may be null',
      z.object({
        a: z
          .string()
          .nullable()
          .refine((text) => text !== null),
      }),
      null,
    ],
    ['a condition on a boolean', z.object({ a: z.boolean().refine((is) => is) }), false],
    [
      'a condition after a transformation',
      z.object({
        a: z
          .string()
          .transform(Number)
          .refine((n) => n > 3),
      }),
      '2',
    ],
    ['a condition on the row', z.object({ a: z.string() }).refine(({ a }) => a === 'x'), 'y'],
    ['a condition on a union', z.union([z.object({ a: z.string() }), z.null()]).refine(() => false), 'y'],
    ['a codec', z.object({ a: z.codec(z.string(), z.number(), { decode: Number, encode: String }) }), '2'],
    [
      'a transformation that may refuse',
      z.object({
        a: z.string().transform((_text, context) => {
          context.addIssue('It is refused.');
          return z.NEVER;
        }),
      }),
      'y',
    ],
  ])('are left to zod with %s', (_name, schema, a) => {
    expect(outcome(() => rowsOf(schema, { rows: [{ a }] }))).toEqual(outcome(() => [schema.parse({ a })]));
  });

  it('lose columns that the schema does not name', () => {
    expect(rowsOf(z.object({ id: z.int() }), { rows: [{ id: 1, secret: 'x' }] })).toEqual([{ id: 1 }]);
  });
});
