import { afterEach, describe, expect, it } from 'vitest';
import { allowanceFor } from '../../../core/planning/quota.ts';
import { catalogue, knownSource, setQuotas, sourceOf } from '../../../core/sources/catalogue.ts';
import { readQuota, readQuotas } from '../../../core/sources/quotas.ts';

afterEach(() => setQuotas(new Map()));

describe('the quota of a source as a setting', () => {
  const yahoo = knownSource('yahoo');

  it.each([
    ['200/300000', 200, 300_000],
    [' 400 / 20000 ', 400, 20_000],
    ['7/7', 7, 7],
  ])('%j is read', (text, perMinute, perDay) => {
    expect(readQuota(text, { id: 'yahoo', jobs: [] })).toEqual({ perMinute, perDay });
  });

  it.each([
    '',
    '200',
    '200/',
    '/300000',
    '0/100',
    '-5/100',
    '1.5/100',
    '1e3/100000',
    '200:300000',
    '200/300000/1',
    '200/300,000',
    'many',
    '300000/200',
    '1000000/2000000',
    '200/99999999999',
  ])('%j is named as wrong', (text) => {
    expect(readQuota(text, yahoo)).toEqual({ wrong: expect.stringContaining('yahoo') });
  });

  it('that has no room for a task of the source is refused: the task could never be done', () => {
    const [job] = yahoo.jobs;
    if (!job) throw new Error('Yahoo has no job.');
    const jobs = [{ ...job, symbolsPerTask: 10, symbolsPerRequest: 1 }];
    expect(readQuota('9/1000', { id: 'yahoo', jobs })).toEqual({ wrong: expect.stringContaining(job.id) });
    expect(readQuota('10/1000', { id: 'yahoo', jobs })).toEqual({ perMinute: 10, perDay: 1_000 });
  });

  it('takes every quota that a definition has', () => {
    for (const { id, quota, jobs } of catalogue)
      expect(readQuota(`${quota.perMinute}/${quota.perDay}`, { id, jobs })).toMatchObject({ perDay: quota.perDay });
  });

  it('is one of several, each for a source of the catalogue, once', () => {
    expect(readQuotas('', catalogue)).toEqual({ quotas: new Map() });
    expect(readQuotas('yahoo=200/300000, slickcharts=12/300', catalogue)).toEqual({
      quotas: new Map([
        ['yahoo', { perMinute: 200, perDay: 300_000 }],
        ['slickcharts', { perMinute: 12, perDay: 300 }],
      ]),
    });
    for (const [text, named] of [
      ['yaho=200/300000', 'yaho'],
      ['200/300000', '200/300000'],
      ['yahoo', 'yahoo'],
      ['yahoo=200/300000,yahoo=1/2', 'twice'],
      ['yahoo=x', '"x"'],
    ] as const)
      expect(readQuotas(text, catalogue), text).toEqual({ wrong: expect.stringContaining(named) });
  });

  it('holds wherever the source is found, and only until others are set', () => {
    const gap = sourceOf('coingecko')?.quota.gapMs;
    const before = knownSource('yahoo').quota;
    setQuotas(
      new Map([
        ['yahoo', { perMinute: 400, perDay: 300_000 }],
        ['coingecko', { perMinute: 9, perDay: 900 }],
      ]),
    );
    expect(knownSource('yahoo').quota).toMatchObject({ perMinute: 400, perDay: 300_000 });
    expect(catalogue.find(({ id }) => id === 'yahoo')?.quota.perMinute).toBe(400);
    expect(allowanceFor(knownSource('yahoo').quota, 'proxy')).toEqual({ perMinute: 300, perDay: 225_000 });
    // What else the definition says of its requests stays.
    expect(sourceOf('coingecko')?.quota).toEqual({ perMinute: 9, perDay: 900, gapMs: gap });
    setQuotas(new Map());
    expect(knownSource('yahoo').quota).toEqual(before);
  });
});
