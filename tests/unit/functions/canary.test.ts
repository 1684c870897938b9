import { expect, it, vi } from 'vitest';
import { askFromOutside } from '../../../functions/canary/ask.ts';

const url = 'https://d111.cloudfront.example';
const key = 'qtr_live_of_the_canary';
const quotes = JSON.stringify({ data: [{ symbol: 'AAPL', price: 189.95 }] });

/** Answers by path. */
const answers = (ready: Response, priced: Response) =>
  vi.fn<typeof fetch>(async (input) => (String(input).includes('/readyz') ? ready : priced));

it('asks for readiness without a key, and with one for a price', async () => {
  const send = answers(new Response('{}'), new Response(quotes));
  expect(await askFromOutside({ url, key: undefined }, send)).toEqual({ priced: false });
  expect(await askFromOutside({ url, key }, send)).toEqual({ priced: true });
  expect(send.mock.calls.map(([input, init]) => [String(input), init?.headers])).toEqual([
    [`${url}/api/v1/readyz`, {}],
    [`${url}/api/v1/readyz`, {}],
    [`${url}/api/v1/quotes?limit=1`, { 'x-api-key': key }],
  ]);
});

it.each([
  ['is not ready', new Response('{}', { status: 503 }), new Response(quotes), /readyz.*503/],
  ['refuses the key', new Response('{}'), new Response('{}', { status: 401 }), /quotes.*401/],
  ['has no price', new Response('{}'), new Response('{"data":[]}'), /no price/],
  ['gives a page', new Response('{}'), new Response('<!doctype html>'), /no price/],
] as const)('fails when the API %s, and never says the key', async (_, ready, priced, why) => {
  const failed = await askFromOutside({ url, key }, answers(ready, priced)).then(
    () => '',
    (error: unknown) => String(error),
  );
  expect(failed).toMatch(why);
  expect(failed).not.toContain(key);
});

it('fails when nobody is there', async () => {
  const send = vi.fn<typeof fetch>().mockRejectedValue(new TypeError('fetch failed'));
  await expect(askFromOutside({ url, key }, send)).rejects.toThrow(/TypeError/);
});
