import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { checkOf, readerOf } from '../../../core/contracts/in-place.ts';

const schema = z.object({
  symbol: z.string().regex(/^[A-Z]{1,4}$/),
  price: z.number(),
  name: z.string().nullish().catch(null),
  count: z.int().optional(),
  word: z.enum(['a', 'b']).nullable(),
});

const right = { symbol: 'AAPL', price: 1.5, name: 'Apple', count: 2, word: 'a' };

describe('a row that is read in place', () => {
  const read = readerOf(schema);
  const values: readonly [string, unknown][] = [
    ['right', right],
    ['with less', { symbol: 'A', price: -0, word: null }],
    ['with fields that nobody asked for', { ...right, more: { deep: true } }],
    ['with a field that falls back', { ...right, name: 7 }],
    ['of another pattern', { ...right, symbol: 'apple' }],
    ['with a number that is none', { ...right, price: Number.NaN }],
    ['with a number beyond any', { ...right, price: Number.POSITIVE_INFINITY }],
    ['with a text for a number', { ...right, price: '1.5' }],
    ['with a fraction for a count', { ...right, count: 1.5 }],
    ['with null for what may be missing', { ...right, count: null }],
    ['with a word of no list', { ...right, word: 'c' }],
    ['without a price', { symbol: 'A', word: 'a' }],
    ['that is a list', [right]],
    ['that is null', null],
    ['that is a text', 'AAPL'],
  ];
  it.each(values)('is as zod reads it: %s', (_, value) => {
    const [ours, theirs] = [read(value), schema.safeParse(value)];
    expect(ours.success).toBe(theirs.success);
    if (theirs.success) expect(ours.data).toMatchObject(theirs.data);
    else expect(ours.error?.issues).toEqual(theirs.error.issues);
  });

  it('is itself where it fits, and zod has it where a field has conditions that only zod knows', () => {
    expect(read(right).data).toBe(right);
    const refined = readerOf(z.object({ text: z.string().min(2).max(3) }));
    expect([refined({ text: 'ab' }).success, refined({ text: 'a' }).success]).toEqual([true, false]);
    const whole = readerOf(z.object({ a: z.number() }).refine(({ a }) => a > 1));
    expect([whole({ a: 2 }).success, whole({ a: 1 }).success]).toEqual([true, false]);
  });
});

it('knows no check of a schema that changes its value or has several conditions', () => {
  for (const unknown of [
    z.string().regex(/a/).regex(/b/),
    z.string().regex(/a/g),
    z.string().trim(),
    z.int32(),
    z.number().min(1),
    z.string().transform(Number),
    z.string().default('a'),
    z.unknown(),
  ])
    expect(checkOf(unknown)).toBeNull();
});
