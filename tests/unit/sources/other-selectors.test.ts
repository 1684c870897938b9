import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../core/contracts/blob.ts';
import type { PageSelectors } from '../../../core/contracts/words/page-selectors.ts';
import { demoBrokerParser } from '../../../core/sources/demo-broker/parse.ts';

const heads = ['Symbol', 'Name', 'Type', 'Market', 'Last', 'Previous', 'Volume', 'Currency', 'Time'];
const cells = ['AAPL', 'Apple', 'Share', 'XNAS', '244.6', '241.5', '100', 'USD', '2026-11-20T21:00:00Z'];
const tableOf = (attributes: string, headings: readonly string[]) =>
  `<table ${attributes}><thead><tr>${headings.map((each) => `<th>${each}</th>`).join('')}</tr></thead>
   <tbody><tr>${cells.map((each) => `<td>${each}</td>`).join('')}</tr></tbody></table>`;

function read(body: string, selectors: PageSelectors) {
  const exchange: Exchange = {
    request: { method: 'GET', url: 'https://demo-broker.invalid/positions', headers: {}, symbols: ['AAPL'], selectors },
    response: { status: 200, headers: {}, body, truncated: false },
    error: null,
    fetchedAt: '2026-11-20T21:00:05.000Z',
    latencyMs: 1,
  };
  return demoBrokerParser.parse('quotes', exchange);
}

describe('a page whose table has another id', () => {
  const page = `<table><thead><tr><th>News</th></tr></thead><tbody><tr><td>none</td></tr></tbody></table>${tableOf('id="holdings"', heads)}`;

  it('is not read by the main selectors, and is by the alternative', () => {
    expect(read(page, 'main').failure?.reason).toBe('schema_drift');
    expect(read(page, 'alternative').quotes.map(({ subject, quote }) => [subject.symbol, quote.price])).toEqual([
      ['AAPL', '244.6'],
    ]);
  });

  it('is not read by the alternative either when a heading is another one: columns are never guessed', () => {
    const renamed = tableOf(
      'id="holdings"',
      heads.map((each) => (each === 'Last' ? 'Quote' : each)),
    );
    expect(read(renamed, 'alternative').failure?.reason).toBe('schema_drift');
  });

  it('is read by either when it is as it was', () => {
    const usual = tableOf('id="positions" data-rows="1"', heads);
    for (const selectors of ['main', 'alternative'] as const) expect(read(usual, selectors).quotes).toHaveLength(1);
  });

  it('is waited for by its own selectors', () => {
    const asked = { kind: 'quotes', job: 'positions', symbols: ['AAPL'], now: 0 } as const;
    const [main] = demoBrokerParser.requests(asked);
    const [other] = demoBrokerParser.requests({ ...asked, selectors: 'alternative' });
    expect(main?.page?.waitFor).toContain('table#positions');
    expect(other?.page?.waitFor).toContain('table tbody tr');
    expect([main?.selectors, other?.selectors]).toEqual([undefined, 'alternative']);
  });
});
