import type { LambdaEvent } from 'hono/aws-lambda';
import { describe, expect, it } from 'vitest';
import { withRawPath } from '../../../core/http/gateway-event.ts';

const accepts = { accept: '*/*', 'accept-encoding': 'br' };
const eventOf = (of: object) =>
  ({
    path: '/quotes/AAPL',
    httpMethod: 'GET',
    headers: accepts,
    multiValueHeaders: null,
    ...of,
  }) as unknown as LambdaEvent;
const given = (of: object) => withRawPath(eventOf(of)) as unknown as Record<string, unknown>;

describe('a request of API Gateway', () => {
  it.each([
    { path: '/quotes/BRK%2FB' },
    { path: "/a-b.c~!$&'()*+,;=:@/%F0%9F%98%80", queryStringParameters: { symbols: 'A,B', empty: '' } },
    { headers: undefined, multiValueHeaders: { Accept: ['text/csv', 'x'], 'X-Emoji': ['😀'] } },
    { queryStringParameters: null, multiValueQueryStringParameters: { a: ['1', '2'] } },
    // No texts: what is no header is not looked at.
    { headers: { ...accepts, odd: 1 } },
  ])('is itself where nothing of it is malformed: %j', (of) => {
    const event = eventOf(of);
    expect(withRawPath(event)).toEqual(event);
  });

  it.each([
    ['/quotes/A?x', '/quotes/A%3Fx'],
    ['quotes', '/quotes'],
    ['/é %zz%41', '/%C3%A9%20%25zz%41'],
    ['/\ud800', '/%EF%BF%BD'],
  ])('has a path of a URL: %j is %s', (path, raw) => {
    expect(given({ path })['path']).toBe(raw);
  });

  it.each(['headers', 'multiValueHeaders', 'queryStringParameters', 'multiValueQueryStringParameters'])(
    'has no half characters in its %s',
    (name) => {
      const texts = { ...accepts, half: '\udc00', ['n\ud800']: 'x', many: ['\ud800', 'y'], none: null };
      expect(given({ [name]: texts })[name]).toEqual({
        ...accepts,
        half: '�',
        ['n�']: 'x',
        many: ['�', 'y'],
        none: null,
      });
    },
  );

  it('has no Idempotency-Key that only its encoding makes a good one', () => {
    const headers = { ...accepts, 'Idempotency-Key': 'é\ud800' };
    expect(given({ headers })['headers']).toEqual({ ...headers, 'Idempotency-Key': '\x7f\x7f' });
    expect(given({ headers: { ...headers, 'Idempotency-Key': 'abc' } })['headers']).toMatchObject({
      'Idempotency-Key': 'abc',
    });
  });

  it.each([[{}], [{ Accept: '' }], [{ accept: ' ;q=1' }], [{ accept: [] }]])(
    'asks for no content coding where it does not say what it takes: %j',
    (accept) => {
      const coding = { ...accept, 'Accept-Encoding': 'br', host: 'x' };
      const { 'Accept-Encoding': _, ...plain } = coding;
      expect(given({ headers: coding })['headers']).toEqual(plain);
      expect(given({ headers: accepts, multiValueHeaders: coding })).toMatchObject({
        headers: { accept: '*/*' },
        multiValueHeaders: plain,
      });
    },
  );
});
