/*
 * The data faults of the simulated Yahoo: `unit` (prices a hundred times too high, as when pence are read as pounds)
 * and `drift` (fields under other names). Each takes an object of the answer and gives the faulty one.
 */

const priceField =
  /^(regularMarket(Price|Open|DayHigh|DayLow|PreviousClose|Change)|(pre|post)Market(Price|Change)|bid|ask|fiftyTwoWeek(Low|High))$/;

/** Fault `unit` of a row of quotes. */
export function hundredfoldQuote(quote: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(quote).map(([name, value]) => [
      name,
      priceField.test(name) && typeof value === 'number' ? Number((value * 100).toPrecision(9)) : value,
    ]),
  );
}

/** Fault `drift` of a row of quotes: what a new version of the service might send. */
export function driftedQuote(quote: Record<string, unknown>): Record<string, unknown> {
  const { regularMarketPrice, regularMarketTime, ...rest } = quote;
  return { ...rest, lastPrice: { raw: regularMarketPrice }, regularMarketTime: String(regularMarketTime) };
}

const priceColumns = ['open', 'high', 'low', 'close', 'adjclose'];

/** Fault `unit` of a chart. */
export function hundredfoldChart(chart: Record<string, unknown>): Record<string, unknown> {
  return { ...chart, indicators: hundredfoldColumns(chart['indicators'], false) };
}

/** The numbers of the columns of prices, however deep they are, times a hundred. */
function hundredfoldColumns(value: unknown, ofPrices: boolean): unknown {
  if (typeof value === 'number') return ofPrices ? value * 100 : value;
  if (Array.isArray(value)) return value.map((each) => hundredfoldColumns(each, ofPrices));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      hundredfoldColumns(each, ofPrices || priceColumns.includes(name)),
    ]),
  );
}

/** Fault `drift` of a chart. */
export function driftedChart(chart: Record<string, unknown>): Record<string, unknown> {
  const { indicators, timestamp, ...rest } = chart;
  return { ...rest, times: timestamp, series: indicators };
}
