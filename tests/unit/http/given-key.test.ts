import { describe, expect, it } from 'vitest';
import { createApiKey, isApiKey, isFeedToken, maskKeys } from '../../../core/auth/api-keys.ts';
import { givenKey, pathKeyHeaders, splitKey } from '../../../core/http/given-key.ts';

describe('a key in an address', () => {
  it.each([
    ['/yahoo/k/abc/v7/finance/quote?symbols=A', '/yahoo/v7/finance/quote?symbols=A', 'abc'],
    ['/yahoo/k/abc', '/yahoo', 'abc'],
    ['/yahoo/k/abc?x=/y', '/yahoo?x=/y', 'abc'],
    ['/yahoo/k//quote', '/yahoo/quote', ''],
    ['/yahoo/k/a%2Fb/quote', '/yahoo/quote', 'a%2Fb'],
    ['/yahoo/kx/abc', '/yahoo/kx/abc', undefined],
    ['/yahoo/quote/k/abc', '/yahoo/quote/k/abc', undefined],
  ])('is taken out of %s', (target, rest, key) => {
    expect(splitKey(target, '/yahoo')).toEqual({ target: rest, key });
  });

  it('goes before those of headers, and x-api-key before Bearer', () => {
    const headers = new Map([
      ['x-api-key', 'two'],
      ['authorization', 'Bearer three'],
    ]);
    const given = (inPath?: string) => givenKey(inPath, (name) => headers.get(name));
    expect(given('one')).toEqual({ key: 'one', inPath: true });
    expect(given()).toEqual({ key: 'two', inPath: false });
    headers.delete('x-api-key');
    expect(given()).toEqual({ key: 'three', inPath: false });
    headers.delete('authorization');
    expect(given()).toBeUndefined();
  });

  it.each([
    ['no-store', 'private, no-store'],
    ['private, max-age=5', 'private, max-age=5'],
    [null, 'private'],
  ])('makes %s %s', (cacheControl, wanted) => {
    expect(pathKeyHeaders('qtr_feed_x', { cacheControl, warning: null })).toEqual({
      'cache-control': wanted,
      'referrer-policy': 'no-referrer',
    });
  });

  it('that should not stand there adds its warning to one that is there', () => {
    const { warning } = pathKeyHeaders('qtr_live_x', { cacheControl: null, warning: '110 quotron "Stale"' });
    expect(warning).toMatch(/^110 quotron "Stale", 299 quotron "/);
  });
});

describe('a feed token', () => {
  it('has the form of a key, and can be told from one', () => {
    const [key, token] = [createApiKey().key, createApiKey('feed').key];
    expect([isApiKey(key), isApiKey(token), isFeedToken(key), isFeedToken(token)]).toEqual([true, true, false, true]);
    expect(isApiKey(token.replace('feed', 'live'))).toBe(false);
  });
});

describe('a text with keys', () => {
  it('keeps none of them, whole, truncated or encoded', () => {
    for (const kind of ['key', 'feed'] as const) {
      const { key } = createApiKey(kind);
      const secret = key.slice(9);
      for (const text of [
        `GET /api/v1/k/${key}/quotes?x=${key}`,
        `Invalid URL: http://host/yahoo/k/${key.slice(0, 30)}`,
        `/yahoo/k/${key.replaceAll('_', '%5F')}/quote`,
        key.toUpperCase(),
      ])
        for (let at = 0; at + 8 <= 21; at++) expect(maskKeys(text)).not.toContain(secret.slice(at, at + 8));
    }
    expect(maskKeys('GET /quotes/AAPL qtr_session_80')).toBe('GET /quotes/AAPL qtr_session_80');
  });
});
