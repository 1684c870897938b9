import { expect, it } from 'vitest';
import { markedPlaces, placeInJson } from '../../../web/src/text/json-place.ts';

const text = `{"quoteResponse": {"error": null, "result": [
  {"symbol": "AAPL", "note": "a \\"} ] trap", "price": 1.5},
  {"symbol": "VOD.L", "price": {"raw": 66.1}, "price2": [1, 2]}]},
  "Time Series (Daily)": {"2026-01-02": {"4. close": "7"}}, "3": [[4], 5]}`;
const at = (path: string, of = text) => {
  const place = placeInJson(of, path);
  return place && of.slice(...place);
};

it.each([
  ['quoteResponse.result[0].price', '1.5'],
  ['quoteResponse.result.0.note', '"a \\"} ] trap"'],
  ['quoteResponse.result[1].price', '{"raw": 66.1}'],
  ['Time Series (Daily)["2026-01-02"]', '{"4. close": "7"}'],
  ['3[0][0]', '4'],
  ['quoteResponse.error', 'null'],
])('the value at %s is found as it stands', (path, value) => {
  expect(at(path)).toBe(value);
});

it.each(['quoteResponse.result[2]', 'quoteResponse.result[0].price[0]', 'symbol', '[0]'])('%s is not there', (path) => {
  expect(at(path)).toBe(null);
});

it('a text that is cut, or no JSON, has what comes before the cut', () => {
  expect(at('a[1]', '{"a":[1,2,{"b"')).toBe('2');
  for (const broken of ['{"a":[1,{"b":2', '{"a', '<html>', '', '{"a":[1,"x'])
    expect(at('a[1]', broken), broken).toBe(null);
});

it('of a row the fields that were wrong are marked beside the symbol, and nothing twice', () => {
  const marks = (path: string | null, fields: string[], mark = '"VOD.L"') =>
    markedPlaces(text, { mark, path, fields, most: 9 }).map((place) => text.slice(...place));
  const path = 'quoteResponse.result[1]';
  expect(marks(path, ['price', 'gone'])).toEqual(['"VOD.L"', '"price": {"raw": 66.1}']);
  expect(marks(path, ['price.raw', 'price2[1]', 'symbol'])).toEqual(['"symbol": "VOD.L"', '"raw": 66.1', '2']);
  expect(marks('quoteResponse.result[0].price', [])).toEqual(['1.5', '"VOD.L"']);
  expect(marks(null, ['price'])).toEqual(['"VOD.L"']);
  expect(markedPlaces('aaaa', { mark: 'a', path: null, fields: [], most: 2 })).toHaveLength(2);
});
