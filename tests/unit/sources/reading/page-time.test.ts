import { describe, expect, it } from 'vitest';
import { readHtml } from '../../../../core/sources/reading/html.ts';
import { pageTime } from '../../../../core/sources/reading/page-time.ts';

const fetchedAt = '2026-11-27T21:30:00.000Z';
const dates = {
  words: ['as of', 'last updated'],
  attributes: [{ selector: 'table[data-as-of]', name: 'data-as-of' }],
  zone: 'America/New_York',
};

function timeOf(body: string, headers: Record<string, string> = {}) {
  const page = readHtml(`<html><body>${body}</body></html>`);
  if ('failure' in page) throw new Error(page.failure.message);
  const response = { status: 200, headers, body, truncated: false };
  const { at, said } = pageTime({ request: { symbols: [] }, response, error: null, fetchedAt }, page, dates);
  return [new Date(at).toISOString(), said];
}

describe('when a page was true', () => {
  it.each([
    ['nothing', '', {}, fetchedAt, 'fetch'],
    ['its age in a cache', '', { age: '3600' }, '2026-11-27T20:30:00.000Z', 'cache'],
    [
      'when it was made',
      '',
      { 'last-modified': 'Tue, 24 Nov 2026 21:00:00 GMT' },
      '2026-11-24T21:00:00.000Z',
      'server',
    ],
    ['when it was sent, long ago', '', { date: 'Thu, 26 Nov 2026 21:30:00 GMT' }, '2026-11-26T21:30:00.000Z', 'cache'],
    ['a clock that is a little behind', '', { date: 'Fri, 27 Nov 2026 21:25:00 GMT' }, fetchedAt, 'fetch'],
    ['a time to come', 'as of 2026-12-24', { 'last-modified': 'Wed, 24 Nov 2027 21:00:00 GMT' }, fetchedAt, 'fetch'],
    ['no time', 'as of last Tuesday', { age: 'x', date: 'x', 'last-modified': '' }, fetchedAt, 'fetch'],
    ['an instant', '<p>Prices as of 2026-11-24T21:00:00.000Z</p>', {}, '2026-11-24T21:00:00.000Z', 'page'],
    ['a time of the exchange', 'Last updated: Nov 24, 2026 4:00 PM ET', {}, '2026-11-24T21:00:00.000Z', 'page'],
    ['a time in words', 'As of Tuesday, November 24th, 2026 at 16:00', {}, '2026-11-24T21:00:00.000Z', 'page'],
    ['a day first', 'as of 24 November 2026, 21:00 UTC', {}, '2026-11-24T21:00:00.000Z', 'page'],
    ['an American date', 'as of 11/24/2026 09:30 am', {}, '2026-11-24T14:30:00.000Z', 'page'],
    ['a day alone, which is over', 'as of 2026-11-24', {}, '2026-11-25T04:59:59.999Z', 'page'],
    ['today', 'as of 2026-11-27', {}, fetchedAt, 'fetch'],
    ['an attribute', '<table data-as-of="2026-11-24T21:00:00Z"></table>', {}, '2026-11-24T21:00:00.000Z', 'page'],
    ['two times', 'as of 2026-11-25T00:00Z', { age: '60' }, '2026-11-25T00:00:00.000Z', 'page'],
    ['a date that nobody sees', '<p hidden>as of 2026-11-24</p>', {}, fetchedAt, 'fetch'],
    ['days ago', 'Last updated 3 days ago', {}, '2026-11-24T21:30:00.000Z', 'page'],
    ['yesterday', 'Last updated yesterday at 4:00 PM', {}, '2026-11-26T21:00:00.000Z', 'page'],
    ['a weekday', 'As of Tuesday’s close', {}, '2026-11-25T04:59:59.999Z', 'page'],
    ['a day without a year', 'as of Tuesday, November 24', {}, '2026-11-25T04:59:59.999Z', 'page'],
    ['two figures of a year', 'as of 11/24/26', {}, '2026-11-25T04:59:59.999Z', 'page'],
    ['a day that is no month', 'as of 24/11/2026', {}, '2026-11-25T04:59:59.999Z', 'page'],
    ['a German date', 'as of 24.11.2026 22:00', {}, '2026-11-25T03:00:00.000Z', 'page'],
    ['a day in French', 'as of 24 novembre 2026', {}, '2026-11-25T04:59:59.999Z', 'page'],
    ['a day in Spanish', 'as of 24 de noviembre de 2026', {}, '2026-11-25T04:59:59.999Z', 'page'],
    ['a day in Italian', 'as of 1\u00ba dicembre 2025', {}, '2025-12-02T04:59:59.999Z', 'page'],
    ['a day in Russian', 'as of 24 \u043d\u043e\u044f\u0431\u0440\u044f 2026', {}, '2026-11-25T04:59:59.999Z', 'page'],
    ['a day in Japanese', 'as of 2026\u5e7411\u670824\u65e5', {}, '2026-11-25T04:59:59.999Z', 'page'],
    ['eight figures', 'as of 20261124', {}, '2026-11-25T04:59:59.999Z', 'page'],
    ['eight figures and a time', 'as of 20261124 16:00', {}, '2026-11-24T21:00:00.000Z', 'page'],
    ['an instant without signs', 'Last updated: 20261124T210000Z', {}, '2026-11-24T21:00:00.000Z', 'page'],
    ['fourteen figures', 'as of 20261124160000', {}, '2026-11-24T21:00:00.000Z', 'page'],
    ['eight figures that are no date', 'as of 20261399 and 20260230', {}, fetchedAt, 'fetch'],
    ['a number of shares', 'as of 20261124.5', {}, fetchedAt, 'fetch'],
    ['a longer number', 'as of 202611241', {}, fetchedAt, 'fetch'],
    ['days ago in German', 'as of vor 3 Tagen', {}, '2026-11-24T21:30:00.000Z', 'page'],
    ['months ago, which are no minutes', 'as of vor 3 Monaten', {}, fetchedAt, 'fetch'],
    ['hours ago in French', 'as of il y a 3 heures', {}, '2026-11-27T18:30:00.000Z', 'page'],
    ['yesterday in German', 'as of gestern 16:00', {}, '2026-11-26T21:00:00.000Z', 'page'],
    ['the time first', 'as of 4:00 PM EST 11/24/2026', {}, '2026-11-24T21:00:00.000Z', 'page'],
    ['the close of a day', 'as of market close on November 24, 2026', {}, '2026-11-25T04:59:59.999Z', 'page'],
    [
      'the words that come first',
      'as of 2026-11-25T00:00Z. Last updated 2026-11-24',
      {},
      '2026-11-25T00:00:00.000Z',
      'page',
    ],
    ['the date of its terms', '<footer>Terms last updated January 1, 2024</footer>', {}, fetchedAt, 'fetch'],
    ['when a change took effect', 'Effective as of September 21, 2026, X joined.', {}, fetchedAt, 'fetch'],
    ['the ages of two caches', '', { age: '7200, 60' }, '2026-11-27T19:30:00.000Z', 'cache'],
    ['no month', 'as of market 30, 2025', {}, fetchedAt, 'fetch'],
    ['a date of something else', 'Founded 2026-11-24', {}, fetchedAt, 'fetch'],
  ])('it says %s', (_, body, headers, at, said) => {
    expect(timeOf(body, { ...headers })).toEqual([at, said]);
  });
});
