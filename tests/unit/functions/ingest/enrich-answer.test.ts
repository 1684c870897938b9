import { describe, expect, it } from 'vitest';
import type { Alias } from '../../../../core/market/instrument.ts';
import type { Parsed, Subject } from '../../../../core/sources/parser.ts';
import { enrich, resolveBy } from '../../../../functions/ingest/enrich-answer.ts';
import { listingOf, noon, quoteRow } from '../../../support/price-rows.ts';

const subject = (symbol: string): Subject => ({ symbol, name: null, assetClass: 'equity', listing: listingOf() });
const nothing: Parsed = { quotes: [], bars: [], rejections: [], failure: null, missing: [] };
const alias = (id: number, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY): Alias => ({
  listing: listingOf(id),
  from,
  to,
});
const always = resolveBy((symbol) => (symbol === 'KNOWN' ? [alias(7)] : undefined));
const quoted = (symbol: string, differs = {}): Parsed => ({
  ...nothing,
  quotes: [{ subject: subject(symbol), quote: quoteRow(differs).quote }],
});

describe('what a symbol means', () => {
  const renamed = resolveBy(() => [alias(1, Number.NEGATIVE_INFINITY, noon), alias(2, noon)]);

  it('depends on the time: the end of one meaning is the start of the next', () => {
    expect(renamed('X', noon - 1)?.id).toBe(1);
    expect(renamed('X', noon)?.id).toBe(2);
  });

  it('is nothing in a time without one', () => {
    expect(resolveBy(() => [alias(1, noon)])('X', noon - 1)).toBeUndefined();
    expect(resolveBy(() => undefined)('X', noon)).toBeUndefined();
  });
});

describe('a volume of 0', () => {
  const on = (assetClass: 'fx' | 'equity', volume: string) =>
    enrich(quoted('KNOWN', { volume }), noon, 'exchanges[0]', () => ({ ...listingOf(7), assetClass })).quotes[0]?.quote;

  it('of a currency is not known, and of a share is none', () => {
    expect(on('fx', '0')?.volume).toBeNull();
    expect(on('fx', '0.00')?.volume).toBeNull();
    expect(on('fx', '12')?.volume).toBe('12');
    expect(on('equity', '0')?.volume).toBe('0');
  });
});

describe('a record', () => {
  it('is put on its listing, with where and when it was read', () => {
    expect(enrich(quoted('KNOWN'), noon + 5_000, 'exchanges[3]', always).quotes).toMatchObject([
      { listing: { id: 7 }, symbol: 'KNOWN', fetchedAt: noon + 5_000, path: 'exchanges[3] KNOWN' },
    ]);
  });

  it('on a symbol that means nothing is rejected with what it said', () => {
    const { quotes, rejected } = enrich(quoted('STRANGE'), noon, 'exchanges[0]', always);
    expect(quotes).toEqual([]);
    expect(rejected).toMatchObject([
      { reason: 'unknown_listing', symbol: 'STRANGE', currency: 'USD', row: { price: '100' } },
    ]);
  });

  it('without a currency has that of its listing, unless that is quoted in pence: then nothing tells the unit', () => {
    const unsaid = quoted('KNOWN', { currency: null });
    const on = (minorFactor: number) =>
      enrich(unsaid, noon, 'exchanges[0]', () => ({ ...listingOf(7), currency: 'GBP', minorFactor }));
    expect(on(1)).toMatchObject({ quotes: [{ quote: { currency: 'GBP', price: '100' } }], rejected: [] });
    expect(on(100)).toMatchObject({ quotes: [], rejected: [{ symbol: 'KNOWN', reason: 'unit_suspect' }] });
  });

  it.each([
    ['a previous close of 0', { previousClose: '0' }, { previousClose: null }],
    ['a previous close of 0.00', { previousClose: '0.00' }, { previousClose: null }],
    ['a negative delay', { delaySeconds: -60 }, { delaySeconds: null }],
    ['a delay beyond all columns', { delaySeconds: 1e300 }, { delaySeconds: null }],
    ['a negative previous close, as of oil in April 2020', { previousClose: '-37.63' }, { previousClose: '-37.63' }],
  ])('with %s is kept as what it can mean', (_, told, kept) => {
    expect(enrich(quoted('KNOWN', told), noon, 'exchanges[0]', always).quotes[0]?.quote).toMatchObject(kept);
  });

  it('that the parser rejected says in which answer it was', () => {
    const rejection = {
      symbol: 'X',
      reason: 'schema',
      finding: { code: 'invalid_fields', fields: ['price'] },
      detail: 'No price.',
      path: 'quoteResponse.result[3]',
    } as const;
    expect(enrich({ ...nothing, rejections: [rejection] }, noon, 'exchanges[1]', always).rejected).toMatchObject([
      { path: 'exchanges[1].quoteResponse.result[3]', reason: 'schema' },
    ]);
  });
});
