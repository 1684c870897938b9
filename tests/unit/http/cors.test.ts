import { describe, expect, it } from 'vitest';
import { allowOrigin, originsIn, preflightAnswer } from '../../../core/http/cors.ts';

describe('the origins of a setting', () => {
  it.each([
    ['https://a.example', ['https://a.example'], null],
    [' http://localhost:5173 , https://a.example,', ['http://localhost:5173', 'https://a.example'], null],
    ['', [], null],
    ['*', [], '*'],
    ['null', [], 'null'],
    ['https://a.example/', [], 'https://a.example/'],
    ['https://a.example/page', [], 'https://a.example/page'],
    ['https://*.example', [], 'https://*.example'],
    ['a.example', [], 'a.example'],
    ['https://A.example', [], 'https://A.example'],
    ['https://a.example:443', [], 'https://a.example:443'],
    ['https://user@a.example', [], 'https://user@a.example'],
    ['file:///etc', [], 'file:///etc'],
    ['https://a.example,javascript:alert(1)', ['https://a.example'], 'javascript:alert(1)'],
  ])('%j are these, and what is none is named', (text, origins, wrong) => {
    const found = originsIn(text);
    expect([found.origins, found.wrong]).toEqual([origins, wrong]);
  });
});

const origins = new Set(['https://a.example']);
const preflight = (headers: Record<string, string>, method = 'OPTIONS') =>
  preflightAnswer(new Request('http://q.example/api/v1/quotes', { method, headers }), origins);

describe('a preflight', () => {
  it('of a listed origin names what may be sent, without cookies', () => {
    const answer = preflight({ origin: 'https://a.example', 'access-control-request-method': 'GET' });
    expect(answer?.status).toBe(204);
    const headers = Object.fromEntries(answer?.headers ?? []);
    expect(headers).toMatchObject({ 'access-control-allow-origin': 'https://a.example' });
    expect(headers['access-control-allow-headers']).toContain('x-api-key');
    expect(headers['vary']).toContain('origin');
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it.each([
    ['another origin', { origin: 'https://b.example', 'access-control-request-method': 'GET' }, 'OPTIONS'],
    [
      'one that begins like it',
      { origin: 'https://a.example.evil', 'access-control-request-method': 'GET' },
      'OPTIONS',
    ],
    ['no origin', { 'access-control-request-method': 'GET' }, 'OPTIONS'],
    ['a sandboxed page', { origin: 'null', 'access-control-request-method': 'GET' }, 'OPTIONS'],
    ['a plain OPTIONS', { origin: 'https://a.example' }, 'OPTIONS'],
    ['a GET', { origin: 'https://a.example', 'access-control-request-method': 'GET' }, 'GET'],
  ])('is none for %s', (_, headers, method) => {
    expect(preflight({ ...headers }, method)).toBeNull();
  });
});

it('an answer keeps what it varies by, and is readable for listed origins only', () => {
  const listed = new Headers({ vary: 'accept' });
  allowOrigin(listed, 'https://a.example', origins);
  expect([listed.get('vary'), listed.get('access-control-allow-origin')]).toEqual([
    'accept, origin',
    'https://a.example',
  ]);
  expect(listed.get('access-control-expose-headers')).toContain('x-next-cursor');
  const other = new Headers();
  allowOrigin(other, 'https://b.example', origins);
  expect([...other]).toEqual([['vary', 'origin']]);
});
