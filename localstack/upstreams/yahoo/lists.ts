/**
 * Yahoo's routes about the market as a whole, and about how instruments are found: each by its path, with an answer over the
 * simulated instruments.
 */
import { z } from 'zod';
import { type Answer, html, json, type Request } from '../answer.ts';
import { industryAnswer, sectorAnswer } from './domains.ts';
import { calendarAnswer, earningsPage } from './events.ts';
import { failed, type Handler, known, type ListWorld, result, symbolsIn } from './list-world.ts';
import { insightOf, marketSummary, marketTime, quoteTypes, spark, sparkOfCharts } from './market-lists.ts';
import { newsStream, searchNews } from './news.ts';
import { chance } from './prices.ts';
import { fieldsOf, inOrder, matches, querySchema, type Screen, screens } from './screens.ts';
import type { SimInstrument } from './universe.ts';

const postedSchema = z.object({
  query: querySchema.optional(),
  quoteType: z.string().default('EQUITY'),
  entityIdType: z.string().default(''),
  includeFields: z.array(z.string()).default([]),
  sortField: z.string().default('ticker'),
  sortType: z.string().default('DESC'),
  offset: z.number().default(0),
  size: z.number().nullish(),
  count: z.number().nullish(),
});

function posted(request: Request) {
  try {
    return postedSchema.parse(JSON.parse(request.body));
  } catch {
    return null;
  }
}

const everything = { operator: 'and', operands: [] };
const most = 250;

/** Quotes of the instruments that a screen finds. */
function screened(
  world: ListWorld,
  asked: {
    quoteType: string;
    query: typeof everything | z.infer<typeof querySchema>;
    sortField: string;
    ascending: boolean;
    offset: number;
    size: number;
  },
) {
  const rows = world.all
    .filter(({ quoteType }) => quoteType === asked.quoteType)
    .map((instrument) => {
      const quote = world.quote(instrument);
      return { quote, fields: fieldsOf(world.market, instrument, quote) };
    })
    .filter(({ fields }) => matches(asked.query, fields));
  const quotes = inOrder(rows, asked.sortField, asked.ascending)
    .slice(asked.offset, asked.offset + Math.min(asked.size, most))
    .map(({ quote }) => quote);
  return { start: asked.offset, count: quotes.length, total: rows.length, quotes, useRecords: false };
}

/** What a screen looks for, as Yahoo says it beside the result. */
function criteriaOf({ sortField, ascending, quoteType }: Screen, size: number) {
  const sortType = ascending ? 'ASC' : 'DESC';
  return {
    size,
    offset: 0,
    sortField,
    sortType,
    quoteType,
    criteria: [],
    topOperator: 'AND',
    includeFields: ['ticker'],
  };
}

const savedScreen: Handler = ({ query }, _inPath, world) => {
  const found = symbolsIn(query.get('scrIds')).map((id) => ({
    id: id.toLowerCase(),
    screen: screens.get(id.toLowerCase()),
  }));
  const [first] = found;
  if (!first?.screen) return failed('finance', 404, 'Not Found', `No screener found for ${first?.id ?? 'nothing'}`);
  return result(
    'finance',
    found.flatMap(({ id, screen }) =>
      screen
        ? [
            {
              id,
              title: screen.title,
              description: screen.title,
              canonicalName: id.toUpperCase(),
              ...screened(world, {
                ...screen,
                offset: Number(query.get('start') ?? 0),
                size: Number(query.get('count') ?? 25),
              }),
              criteriaMeta: criteriaOf(screen, Number(query.get('count') ?? 25)),
              rawCriteria: JSON.stringify(screen.query),
              predefinedScr: true,
              versionId: 0,
              creationDate: 0,
              lastUpdated: 0,
              isPremium: false,
              iconUrl: 'https://example.com/screen.png',
            },
          ]
        : [],
    ),
  );
};

const screener: Handler = (request, _inPath, world) => {
  const asked = posted(request);
  if (!asked) return failed('finance', 400, 'Bad Request', 'The query cannot be read');
  const size = asked.size ?? asked.count ?? 100;
  const ascending = asked.sortType.toUpperCase() === 'ASC';
  return result('finance', [screened(world, { ...asked, query: asked.query ?? everything, ascending, size })]);
};

const visualization: Handler = (request, _inPath, world) => {
  const asked = posted(request);
  if (!asked) return failed('finance', 400, 'Bad Request', 'The query cannot be read');
  const ascending = asked.sortType.toUpperCase() === 'ASC';
  const more = { query: asked.query ?? everything, ascending, size: Math.min(asked.size ?? 100, 100) };
  return result('finance', [calendarAnswer(world.market, world.all, { ...asked, ...more }, world.now())]);
};

const kinds = new Map([
  ['equity', 'EQUITY'],
  ['etf', 'ETF'],
  ['mutualfund', 'MUTUALFUND'],
  ['index', 'INDEX'],
  ['future', 'FUTURE'],
  ['currency', 'CURRENCY'],
  ['cryptocurrency', 'CRYPTOCURRENCY'],
]);

const lookup: Handler = ({ query }, _inPath, world) => {
  const wanted = (query.get('query') ?? '').toLowerCase();
  const types = symbolsIn((query.get('type') ?? 'all').toLowerCase());
  const found = world.all.filter(
    ({ symbol, longName, quoteType }) =>
      (types.includes('all') || types.some((type) => kinds.get(type) === quoteType)) &&
      (symbol.toLowerCase().startsWith(wanted) || longName.toLowerCase().includes(wanted)),
  );
  const start = Number(query.get('start') ?? 0);
  const documents = found.slice(start, start + Number(query.get('count') ?? 25)).map((instrument, at) => {
    const quote = world.quote(instrument);
    const priced = query.get('fetchPricingData')?.toLowerCase() === 'true';
    return {
      exchange: instrument.exchange.code,
      quoteType: instrument.quoteType.toLowerCase(),
      rank: 30_000 - start - at,
      ...(priced
        ? {
            regularMarketChange: quote['regularMarketChange'],
            regularMarketPercentChange: quote['regularMarketChangePercent'],
            regularMarketPrice: quote['regularMarketPrice'],
          }
        : {}),
      shortName: instrument.shortName,
      symbol: instrument.symbol,
    };
  });
  return result('finance', [{ start, count: documents.length, total: found.length, documents }]);
};

const recommendations: Handler = (_request, inPath, world) =>
  result(
    'finance',
    known(world, inPath).map((instrument) => {
      const score = (other: SimInstrument) =>
        chance(world.market.seed, `${instrument.symbol}/beside/${other.symbol}`, 1);
      const others = world.all.filter(
        (each) => each.quoteType === instrument.quoteType && each.symbol !== instrument.symbol,
      );
      return {
        symbol: instrument.symbol,
        recommendedSymbols: others
          .toSorted((a, b) => score(b) - score(a))
          .slice(0, 5)
          .map((each, at) => ({ symbol: each.symbol, score: Number((0.3 - at * 0.03).toFixed(6)) })),
      };
    }),
  );

const trending: Handler = ({ query }, region, world) => {
  const now = world.now();
  const quarter = Math.floor(now / 900_000);
  const inRegion = world.all.filter(
    ({ exchange, quoteType }) => quoteType === 'CRYPTOCURRENCY' || exchange.market.startsWith(region.toLowerCase()),
  );
  const quotes = inRegion
    .toSorted(
      (a, b) =>
        chance(world.market.seed, `${b.symbol}/trend`, quarter) -
        chance(world.market.seed, `${a.symbol}/trend`, quarter),
    )
    .slice(0, Number(query.get('count') ?? 20))
    .map(({ symbol }) => ({ symbol }));
  return result('finance', [{ count: quotes.length, quotes, jobTimestamp: quarter * 900_000, startInterval: quarter }]);
};

const ncpSchema = z.object({
  serviceConfig: z.object({ snippetCount: z.number().default(10), s: z.array(z.string()).default([]) }),
});

/** The handlers by the start of their paths, the longest first where one begins with another. */
const handlers: readonly (readonly [path: string, handler: Handler])[] = [
  ['/v1/finance/screener/predefined/saved', savedScreen],
  ['/v1/finance/screener', screener],
  ['/v1/finance/visualization', visualization],
  ['/v1/finance/lookup', lookup],
  ['/v1/finance/trending/', trending],
  ['/v6/finance/recommendationsbysymbol/', recommendations],
  ['/v6/finance/quote/marketSummary', marketSummary],
  [
    '/v6/finance/quote/validate',
    ({ query }, _inPath, world) =>
      result('symbolsValidation', [
        Object.fromEntries(symbolsIn(query.get('symbols')).map((each) => [each, world.find(each) !== undefined])),
      ]),
  ],
  ['/v6/finance/markettime', marketTime],
  ['/v8/finance/spark', spark],
  ['/v7/finance/spark', sparkOfCharts],
  ['/v1/finance/quoteType/', ({ query }, inPath, world) => quoteTypes(world, inPath || query.get('symbol'))],
  [
    '/v1/finance/currencies',
    () =>
      result(
        'currencies',
        ['USD', 'EUR', 'GBP', 'JPY'].map((each) => ({
          shortName: each,
          longName: each,
          symbol: each,
          localLongName: each,
        })),
      ),
  ],
  [
    '/v1/finance/sectors/',
    (_request, key, { market, all, now }) => {
      const found = sectorAnswer(market, all, key, now());
      return found ? json(200, found) : failed('finance', 404, 'Not Found', 'Sector not found');
    },
  ],
  [
    '/v1/finance/industries/',
    (_request, key, { market, all, now }) => {
      const found = industryAnswer(market, all, key, now());
      return found ? json(200, found) : failed('finance', 404, 'Not Found', 'Industry not found');
    },
  ],
  [
    '/ws/insights/v2/finance/insights',
    ({ query }, _inPath, world) => {
      const symbol = query.get('symbol') ?? '';
      const instrument = world.find(symbol);
      return result('finance', instrument ? insightOf(world, instrument) : { symbol, sigDevs: [] });
    },
  ],
  [
    '/ws/insights/v3/finance/insights',
    ({ query }, _inPath, world) =>
      result(
        'finance',
        known(world, query.get('symbols')).map((each) => insightOf(world, each)),
      ),
  ],
  [
    '/v2/finance/news',
    ({ query }, _inPath, world) => {
      const count = Number(query.get('count') ?? 10);
      const found = known(world, query.get('symbols'));
      return result(
        'Content',
        found.flatMap((each) => searchNews(world.market, each, count, world.now())).slice(0, count),
      );
    },
  ],
  [
    '/v1/finance/esgChart',
    ({ query }, _inPath, world) =>
      result(
        'esgChart',
        known(world, query.get('symbol')).map(() => ({
          peerGroup: 'Simulated',
          symbolSeries: { timestamp: [1_693_526_400], esgScore: [17.2] },
        })),
      ),
  ],
  [
    '/v1/finance/esgPeerScores',
    ({ query }, _inPath, world) =>
      result(
        'esgPeerScores',
        known(world, query.get('symbol')).map(() => ({ peerCount: 1, peerSymbols: ['MSFT'], peerEsgScores: [15.1] })),
      ),
  ],
  [
    '/xhr/ncp',
    ({ body }, _inPath, world) => {
      const asked = ncpSchema.safeParse(parsed(body));
      if (!asked.success) return failed('finance', 400, 'Bad Request', 'The query cannot be read');
      const { s, snippetCount } = asked.data.serviceConfig;
      return json(200, newsStream(world.market, world.find(s[0] ?? ''), snippetCount, world.now()));
    },
  ],
  [
    '/calendar/earnings',
    ({ query }, _inPath, world) => {
      const table = earningsPage(world.market, world.find(query.get('symbol') ?? ''), query, world.now());
      return html(200, `<!doctype html><title>Earnings calendar</title><body>${table ?? '<table></table>'}</body>`);
    },
  ],
];

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The answer of one of these routes; `null` where none of them is asked. */
export function listAnswer(request: Request, world: ListWorld): Answer | null {
  for (const [path, handler] of handlers) {
    const isWhole = !path.endsWith('/');
    if (isWhole ? request.path === path : request.path.startsWith(path))
      return handler(request, decodeURIComponent(request.path.slice(path.length)), world);
  }
  return null;
}
