/** Reads quotes and daily history with yahoo-finance2, through a `fetch` that changes nothing but where it connects. */
import { pathToFileURL } from 'node:url';

const [module, base, key, symbol] = process.argv.slice(2);
const { default: YahooFinance } = await import(pathToFileURL(module).href);

const throughQuotron = (url, init) => {
  const { pathname, search } = new URL(url);
  const headers = { ...init?.headers, ...(key === '' ? {} : { 'x-api-key': key }) };
  return fetch(base + pathname + search, { ...init, headers });
};

const yahoo = new YahooFinance({ fetch: throughQuotron, suppressNotices: ['yahooSurvey', 'ripHistorical'] });
const [one, many, chart, summary, found] = [
  await yahoo.quote(symbol),
  await yahoo.quote([symbol, 'VOD.L', '^GSPC']),
  await yahoo.chart(symbol, { period1: new Date(Date.now() - 30 * 86_400_000), interval: '1d' }),
  await yahoo.quoteSummary(symbol, { modules: ['price', 'summaryDetail'] }),
  await yahoo.search(symbol),
];
console.log(
  JSON.stringify({
    price: one.regularMarketPrice,
    currency: one.currency,
    symbols: many.map((each) => each.symbol),
    summaryPrice: summary.price?.regularMarketPrice,
    found: found.quotes.map((each) => each.symbol),
    history: chart.quotes.map((each) => ({ date: each.date, close: each.close, volume: each.volume })),
  }),
);
