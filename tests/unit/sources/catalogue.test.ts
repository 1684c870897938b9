import { describe, expect, it } from 'vitest';
import { canonicalSymbol } from '../../../core/market/symbol.ts';
import { catalogue, sourceOf } from '../../../core/sources/catalogue.ts';
import type { SourceJob } from '../../../core/sources/definition.ts';
import { parserOf } from '../../../core/sources/parsers.ts';
import { nameFor } from '../../../core/sources/symbol-names.ts';

const daySeconds = 86_400;
/** Of a day's quota: the rest is for logins, canaries, retries, first cycles and people. */
const plannedShare = 0.75;

/** Requests that a job's runs make in a day. */
function requestsPerDay(job: SourceJob): number {
  const tasks = Math.ceil(job.symbols.length / job.symbolsPerTask);
  const perTask = Math.ceil(Math.min(job.symbols.length, job.symbolsPerTask) / job.symbolsPerRequest);
  return (daySeconds / job.everySeconds) * tasks * perTask;
}

describe.each(catalogue.map((source) => [source.id, source] as const))('%s', (id, source) => {
  it('does not plan more requests in a day than its quota allows', () => {
    const planned = source.jobs.reduce((sum, job) => sum + requestsPerDay(job), 0);
    expect(planned).toBeGreaterThan(0);
    expect(planned).toBeLessThanOrEqual(source.quota.perDay * plannedShare);
  });

  it('has no task that needs more requests than a minute allows', () => {
    for (const job of source.jobs)
      expect(Math.ceil(job.symbolsPerTask / job.symbolsPerRequest), job.id).toBeLessThanOrEqual(source.quota.perMinute);
  });

  it('has what it asks for, and finds the canonical symbol again', () => {
    const { toSource, toCanonical } = parserOf(id);
    for (const symbol of [source.canarySymbol, ...source.jobs.flatMap((job) => job.symbols)]) {
      expect(canonicalSymbol(symbol), symbol).toBe(symbol);
      const own = toSource(symbol);
      expect(own, symbol).not.toBeNull();
      expect(toCanonical(own ?? ''), symbol).toBe(symbol);
    }
    for (const symbol of ['AAPL', 'BRK-B', 'VOD.L', '^GSPC', '^NDX', 'BTC-USD', 'EURUSD=X', 'NOPE'])
      expect(nameFor(id).toSource(symbol), symbol).toBe(toSource(symbol));
    for (const job of source.jobs)
      expect(job.symbols.length).toBeLessThanOrEqual(job.mostSymbols ?? job.symbols.length);
  });

  it('falls back to sources that there are, and its jobs have names of their own', () => {
    for (const fallback of source.fallbacks) expect(sourceOf(fallback), fallback).toBeDefined();
    expect(new Set(source.jobs.map((job) => job.id)).size).toBe(source.jobs.length);
    expect(source.id).toMatch(/^[a-z][a-z0-9-]{1,31}$/);
    expect(Date.parse(source.terms.reviewed)).not.toBeNaN();
  });

  it('is called by https only', () => {
    for (const origin of source.origins) {
      expect(new URL(origin).origin).toBe(origin);
      expect(origin).toMatch(/^https:/);
    }
  });
});
