/** The simulated market's summary and hours, spark lines, quote types and insights. */
import { z } from 'zod';
import { json, type Request } from '../answer.ts';
import { lastSession, stateAt, zoneName } from './calendar.ts';
import { chartOf, readChartRequest } from './chart.ts';
import { failed, type Handler, known, type ListWorld, result, symbolsIn } from './list-world.ts';
import { snapshotOf } from './market.ts';
import { shortest } from './prices.ts';
import { type SimInstrument, simExchanges } from './universe.ts';

export const marketSummary: Handler = ({ query }, _inPath, world) => {
  const fields = new Set(symbolsIn(query.get('fields')));
  const formatted = query.get('formatted')?.toLowerCase() !== 'false';
  const always = [
    'exchange',
    'symbol',
    'quoteType',
    'marketState',
    'market',
    'fullExchangeName',
    'exchangeTimezoneName',
  ];
  const rows = ['^GSPC', '^DJI', '^NDX', 'GC=F', 'BTC-USD', 'EURUSD=X'].flatMap((symbol) => world.find(symbol) ?? []);
  return result(
    'marketSummaryResponse',
    rows.map((instrument) =>
      Object.fromEntries(
        Object.entries(world.quote(instrument))
          .filter(([name]) => fields.size === 0 || fields.has(name) || always.includes(name))
          .map(([name, value]) => [
            name,
            formatted && typeof value === 'number' ? { raw: value, fmt: value.toFixed(2) } : value,
          ]),
      ),
    ),
  );
};

export const marketTime: Handler = (_request, _inPath, world) => {
  const now = world.now();
  const { nyse } = simExchanges;
  const session = lastSession(nyse, now);
  const status = stateAt(nyse, now) === 'REGULAR' ? 'open' : 'closed';
  const zone = zoneName(nyse.zone, now);
  return json(200, {
    finance: {
      marketTimes: [
        {
          id: 'us',
          name: 'U.S. markets',
          marketTime: [
            {
              id: 'us',
              name: 'U.S. markets',
              status,
              yfit_market_id: 'us_market',
              close: new Date(session.closesAt).toISOString(),
              message: `U.S. markets ${status}`,
              open: new Date(session.opensAt).toISOString(),
              yfit_market_status: status === 'open' ? 'YFT_MARKET_OPEN' : 'YFT_MARKET_CLOSED',
              time: new Date(Math.floor(now / 1000) * 1000).toISOString(),
              timezone: [
                {
                  dst: String(zone === 'EDT'),
                  gmtoffset: zone === 'EDT' ? '-14400' : '-18000',
                  short: zone,
                  $text: nyse.zone,
                },
              ],
            },
          ],
        },
      ],
      error: null,
    },
  });
};

export const quoteTypes = (world: ListWorld, text: string | null) =>
  result(
    'quoteType',
    known(world, text).map((instrument) => {
      const names = [
        'exchange',
        'shortName',
        'longName',
        'exchangeTimezoneName',
        'exchangeTimezoneShortName',
        'gmtOffSetMilliseconds',
        'market',
        'quoteType',
        'symbol',
      ];
      return Object.fromEntries(Object.entries(world.quote(instrument)).filter(([name]) => names.includes(name)));
    }),
  );

/** Charts of several symbols, as spark lines: each as it is in a chart. */
function sparks(request: Request, world: ListWorld) {
  const now = world.now();
  return known(world, request.query.get('symbols')).flatMap((instrument) => {
    const asked = readChartRequest(request.query, now, instrument.exchange);
    return 'status' in asked ? [] : [{ instrument, chart: chartOf(world.market, instrument, asked, now) }];
  });
}
const sparkSchema = z.object({
  meta: z.looseObject({ chartPreviousClose: z.number() }),
  timestamp: z.array(z.number()).optional(),
  indicators: z.object({ quote: z.array(z.object({ close: z.array(z.number()).optional() })) }),
});

export const spark: Handler = (request, _inPath, world) => {
  const found = sparks(request, world);
  if (found.length === 0) return failed('spark', 404, 'Not Found', 'No data found for spark symbols');
  const lines = found.map(({ instrument, chart }) => {
    const { meta, timestamp = [], indicators } = sparkSchema.parse(chart);
    return [
      instrument.symbol,
      {
        symbol: instrument.symbol,
        previousClose: null,
        chartPreviousClose: meta.chartPreviousClose,
        timestamp,
        end: null,
        close: (indicators.quote[0]?.close ?? []).map(shortest),
        dataGranularity: 300,
        start: null,
      },
    ] as const;
  });
  return json(200, Object.fromEntries(lines));
};

export const sparkOfCharts: Handler = (request, _inPath, world) => {
  const found = sparks(request, world);
  if (found.length === 0) return failed('spark', 404, 'Not Found', 'No data found for spark symbols');
  return result(
    'spark',
    found.map(({ instrument: { symbol }, chart }) => ({ symbol, response: [chart] })),
  );
};

/** What is said of one symbol. */
export function insightOf(world: ListWorld, instrument: SimInstrument) {
  const { close } = snapshotOf(world.market, instrument, world.now());
  const about = (times: number) => Number((close * times).toFixed(2));
  const outlook = {
    stateDescription: 'There are no events.',
    direction: 'Neutral',
    score: 0,
    scoreDescription: 'No Evidence',
    indexDirection: 'Neutral',
    indexScore: 0,
    indexScoreDescription: 'No Evidence',
  };
  return {
    symbol: instrument.symbol,
    instrumentInfo: {
      technicalEvents: {
        provider: 'Simulated',
        shortTermOutlook: outlook,
        intermediateTermOutlook: outlook,
        longTermOutlook: outlook,
      },
      keyTechnicals: { provider: 'Simulated', support: about(0.95), resistance: about(1.05), stopLoss: about(0.92) },
      valuation: { provider: 'Simulated' },
    },
    recommendation: { targetPrice: about(1.08), provider: 'Simulated', rating: 'BUY' },
    sigDevs: [],
  };
}
