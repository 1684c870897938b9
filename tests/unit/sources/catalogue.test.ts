import { describe, expect, it } from 'vitest';
import { canonicalSymbol } from '../../../core/market/symbol.ts';
import { dueRuns, nextRun } from '../../../core/planning/job-schedule.ts';
import { plannedShare } from '../../../core/planning/quota.ts';
import { stretchesOf } from '../../../core/planning/stretches.ts';
import { catalogue, parserOf, sourceOf, sourcesOf } from '../../../core/sources/catalogue.ts';
import type { SourceJob } from '../../../core/sources/definition.ts';

const dayMs = 86_400_000;

/** Requests that a job's runs make on a Wednesday on which every market trades. */
function requestsPerDay(job: SourceJob): number {
  const from = Date.parse('2026-06-10T00:00:00Z');
  const timing = { job, symbols: job.symbols, stretch: 1, alwaysOpen: false };
  let requests = 0;
  for (let slot = nextRun(timing, from - 1); slot !== null && slot < from + dayMs; slot = nextRun(timing, slot)) {
    const symbols = dueRuns(timing, slot - 1, slot).flatMap((run) => run.symbols).length;
    const tasks = Math.ceil(symbols / job.symbolsPerTask);
    requests += tasks * Math.ceil(Math.min(symbols, job.symbolsPerTask) / job.symbolsPerRequest);
  }
  return requests;
}

describe.each(catalogue.map((source) => [source.id, source] as const))('%s', (id, source) => {
  it('does not plan more requests in a day than its quota allows', () => {
    const planned = source.jobs.reduce((sum, job) => sum + requestsPerDay(job), 0);
    expect(planned).toBeGreaterThan(0);
    expect(planned).toBeLessThanOrEqual(source.quota.perDay * plannedShare);
    for (const alwaysOpen of [true, false])
      expect(new Set(source.jobs.map(stretchesOf(source, (job) => job.symbols, alwaysOpen)))).toEqual(new Set([1]));
  });

  it('has jobs that are due some time', () => {
    for (const job of source.jobs)
      expect(nextRun({ job, symbols: job.symbols, stretch: 1, alwaysOpen: false }, Date.now()), job.id).not.toBeNull();
  });

  it('has no task that needs more requests than a minute allows', () => {
    for (const job of source.jobs)
      expect(Math.ceil(job.symbolsPerTask / job.symbolsPerRequest), job.id).toBeLessThanOrEqual(source.quota.perMinute);
  });

  it('has what it asks for, and finds the canonical symbol again', () => {
    const { toSource, toCanonical } = source;
    for (const symbol of [source.canarySymbol, ...source.jobs.flatMap((job) => job.symbols)]) {
      expect(canonicalSymbol(symbol), symbol).toBe(symbol);
      const own = toSource(symbol);
      expect(own, symbol).not.toBeNull();
      expect(toCanonical(own ?? ''), symbol).toBe(symbol);
    }
    for (const job of source.jobs)
      expect(job.symbols.length).toBeLessThanOrEqual(job.mostSymbols ?? job.symbols.length);
  });

  it('falls back to sources that there are, and its jobs have names of their own', () => {
    for (const fallback of source.fallbacks) expect(sourceOf(fallback), fallback).toBeDefined();
    expect(new Set(source.jobs.map((job) => job.id)).size).toBe(source.jobs.length);
    expect(source.id).toMatch(/^[a-z][a-z0-9-]{1,31}$/);
    expect(Date.parse(source.terms.reviewed)).not.toBeNaN();
  });

  it('has a parser of its own, in the folder of its id, loaded once', async () => {
    const parser = await parserOf(id);
    expect(parser.version).toMatch(new RegExp(`^${id}-\\d+$`));
    expect(await parserOf(id)).toBe(parser);
    expect(Object.values(await import(`../../../core/sources/${id}/parse.ts`))).toContain(await source.parser());
  });

  it('is called by https only', () => {
    for (const origin of source.origins) {
      expect(new URL(origin).origin).toBe(origin);
      expect(origin).toMatch(/^https:/);
    }
  });
});

it('an installation on AWS has every source but those of the simulator', () => {
  const onLaptop = sourcesOf('local').map(({ id }) => id);
  expect(onLaptop).toEqual(catalogue.map(({ id }) => id));
  for (const stage of ['dev', 'prod'])
    expect(sourcesOf(stage).map(({ id }) => id)).toEqual(onLaptop.filter((id) => id !== 'demo-broker'));
  expect(catalogue.filter(({ origins }) => origins.some((each) => each.endsWith('.invalid')))).toEqual(
    catalogue.filter(({ localOnly }) => localOnly),
  );
});
