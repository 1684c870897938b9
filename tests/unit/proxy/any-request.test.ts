import { expect, it } from 'vitest';
import type { Exchange } from '../../../core/contracts/blob.ts';
import { questionSchema } from '../../../core/contracts/proxy.ts';
import { readRequest } from '../../../core/proxy/read-question.ts';
import { readQuoteAnswer } from '../../../core/proxy/read-quotes.ts';
import { routes } from '../../../core/proxy/routes.ts';
import { quoteAnswerBody } from '../../../core/proxy/select-fields.ts';
import { chosenSeed } from '../../support/chosen-seed.ts';
import { type Random, randomFrom } from '../../support/random.ts';

const now = Date.UTC(2026, 10, 20, 15, 30);
const texts = ['AAPL', 'a', '', ' ', 'true', '-1', '5', '<script>', '\u0000', '%0d%0a', 'é', '../..', 'x'.repeat(130)];
const odd: readonly unknown[] = [
  null,
  0,
  -1,
  '1',
  [],
  {},
  true,
  { raw: 1, fmt: '1' },
  { raw: '1' },
  1e308,
  'x'.repeat(99),
];
const many = <T>(random: Random, most: number, make: () => T): T[] =>
  Array.from({ length: random.between(0, most) }, make);

it('any request of any route is a question that the containers can hand over, or an error in Yahoo’s form', () => {
  const random = randomFrom(chosenSeed('any request'));
  for (let n = 0; n < 3_000; n++) {
    const route = random.pick(routes);
    if (!route) throw new Error('There are no routes.');
    const names = [
      ...Object.keys(route.parameters),
      'symbols',
      'symbol',
      'fields',
      'crumb',
      '__proto__',
      'constructor',
    ];
    const search = new URLSearchParams();
    for (const name of many(random, 6, () => random.pick(names) ?? ''))
      search.append(name, many(random, random.chance(0.05) ? 2_000 : 4, () => random.pick(texts) ?? '').join(','));
    const inPath = random.pick([undefined, 'AAPL', 'us', ...texts]);
    const body = random.pick([undefined, '', '{', '[]', '{}', '{"query":{}}', '{"serviceConfig":{}}', '"x"']);
    const asked = readRequest(route, { inPath, search, body }, now);
    const said = `${route.name} ${inPath} ${search.toString().slice(0, 300)}`;
    if ('error' in asked) {
      expect(asked.error.status, said).toBeGreaterThanOrEqual(400);
      expect(Object.values(JSON.parse(asked.error.body)), said).toEqual([
        { result: null, error: { code: expect.any(String), description: expect.any(String) } },
      ]);
    } else for (const question of asked.questions) expect(questionSchema.safeParse(question).success, said).toBe(true);
  }
});

it('any rows: what has a price is passed on as it came, and what has none fails nothing else', () => {
  const random = randomFrom(chosenSeed('any rows'));
  const names = ['AAPL', 'MSFT', 'ADH', 'brk-b', 'BMW.DE', '^GSPC', 'X'.repeat(70), '', 'TSLA'];
  const fields = [
    'quoteType',
    'regularMarketTime',
    'regularMarketVolume',
    'marketState',
    'lastPrice',
    '__proto__',
    'x',
  ];
  for (let n = 0; n < 3_000; n++) {
    const rows = many(random, 12, (): unknown => {
      if (random.chance(0.1)) return random.pick(odd);
      const row: Record<string, unknown> = {};
      for (const field of many(random, 5, () => random.pick(fields) ?? 'x')) row[field] = random.pick(odd);
      if (random.chance(0.9)) row['symbol'] = random.chance(0.95) ? random.pick(names) : random.pick(odd);
      if (random.chance(0.6)) row['regularMarketPrice'] = random.chance(0.8) ? random.next() : random.pick(odd);
      return row;
    });
    const body = JSON.stringify({ quoteResponse: { result: rows, error: null } });
    const heard: Pick<Exchange, 'response' | 'error' | 'fetchedAt'> = {
      response: { status: 200, headers: {}, body, truncated: false },
      error: null,
      fetchedAt: '2026-11-20T15:30:00.000Z',
    };
    const asked = ['AAPL', 'MSFT', 'ADH', 'BRK-B'];
    const read = readQuoteAnswer(heard, asked);
    if ('failure' in read) throw new Error(`${read.failure.message} ${body}`);
    const sent: unknown[] = JSON.parse(body).quoteResponse.result;
    for (const row of sent) {
      const { symbol, regularMarketPrice: price } = (row ?? {}) as Record<string, unknown>;
      if (typeof symbol !== 'string' || symbol === '' || symbol.length > 64 || typeof price !== 'number') continue;
      const kept = read.rows.get(symbol.toUpperCase());
      expect(kept?.status, body).toBe(200);
      expect(
        sent.map((each) => JSON.stringify(each)),
        body,
      ).toContain(kept?.body);
    }
    // Without drift every symbol that was asked for has an answer, if only that there is none.
    if (!read.drift) for (const symbol of asked) expect(read.rows.has(symbol), `${symbol} ${body}`).toBe(true);
    for (const { status, body: row } of read.rows.values())
      if (status === 200) expect(() => JSON.parse(quoteAnswerBody([row], new Set(['x']))), row).not.toThrow();
  }
});
