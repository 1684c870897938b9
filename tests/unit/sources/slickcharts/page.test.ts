import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../../core/contracts/blob.ts';
import type { KnownListing } from '../../../../core/market/instrument.ts';
import { checkQuotes } from '../../../../core/prices/check-quotes.ts';
import { slickchartsParser } from '../../../../core/sources/slickcharts/parse.ts';
import { slickcharts } from '../../../../core/sources/slickcharts/source.ts';
import { enrich } from '../../../../functions/ingest/enrich-answer.ts';
import { mutatedPagesSuite } from '../../../support/mutated-pages.ts';
import { golden, headings, page } from './good-page.ts';

const fetchedAt = Date.UTC(2026, 10, 20, 15);
function exchangeOf(body: string, response: Partial<NonNullable<Exchange['response']>> = {}): Exchange {
  return {
    request: { method: 'GET', url: 'https://www.slickcharts.com/dowjones', headers: {}, symbols: ['dowjones'] },
    response: { status: 200, headers: {}, body, truncated: false, ...response },
    error: null,
    fetchedAt: new Date(fetchedAt).toISOString(),
    latencyMs: 1,
  };
}
const parse = (body: string, response?: Partial<NonNullable<Exchange['response']>>) =>
  slickchartsParser.parse('constituents', exchangeOf(body, response));

describe('a page of SlickCharts', () => {
  it('is read into members with weights as fractions and prices as of the fetch', () => {
    const parsed = parse(page(golden));
    expect(parsed.failure).toBeNull();
    expect(parsed.rejections).toEqual([]);
    const [set] = parsed.constituents ?? [];
    expect(set?.index).toMatchObject({ symbol: 'dowjones', assetClass: 'index', listing: { mic: 'QIDX' } });
    expect(set?.members.slice(0, 3)).toEqual([
      {
        subject: {
          symbol: 'BRK.B',
          name: 'Berkshire Hathaway Inc Cl B',
          assetClass: 'equity',
          listing: { mic: 'QUNK', currency: 'USD', minorFactor: 1, zone: 'America/New_York' },
        },
        rank: 1,
        weight: '0.1',
        price: '338.83',
        previousClose: '338.31',
      },
      {
        subject: expect.objectContaining({ symbol: 'FALL', name: 'Falling & Co' }),
        rank: 2,
        weight: '0.105',
        price: '237.30',
        previousClose: '241.5',
      },
      {
        subject: expect.objectContaining({ symbol: 'NVR' }),
        rank: 3,
        weight: '0.095',
        price: '8123.40',
        previousClose: '7121.3',
      },
    ]);
    expect(parsed.quotes[0]?.quote).toMatchObject({
      price: '338.83',
      previousClose: '338.31',
      currency: 'USD',
      asOf: fetchedAt,
      asOfBasis: 'fetched',
    });
    expect(slickcharts.toCanonical('BRK.B')).toBe('BRK-B');
    expect(slickcharts.toCanonical('dowjones')).toBe('^DJI');
  });

  it('holds back all rows of a symbol that differ, in either spelling, and takes equal ones for one', () => {
    const [first = [], second = [], third = []] = golden;
    const other = third.with(4, '8,000.00').with(5, '878.70').with(6, '(12.34%)');
    const parsed = parse(page([...golden, other, second]));
    expect(parsed.failure).toBeNull();
    expect(parsed.rejections).toEqual(
      Array.from({ length: 2 }, () =>
        expect.objectContaining({
          symbol: 'NVR',
          reason: 'duplicate_conflict',
          finding: { code: 'conflicting_rows', rows: 2 },
        }),
      ),
    );
    expect(parsed.quotes).toHaveLength(29);
    const spelt = parse(
      page([
        ...golden,
        first.with(1, 'Berkshire').with(2, 'BRK-B').with(4, '339.00').with(5, '0.69').with(6, '(0.20%)'),
      ]),
    );
    expect(spelt.rejections.map(({ reason }) => reason)).toEqual(['duplicate_conflict', 'duplicate_conflict']);
  });

  it('reads falling prices with any minus', () => {
    for (const [change, percent] of [
      ['\u22124.20', '(\u22121.74%)'],
      ['\u20134.20', '\u20131.74\u00a0%'],
      ['(4.20)', '(1.74%)'],
      ['-\u20094.20', '(-1.74\u202f%)'],
    ] as const) {
      const rows = golden.map((row) => (row[2] === 'FALL' ? row.with(5, change).with(6, percent) : row));
      const falling = parse(page(rows)).quotes.find(({ subject }) => subject.symbol === 'FALL');
      expect(falling?.quote.previousClose).toBe('241.5');
    }
  });

  it('is read by its headings, wherever the columns are', () => {
    const order = [2, 4, 3, 0, 1, 6, 5];
    const moved = page(
      golden,
      order.map((at) => headings[at] ?? ''),
    ).replace(
      /<tbody>[\s\S]*<\/tbody>/,
      `<tbody>${golden.map((row) => `<tr>${order.map((at) => `<td>${row[at]}</td>`).join('')}</tr>`).join('')}</tbody>`,
    );
    expect(parse(moved).constituents?.[0]?.members.map((member) => member.price)).toEqual(
      parse(page(golden)).constituents?.[0]?.members.map((member) => member.price),
    );
  });

  it.each([
    [
      'a renamed column',
      page(
        golden,
        headings.map((head) => (head === 'Weight' ? 'Portfolio%' : head)),
      ),
      'schema_drift',
    ],
    ['another table', page(golden).replace('table-hover', ''), 'schema_drift'],
    ['too few members', page(golden.slice(0, 20)), 'schema_drift'],
    [
      'too many',
      page([...golden, ...Array.from({ length: 5 }, (_, at) => ['', 'x', `X${at}`, '0%', '1.00', '0', '(0%)'])]),
      'schema_drift',
    ],
    ['weights that do not add up', page(golden.map((row) => row.with(3, '1%'))), 'schema_drift'],
    ['nothing', '', 'schema_drift'],
    [
      'a challenge',
      '<html><head><title>Just a moment...</title></head><body><div id="challenge-form"></div></body></html>',
      'blocked',
    ],
  ])('that has %s is not believed at all', (_what, body, reason) => {
    const parsed = parse(body);
    expect(parsed.failure?.reason).toBe(reason);
    expect([parsed.quotes, parsed.constituents ?? []]).toEqual([[], []]);
  });

  it('from a cache of yesterday is stale', () => {
    expect(parse(page(golden), { headers: { age: '90000' } }).failure?.reason).toBe('stale');
    expect(parse(page(golden), { headers: { age: '90' } }).failure).toBeNull();
  });

  it('that was made longer ago than it is read is stale, and a younger one is as of then', () => {
    const at = (ms: number) => ({ headers: { 'last-modified': new Date(fetchedAt - ms).toUTCString() } });
    expect(parse(page(golden), at(3 * 86_400_000)).failure).toMatchObject({
      reason: 'stale',
      detail: { code: 'old_page', ageSeconds: 3 * 86_400 },
    });
    const dated = page(golden).replace('<h1>', '<p>Prices as of November 18, 2026</p><h1>');
    expect(parse(dated).failure?.reason).toBe('stale');
    const parsed = parse(page(golden), at(3_600_000));
    expect(parsed.failure).toBeNull();
    expect(parsed.quotes.every(({ quote }) => quote.asOf === fetchedAt - 3_600_000)).toBe(true);
    expect(parsed.constituents?.[0]?.asOf).toBe(fetchedAt - 3_600_000);
  });

  it('whose symbols are texts twice over is not believed, nor is one row of that kind among others', () => {
    const twice = (row: readonly string[]) => row.with(2, `${row[2]}${row[2]}`);
    expect(parse(page(golden.map(twice))).failure).toMatchObject({
      reason: 'schema_drift',
      detail: { code: 'doubled_text' },
    });
    const light = golden.map((row, at) => (at === 5 ? row.with(3, '0.1%') : at === 0 ? row.with(3, '12.49%') : row));
    const one = parse(page(light.map((row, at) => (at === 5 ? twice(row) : row))));
    expect(one.failure).toBeNull();
    expect(one.rejections).toMatchObject([{ reason: 'schema', finding: { code: 'doubled_text' } }]);
    // As the browser writes a letter that a cell shows twice.
    const letter = parse(page(light.map((row, at) => (at === 5 ? row.with(2, 'F F') : row))));
    expect(letter.rejections).toMatchObject([{ reason: 'schema', finding: { code: 'doubled_text' } }]);
    const named = parse(page(golden.map((row, at) => (at === 5 ? row.with(2, 'LULU') : row))));
    expect(named.rejections).toEqual([]);
  });

  it('that is a part of its table is not believed', () => {
    const part = `${page(golden)}<data data-quotron-verdict="count" data-rows="30" data-said="31"></data>`;
    expect(parse(part).failure).toMatchObject({
      reason: 'schema_drift',
      detail: { code: 'table_incomplete', rows: 30, of: 31 },
    });
    expect(parse(part.replace('"count"', '"growing"')).failure?.reason).toBe('timeout');
    expect(parse(part.replace('"count"', '"whole"')).failure).toBeNull();
  });

  it('keeps its other rows when one cannot be read', () => {
    const parsed = parse(page(golden.map((row) => (row[2] === 'CA' ? row.with(4, 'n/a') : row))));
    expect(parsed.failure?.reason).toBe('schema_drift');
    const light = golden.map((row) => (row[2] === 'CA' ? row.with(3, '0.5').with(4, 'n/a') : row));
    const kept = parse(page(light.map((row) => (row[2] === 'CB' ? row.with(3, '4.6') : row))));
    expect(kept.quotes).toHaveLength(29);
    expect(kept.rejections).toMatchObject([{ symbol: 'CA', reason: 'schema' }]);
  });

  it('whose price and changes contradict each other has that row rejected', () => {
    const wrong = golden.map((row) =>
      row[2] === 'FALL' ? row.with(4, '2,373.00').with(3, '1') : row.with(3, (99 / 29).toFixed(3)),
    );
    expect(parse(page(wrong)).rejections).toMatchObject([{ symbol: 'FALL', reason: 'schema' }]);
  });

  it('gives a previous close as evidence only where the change says something of the price', () => {
    const still = golden.map((row) => row.with(5, '0.00').with(6, '(0.00%)'));
    const parsed = parse(page(still));
    expect(parsed.quotes.every(({ quote }) => quote.previousClose === null)).toBe(true);
    expect(parsed.constituents?.[0]?.members[0]?.previousClose).toBe('338.83');
  });
});

const share: KnownListing = {
  id: 1,
  assetClass: 'equity',
  mic: 'XNYS',
  currency: 'USD',
  minorFactor: 1,
  zone: 'America/New_York',
};

describe('a page that was tampered with', () => {
  mutatedPagesSuite({
    golden,
    page,
    parse,
    failureIn: (body) => slickchartsParser.failureIn('constituents', exchangeOf(body)),
    check({ quotes }) {
      expect(quotes.filter(({ quote }) => Number(quote.price) > 0).length).toBe(quotes.length);
    },
  });

  it('in a price: it is stored only within what the checks let through, and else reported', async () => {
    const price = fc.oneof(
      fc.double({ min: 0.01, max: 100_000, noNaN: true }).map((value) => value.toFixed(2)),
      fc.constantFrom('33,883.00', '3.38', '3388.3', '0', '-1', '1e9', 'NaN', '', '338', '(338.83)', '338.83 USD'),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(price, fc.boolean(), async (text, still) => {
        const row = still ? ['0.00', '(0.00%)'] : ['0.52', '(0.15%)'];
        const body = page(golden.map((each, at) => (at === 0 ? [...each.slice(0, 4), text, ...row] : each)));
        const parsed = parse(body);
        const { quotes, rejected } = enrich(parsed, fetchedAt, '', (symbol) =>
          symbol === 'BRK.B' ? share : undefined,
        );
        const checked = await checkQuotes(quotes, {
          priors: new Map([[1, { price: 338.83, asOf: fetchedAt - 86_400_000 }]]),
        });
        const told =
          rejected.some((each) => each.symbol === 'BRK.B') || checked.rejected.length + checked.wrong.length > 0;
        if (checked.accepted.length === 0) expect(told || parsed.failure !== null).toBe(true);
        for (const { quote } of checked.accepted) {
          expect(Number(quote.price) / 338.83).toBeLessThanOrEqual(2.04);
          expect(Number(quote.price) / 338.83).toBeGreaterThanOrEqual(1 / 2.04);
        }
      }),
      { numRuns: 2_000 },
    );
  }, 60_000);
});
