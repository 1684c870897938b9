import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstLineHeader, type ImportFormat, importMedia, lineOfPath } from '../../../core/contracts/imports.ts';
import { importSources, isImport } from '../../../core/contracts/words/imports.ts';
import { startOfDate } from '../../../core/market/zoned-date.ts';
import { consolidate } from '../../../core/prices/consolidate.ts';
import { ingestQueueOf, knownSource, parserOf } from '../../../core/sources/catalogue.ts';
import { fuzzRuns } from '../../support/fuzz-runs.ts';

async function parse(kind: 'quotes' | 'bars', text: string, format: ImportFormat = 'ndjson', first = 1) {
  const parser = await parserOf('import');
  return parser.parse(kind, {
    request: { symbols: [] },
    response: {
      status: 200,
      headers: { 'content-type': importMedia[format], [firstLineHeader]: String(first) },
      body: text,
      truncated: false,
    },
    error: null,
    fetchedAt: '2026-11-20T15:00:00.000Z',
  });
}

describe('imported rows', () => {
  it('are read in any usual form', async () => {
    const { quotes, rejections } = await parse(
      'quotes',
      '{"symbol":"brk.b","asOf":"2026-11-20T10:00:00-05:00","price":"0123.500","currency":"USD","bid":123,"session":null}',
    );
    expect(rejections).toEqual([]);
    expect(quotes[0]).toMatchObject({
      subject: { symbol: 'BRK-B', listing: { mic: 'QUNK', zone: 'America/New_York', currency: 'USD', minorFactor: 1 } },
      quote: { price: '123.5', bid: '123', asOf: Date.parse('2026-11-20T15:00:00Z'), currency: 'USD' },
      place: 'line 1',
    });
  });

  it.each([
    ['{"symbol":"A","price":1}', ['asOf']],
    ['{"symbol":"A","asOf":"yesterday","price":1}', ['asOf']],
    ['{"symbol":"A","asOf":"2026-11-20T10:00:00Z","price":1e999}', ['price']],
    ['{"symbol":"A","asOf":"2026-11-20T10:00:00Z","price":"1,234"}', ['price']],
    ['{"symbol":"not one!","asOf":"2026-11-20T10:00:00Z","price":1}', ['symbol']],
    ['{"symbol":"A","asOf":"2026-11-20T10:00:00Z","price":1,"currency":"points"}', ['currency']],
    ['{"symbol":"A","asOf":"2026-11-20T10:00:00Z","price":1,"mic":"ZZZZ"}', ['mic']],
    ['{"symbol":"A","asOf":"2026-11-20T10:00:00Z","price":1,"__proto__":4}', ['__proto__']],
    ['[1]', ['json']],
    ['null', ['json']],
    ['{', ['json']],
    [`{"symbol":"${'A'.repeat(20_000)}"}`, ['long']],
  ])('%.60s is held back for %j', async (line, fields) => {
    const { quotes, rejections } = await parse('quotes', `\n${line}\n`, 'ndjson', 10);
    expect(quotes).toEqual([]);
    expect(rejections).toMatchObject([
      { reason: 'schema', finding: { code: 'invalid_fields', fields }, path: 'line 11' },
    ]);
  });

  it.each([
    ['symbol,close\nA,1', ['date']],
    ['symbol,interval,date,close\nA,1h,2024-01-02,1', ['startsAt']],
    ['symbol,date,close\nA,2024-02-30,1', ['date']],
    ['symbol,date,close\nA,2024-01-02', ['columns']],
    ['symbol,date,close\nA,"2024-01-02,1', ['quotes']],
    ['symbol,date,close,basis\nA,2024-01-02,1,half', ['basis']],
  ])('of CSV %j is held back for %j', async (text, fields) => {
    const { bars, rejections } = await parse('bars', text, 'csv', 2);
    expect(bars).toEqual([]);
    expect(rejections).toMatchObject([{ finding: { fields }, path: 'line 2' }]);
  });

  it('of one series have one basis', async () => {
    const text = 'symbol,date,close,basis\nA,2024-01-02,1,raw\nA,2024-01-03,1,splits';
    const { bars, rejections } = await parse('bars', text, 'csv', 2);
    expect(bars).toMatchObject([{ basis: 'raw', isSelection: true, bars: [{ date: '2024-01-02', line: 2 }] }]);
    expect(rejections).toMatchObject([{ finding: { fields: ['basis'] }, path: 'line 3' }]);
  });

  it('of days begin at midnight where they are traded, when clocks are changed too', async () => {
    const zones = {
      AAPL: 'America/New_York',
      'VOD.L': 'Europe/London',
      'PETR4.SA': 'America/Sao_Paulo',
      'X.TA': 'Asia/Jerusalem',
    };
    for (const [symbol, zone] of Object.entries(zones)) {
      const dates = Array.from({ length: 800 }, (_, day) =>
        new Date(Date.UTC(2016, 8, 1 + day)).toISOString().slice(0, 10),
      );
      const text = dates.map((date) => JSON.stringify({ symbol, date, close: 1 })).join('\n');
      const { bars } = await parse('bars', text);
      expect(bars[0]?.bars.map(({ startsAt }) => startsAt)).toEqual(dates.map((date) => startOfDate(date, zone)));
    }
  });

  it('at random are each read or held back by their line, and never throw', async () => {
    const cell = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('A', '1', '2024-01-02', '"', 'USD', ''),
    );
    const json = fc.oneof(
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.string({ unit: 'binary' }),
    );
    const csv = fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }).map((cells) => cells.join(',')));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('quotes' as const, 'bars' as const),
        fc.oneof(fc.tuple(fc.constant('ndjson' as const), fc.array(json)), fc.tuple(fc.constant('csv' as const), csv)),
        async (kind, [format, lines]) => {
          const heading = format === 'csv' ? ['symbol,date,close,asOf,price'] : [];
          const { quotes, bars, rejections, failure } = await parse(kind, [...heading, ...lines].join('\n'), format);
          expect(failure).toBeNull();
          const text = lines.join('\n').split(/\r?\n/);
          const wanted = text.flatMap((line, at) => (line.trim() === '' ? [] : [at + 1]));
          const read = [
            ...quotes.map(({ place }) => lineOfPath(place ?? '')),
            ...bars.flatMap((series) => series.bars.map(({ line }) => line)),
            ...rejections.map(({ path }) => lineOfPath(path)),
          ];
          expect(read.sort((a, b) => Number(a) - Number(b))).toEqual(wanted);
        },
      ),
      { numRuns: fuzzRuns(100) },
    );
  });
});

describe('the sources of imports', () => {
  it('have a licence class each, and are none of the catalogue', () => {
    for (const [licence, id] of Object.entries(importSources)) {
      expect(knownSource(id).terms.licence).toBe(licence);
      expect(isImport(id)).toBe(true);
    }
    expect(isImport('yahoo')).toBe(false);
  });

  it('keep no prices waiting: their parts are read from the queue of pages', () => {
    for (const id of Object.values(importSources)) expect(ingestQueueOf(id)).toBe(ingestQueueOf('slickcharts'));
    expect(ingestQueueOf('yahoo')).not.toBe(ingestQueueOf('slickcharts'));
  });

  const at = Date.parse('2026-11-20T15:00:00Z');
  const own = { source: 'import', price: 1, asOf: at + 60_000, basis: 'exchange', rank: 0, yields: true } as const;
  const other = { source: 'a', price: 100, asOf: at - 86_400_000, basis: 'exchange', rank: 1 } as const;

  it('are never the price beside one with the exchange’s time, be they newer, more or in agreement', () => {
    const more = [
      own,
      { ...own, source: 'import-display' },
      { ...own, source: 'b', yields: false, basis: 'fetched' } as const,
    ];
    expect(consolidate([...more, other])).toMatchObject({ source: 'a' });
    expect(consolidate([own, other])).toMatchObject({ source: 'a', rule: 'only_source', confidence: 'single' });
    expect(consolidate([own, { ...other, wrong: true }])).toMatchObject({ source: 'import' });
    expect(consolidate([own])).toMatchObject({ source: 'import' });
  });
});
