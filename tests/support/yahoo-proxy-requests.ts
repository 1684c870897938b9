import { routes } from '../../core/proxy/routes.ts';

/** A request of a client, under `/yahoo`. */
export interface ProxyRequest {
  readonly path: string;
  /** Of a POST. */
  readonly body?: string;
}

const json = (value: unknown) => JSON.stringify(value);
const asked: Readonly<Record<string, ProxyRequest>> = {
  quote: { path: '/v7/finance/quote?symbols=AAPL' },
  chart: { path: '/v8/finance/chart/AAPL' },
  spark: { path: '/v8/finance/spark?symbols=AAPL,MSFT&range=5d&interval=1d' },
  'spark-v7': { path: '/v7/finance/spark?symbols=AAPL,MSFT&range=5d&interval=1d' },
  summary: { path: '/v10/finance/quoteSummary/AAPL?modules=price' },
  timeseries: {
    path: '/ws/fundamentals-timeseries/v1/finance/timeseries/AAPL?type=annualTotalRevenue&period1=1577836800&period2=1735689600',
  },
  options: { path: '/v7/finance/options/AAPL' },
  search: { path: '/v1/finance/search?q=apple' },
  lookup: { path: '/v1/finance/lookup?query=apple&type=equity&count=5&fetchPricingData=true' },
  recommendations: { path: '/v6/finance/recommendationsbysymbol/AAPL,MSFT' },
  insights: { path: '/ws/insights/v2/finance/insights?symbol=AAPL' },
  'insights-v3': { path: '/ws/insights/v3/finance/insights?symbols=AAPL,MSFT' },
  trending: { path: '/v1/finance/trending/US?count=5' },
  'screener-saved': { path: '/v1/finance/screener/predefined/saved?scrIds=day_gainers&count=5' },
  screener: {
    path: '/v1/finance/screener',
    body: json({
      size: 5,
      offset: 0,
      sortField: 'ticker',
      sortType: 'ASC',
      quoteType: 'EQUITY',
      query: { operator: 'and', operands: [{ operator: 'eq', operands: ['region', 'us'] }] },
    }),
  },
  visualization: {
    path: '/v1/finance/visualization',
    body: json({
      size: 5,
      offset: 0,
      sortField: 'startdatetime',
      sortType: 'DESC',
      entityIdType: 'earnings',
      includeFields: ['ticker', 'startdatetime', 'epsestimate'],
      query: { operator: 'eq', operands: ['ticker', 'AAPL'] },
    }),
  },
  news: {
    path: '/xhr/ncp?queryRef=latestNews&serviceKey=ncp_fin',
    body: json({ serviceConfig: { snippetCount: 5, s: ['AAPL'] } }),
  },
  'news-of-symbols': { path: '/v2/finance/news?symbols=AAPL&count=5' },
  'earnings-calendar': { path: '/calendar/earnings?symbol=AAPL&offset=0&size=25' },
  sectors: { path: '/v1/finance/sectors/technology?formatted=true&withReturns=true' },
  industries: { path: '/v1/finance/industries/consumer-electronics?formatted=true&withReturns=true' },
  'market-summary': { path: '/v6/finance/quote/marketSummary?market=US' },
  'market-time': { path: '/v6/finance/markettime?formatted=true&key=finance' },
  'quote-type': { path: '/v1/finance/quoteType/?symbol=AAPL' },
  'quote-type-of-symbol': { path: '/v1/finance/quoteType/AAPL' },
  currencies: { path: '/v1/finance/currencies' },
  validate: { path: '/v6/finance/quote/validate?symbols=AAPL,NO-SUCH' },
  'esg-chart': { path: '/v1/finance/esgChart?symbol=AAPL' },
  'esg-peers': { path: '/v1/finance/esgPeerScores?symbol=AAPL' },
};

/** One request of each route of the proxy's table. Throws where a route has none. */
export const oneOfEachRoute: readonly (ProxyRequest & { readonly route: string })[] = routes.map(({ name }) => {
  const request = asked[name];
  if (!request) throw new Error(`Add a request of the route ${name} here.`);
  return { route: name, ...request };
});
