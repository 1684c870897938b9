import { describe, expect, it } from 'vitest';
import { freshnessOf, lifetimeOf, phaseOf } from '../../../core/proxy/lifetimes.ts';
import { routeNamed } from '../../../core/proxy/routes.ts';

it.each([
  ['REGULAR', 'open', 5],
  ['PRE', 'extended', 15],
  ['POST', 'extended', 15],
  ['CLOSED', 'closed', 60],
  ['PREPRE', 'closed', 60],
  ['POSTPOST', 'closed', 60],
  [undefined, 'unknown', 15],
  ['SOMETHING_NEW', 'unknown', 15],
] as const)('a quote whose market is %s (%s) is fresh for %i s', (state, phase, fresh) => {
  expect(phaseOf(state)).toBe(phase);
  expect(lifetimeOf('quote', phaseOf(state)).fresh).toBe(fresh);
});

it('the price of an open market is never given out as current after half a minute', () => {
  const lifetime = lifetimeOf('quote', 'open');
  expect(freshnessOf(lifetime, 4.9)).toBe('fresh');
  expect(freshnessOf(lifetime, 5)).toBe('reusable');
  expect(freshnessOf(lifetime, 29.9)).toBe('reusable');
  expect(freshnessOf(lifetime, 30)).toBe('spare');
  expect(freshnessOf(lifetime, 86_399)).toBe('spare');
  expect(freshnessOf(lifetime, 86_400)).toBe('over');
});

describe('what an answer is', () => {
  it.each([
    ['chart', { interval: '1m' }, false, 'intraday'],
    ['chart', { interval: '1h' }, false, 'intraday'],
    ['chart', { interval: '1d' }, false, 'daily'],
    ['chart', { interval: '1mo' }, false, 'daily'],
    ['chart', {}, false, 'daily'],
    ['chart', { interval: '1m' }, true, 'past'],
    ['summary', { modules: 'assetProfile,price' }, false, 'intraday'],
    ['summary', { modules: 'assetProfile' }, false, 'profile'],
    ['timeseries', {}, false, 'profile'],
    ['search', {}, false, 'search'],
    ['quote', {}, false, 'quote'],
    ['spark', { interval: '5m' }, false, 'intraday'],
    ['spark-v7', {}, false, 'daily'],
    ['options', {}, false, 'intraday'],
    ['screener', {}, false, 'intraday'],
    ['lookup', {}, false, 'search'],
    ['lookup', { fetchPricingData: 'true' }, false, 'list'],
    ['visualization', {}, false, 'list'],
    ['news', {}, false, 'news'],
  ] as const)('%s %j, over: %s, is %s', (route, query, past, kind) => {
    expect(routeNamed(route)?.kindOf(query, past)).toBe(kind);
  });

  it('what does not move is kept for hours, what is missing for a minute', () => {
    for (const kind of ['past', 'profile', 'search'] as const)
      expect(lifetimeOf(kind, 'open').fresh).toBeGreaterThanOrEqual(3_600);
    expect(lifetimeOf('missing', 'open')).toEqual({ fresh: 60, reuse: 0, keep: 60 });
  });

  it('a closed market’s prices hold longer than an open one’s, whatever the kind', () => {
    for (const kind of ['quote', 'intraday', 'daily'] as const) {
      expect(lifetimeOf(kind, 'closed').fresh).toBeGreaterThan(lifetimeOf(kind, 'extended').fresh);
      expect(lifetimeOf(kind, 'extended').fresh).toBeGreaterThan(lifetimeOf(kind, 'open').fresh);
    }
  });
});
