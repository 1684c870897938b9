import { describe, expect, it } from 'vitest';
import { canonicalOf, chooseFallback, noFallbackText } from '../../../core/recovery/fallback.ts';
import type { FailingJob } from '../../../core/recovery/recovery.ts';
import { rerunOf } from '../../../core/recovery/runs.ts';
import { sourceOf } from '../../../core/sources/catalogue.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';

function source(id: string): SourceDefinition {
  const found = sourceOf(id);
  if (!found) throw new Error(`The catalogue lacks ${id}.`);
  return found;
}

const yahoo = source('yahoo');
const coingecko = source('coingecko');
const failing: FailingJob = { job: 'quotes', kind: 'quotes', tasks: [['bitcoin'], ['ethereum']], retried: false };
const choose = (of: Partial<Parameters<typeof chooseFallback>[0]>) =>
  chooseFallback({
    source: coingecko,
    failing,
    usable: [yahoo],
    canonical: ['BTC-USD', 'ETH-USD'],
    ...of,
  });

describe('the fallback', () => {
  it('is the first usable source that has the missing symbols, under its own names and in its own tasks', () => {
    expect(choose({})).toMatchObject({
      other: { id: 'yahoo' },
      job: { kind: 'quotes' },
      tasks: [['BTC-USD', 'ETH-USD']],
    });
    expect(choose({ usable: [coingecko, yahoo], canonical: ['AAPL'] })).toMatchObject({ other: { id: 'yahoo' } });
  });

  it('is cut into tasks of the other source, and to as many symbols as its quota has room for', () => {
    const job = { ...yahoo.jobs[0], id: 'few', kind: 'quotes', symbolsPerTask: 2, mostSymbols: 3 };
    const small = { ...yahoo, jobs: [job] } as SourceDefinition;
    expect(choose({ usable: [small], canonical: ['A', 'B', 'C', 'D'] })).toMatchObject({ tasks: [['A', 'B'], ['C']] });
  });

  it('is none, and says why', () => {
    expect(choose({ source: yahoo })).toBe('no_fallback');
    expect(choose({ failing: null })).toBe('nothing_missing');
    expect(choose({ usable: [] })).toBe('none_usable');
    expect(choose({ canonical: [] })).toBe('none_has_it');
    expect(choose({ failing: { ...failing, kind: 'constituents' } })).toBe('none_has_it');
    expect(noFallbackText('none_has_it', coingecko)).toContain('yahoo');
  });
});

it('missing symbols are known by their registered names, or by the rule of the source', () => {
  const registered = new Map([['bitcoin', 'BTC-EUR']]);
  expect(canonicalOf(['bitcoin', 'ethereum', 'unknown'], registered, coingecko)).toEqual(['BTC-EUR', 'ETH-USD']);
});

describe('the failed job', () => {
  const of = { recoveryId: '0198a7c0-0000-7000-8000-000000000001', sourceId: 'coingecko', now: new Date(0) };

  it('is run again once for each recovery', () => {
    const rerun = rerunOf(of, failing);
    expect(rerun).toMatchObject({ trigger: 'manual', job: 'quotes', tasks: failing.tasks, dueAt: of.now });
    expect(rerunOf({ ...of, now: new Date(1) }, failing)?.id).toBe(rerun?.id);
  });

  it('is not run again when nothing failed, or when it was retried meanwhile', () => {
    expect(rerunOf(of, null)).toBeNull();
    expect(rerunOf(of, { ...failing, retried: true })).toBeNull();
  });
});
