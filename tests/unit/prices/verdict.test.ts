import { describe, expect, it } from 'vitest';
import { type Findings, isStale, verdictOf } from '../../../core/prices/verdict.ts';
import { noon, quoteRow } from '../../support/price-rows.ts';

const findings: Findings = {
  kind: 'quotes',
  exchanges: 4,
  failures: [],
  accepted: 0,
  rejected: [],
  missing: 0,
  stale: false,
};
const limited = {
  reason: 'rate_limited',
  detail: { code: 'rate_limit_notice' },
  message: 'Too many requests.',
} as const;
const suspect = {
  symbol: 'X',
  reason: 'unit_suspect',
  finding: { code: 'price_ratio', ratio: 100, to: 'stored' },
  detail: '',
  path: '',
  row: null,
  currency: 'USD',
} as const;

describe('a task', () => {
  it('has succeeded with a row, and says what it lacks', () => {
    expect(verdictOf({ ...findings, accepted: 8 })).toEqual({
      status: 'succeeded',
      reason: null,
      detail: null,
      message: null,
    });
    expect(verdictOf({ ...findings, accepted: 8, failures: [limited], rejected: [suspect], missing: 2 })).toEqual({
      status: 'succeeded',
      reason: null,
      detail: { code: 'some_rows_rejected', rejected: 1, rows: 9, reasons: ['unit_suspect'] },
      message: '1 of 4 requests failed (rate limited); 1 row is not served (wrong unit); 2 symbols got no row.',
    });
  });

  it('has failed for the reason of its answer when nothing came', () => {
    expect(verdictOf({ ...findings, failures: [limited] })).toEqual({ status: 'failed', ...limited });
  });

  it('has failed when no row is served: as implausible where they can be read, as schema_drift where they cannot', () => {
    expect(verdictOf({ ...findings, rejected: [suspect, suspect] })).toEqual({
      status: 'failed',
      reason: 'implausible',
      detail: { code: 'all_rows_rejected', rows: 2, reasons: ['unit_suspect'] },
      message: 'None of its 2 rows is served: wrong unit.',
    });
    const unreadable = { ...suspect, reason: 'schema' as const };
    expect(verdictOf({ ...findings, rejected: [unreadable] })).toMatchObject({
      reason: 'schema_drift',
      message: 'Its one row is not served: unreadable.',
    });
    const most = Array.from({ length: 20 }, () => suspect);
    expect(verdictOf({ ...findings, rejected: [unreadable, ...most] })).toEqual({
      status: 'failed',
      reason: 'implausible',
      detail: { code: 'all_rows_rejected', rows: 21, reasons: ['unit_suspect'] },
      message: 'None of its 21 rows is served: 20 wrong unit, 1 unreadable.',
    });
  });

  it('for bars has succeeded when the range rightly has none', () => {
    expect(verdictOf({ ...findings, kind: 'bars' })).toMatchObject({ status: 'succeeded' });
    expect(verdictOf({ ...findings, kind: 'quotes' })).toMatchObject({ status: 'failed', reason: 'no_data' });
  });

  it('has failed as stale though its rows are kept', () => {
    expect(verdictOf({ ...findings, accepted: 3, stale: true })).toMatchObject({ status: 'failed', reason: 'stale' });
  });
});

describe('an answer', () => {
  const old = quoteRow({ asOf: noon - 3 * 86_400_000 });
  const stored = new Map([[1, { price: 100, asOf: noon }]]);

  it('is stale when all its rows are behind what is stored', () => {
    expect(isStale([old], stored)).toBe(true);
    expect(isStale([old, quoteRow()], stored)).toBe(false);
    // A source that tells the day and no time of day.
    expect(isStale([quoteRow({ asOf: noon - 3 * 86_400_000, asOfBasis: 'fetched' })], stored)).toBe(true);
  });

  it('is not stale within a hop between caches, without anything stored, or without market times', () => {
    expect(isStale([quoteRow({ asOf: noon - 60_000 })], stored)).toBe(false);
    expect(isStale([old], new Map())).toBe(false);
    const untimed = quoteRow({ asOf: noon - 3 * 86_400_000, asOfBasis: 'fetched' });
    expect(isStale([{ ...untimed, fetchedAt: untimed.quote.asOf }], stored)).toBe(false);
    expect(isStale([], stored)).toBe(false);
  });
});
