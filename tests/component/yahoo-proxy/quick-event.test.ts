/** Hits that the function answers without the app: the same, to a letter, as the app would. */
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withRawPath } from '../../../core/http/gateway-event.ts';
import { openGate } from '../../../functions/yahoo-proxy/gate.ts';
import { quickEvent } from '../../../functions/yahoo-proxy/quick-event.ts';
import { type RunningUpstreams, startUpstreams } from '../../../localstack/upstreams/server.ts';
import { getEvent } from '../../support/bundles/events.ts';
import { type TestProxy, testProxy } from '../../support/yahoo-proxy-fixture.ts';

let upstreams: RunningUpstreams;
let test: TestProxy;
beforeAll(async () => {
  upstreams = await startUpstreams({ port: 0, clock: '2026-11-28T15:00:00Z' });
  const stands = Date.now();
  test = await testProxy(upstreams, { gate: openGate('the-key'), now: () => stands });
});
afterAll(() => upstreams.stop());

const quotes = '/yahoo/v7/finance/quote?symbols=AAPL,MSFT';
const chart = '/yahoo/v8/finance/chart/AAPL?range=1mo&interval=1d';
const own = '/yahoo/quote/AAPL';
const key = { 'x-api-key': 'the-key', 'x-request-id': 'r-1' };

const byApp = (event: LambdaEvent) => handle(test.proxy.app)(withRawPath(event));
const quickly = (event: LambdaEvent) => quickEvent(test.proxy.quick, withRawPath(event));
const eventOf = (target: string, headers: Record<string, string>, more: object = {}) =>
  ({ ...(getEvent(target, headers) as object), ...more }) as LambdaEvent;

describe('a repeated request', () => {
  it.each([
    ['quotes', quotes, key, {}],
    ['a chart', chart, key, {}],
    ['a quote of ours', own, key, {}],
    ['a key as a bearer', quotes, { authorization: 'Bearer the-key', 'X-Request-Id': 'r-1' }, {}],
    ['a key in the address', quotes.replace('/yahoo', '/yahoo/k/the-key'), { 'x-request-id': 'r-1' }, {}],
    ['a body that is packed', chart, { ...key, 'accept-encoding': 'gzip, br' }, {}],
    ['headers of one value only', quotes, key, { multiValueHeaders: null, multiValueQueryStringParameters: null }],
  ])('is answered as by the app: %s', async (_, target, headers, more) => {
    const event = eventOf(target, headers, more);
    await byApp(event);
    const wanted = await byApp(event);
    expect(wanted.statusCode).toBe(200);
    expect(quickly(event)).toEqual(wanted);
  });

  it('is answered with 304 to who has it', async () => {
    await byApp(eventOf(quotes, key));
    const etag = quickly(eventOf(quotes, key))?.multiValueHeaders?.['etag']?.[0] ?? '';
    const event = eventOf(quotes, { ...key, 'if-none-match': etag });
    const wanted = await byApp(event);
    expect(wanted.statusCode).toBe(304);
    expect(quickly(event)).toEqual(wanted);
  });

  it.each([
    ['without a key', quotes, {}, {}],
    ['with a wrong key', quotes, { 'x-api-key': 'other' }, {}],
    ['of another address', `${quotes},IBM`, key, {}],
    ['that is no GET', quotes, key, { httpMethod: 'POST' }],
    ['with a body', quotes, key, { body: 'x' }],
    ['with two keys', quotes, key, { multiValueHeaders: { 'x-api-key': ['the-key', 'other'] } }],
    [
      'with two headers of one name',
      quotes,
      key,
      { multiValueHeaders: { 'x-api-key': ['the-key'], 'X-Api-Key': ['x'] } },
    ],
    ['with a key that is not ASCII', quotes, { 'x-api-key': 'thé-key' }, {}],
    ['that would change to a WebSocket', quotes, { ...key, upgrade: 'websocket' }, {}],
    ['of a load balancer', quotes, key, { requestContext: { elb: {} } }],
  ])('goes through the app: %s', async (_, target, headers, more) => {
    await byApp(eventOf(quotes, key));
    expect(quickly(eventOf(quotes, key))).not.toBeNull();
    expect(quickly(eventOf(target, headers, more))).toBeNull();
  });

  it('counts as a hit, once', async () => {
    const hits = () => /route="quote",cache="HIT",status="200"} (\d+)/.exec(test.proxy.metrics.text({}))?.[1];
    await byApp(eventOf(quotes, key));
    const before = Number(hits() ?? 0);
    quickly(eventOf(quotes, key));
    expect(Number(hits())).toBe(before + 1);
  });
});
