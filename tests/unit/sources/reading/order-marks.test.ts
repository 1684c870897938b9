import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../../core/sources/catalogue.ts';
import { readHtml } from '../../../../core/sources/reading/html.ts';
import { readBody } from '../../../../core/sources/reading/json.ts';
import { goodAnswers as alphaVantage } from '../alpha-vantage/good-answers.ts';
import { goodAnswers as coingecko } from '../coingecko/good-answers.ts';
import { golden, page } from '../slickcharts/good-page.ts';
import { goodAnswers as yahoo } from '../yahoo/good-answers.ts';

/** As UTF-8 and as its bytes read one by one, with space around it, and twice. */
const marks = ['\ufeff', '\u00ef\u00bb\u00bf', '\ufeff\ufeff', '\r\n\ufeff', '\ufeff\n '];

const exchangeOf = (body: string, symbol: string, url = 'https://upstream.example/') => ({
  request: { symbols: [symbol], url },
  response: { status: 200, headers: {}, truncated: false, body },
  error: null,
  fetchedAt: '2026-11-20T15:00:00.000Z',
});

describe.each(marks)('a body that begins with %j', (mark) => {
  it.each([
    ['yahoo', yahoo],
    ['alpha-vantage', alphaVantage],
    ['coingecko', coingecko],
  ])('of %s is read as without', async (id, answers) => {
    const parser = await catalogue.find((source) => source.id === id)?.parser();
    for (const { kind, body, price, asText, symbol, url } of answers) {
      const text = JSON.stringify(body(asText ? String(price) : price));
      const plain = parser?.parse(kind, exchangeOf(text, symbol, url));
      expect(plain?.failure).toBeNull();
      expect(parser?.parse(kind, exchangeOf(mark + text, symbol, url))).toEqual(plain);
    }
  });

  it('of a page is read as without', async () => {
    const parser = await catalogue.find((source) => source.id === 'slickcharts')?.parser();
    const plain = parser?.parse('constituents', exchangeOf(page(golden), 'dowjones'));
    expect(plain?.quotes).toHaveLength(30);
    expect(parser?.parse('constituents', exchangeOf(mark + page(golden), 'dowjones'))).toEqual(plain);
  });

  it('in place of data is still a page', () => {
    expect(readBody(exchangeOf(`${mark}<html>`, 'X'))).toMatchObject({ failure: { reason: 'blocked' } });
  });
});

it('a heading or a symbol with an unseen character is found', () => {
  const read = readHtml(
    '<table><thead><tr><th>\ufeffPri\u00adce</th></tr></thead><tbody><tr><td>\u200b1.5</td></tr></tbody></table>',
  );
  const table = 'failure' in read ? null : read.table('table');
  expect(table?.column('Price')).toBe(0);
  expect(table?.rows).toEqual([['1.5']]);
});
