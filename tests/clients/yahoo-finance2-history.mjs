/** Reads a quote and five years of daily history with yahoo-finance2, through a `fetch` that connects elsewhere. */
import { pathToFileURL } from 'node:url';

const [module, base, symbol] = process.argv.slice(2);
const { default: YahooFinance } = await import(pathToFileURL(module).href);

const yahoo = new YahooFinance({
  fetch: (url, init) => {
    const { pathname, search } = new URL(url);
    return fetch(base + pathname + search, init);
  },
  suppressNotices: ['yahooSurvey', 'ripHistorical'],
});
const quote = await yahoo.quote(symbol);
const chart = await yahoo.chart(symbol, { period1: new Date(Date.now() - 1_800 * 86_400_000), interval: '1d' });
console.log(
  JSON.stringify({
    price: quote?.regularMarketPrice ?? null,
    splits: chart.events?.splits?.map(({ numerator, denominator }) => numerator / denominator) ?? [],
    history: chart.quotes.map((each) => ({
      date: each.date.toISOString().slice(0, 10),
      close: each.close,
      adjusted: each.adjclose ?? null,
    })),
  }),
);
