import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Bar, BarInterval } from '../../core/market/bar.ts';
import { decimalFromNumber } from '../../core/market/decimal.ts';
import type { RuleAction, SeriesInput } from '../../core/prices/rules/series.ts';

const folder = new URL('../../../shared/upstreams/price-repair/', import.meta.url).pathname;

/** Whether the real series with known faults are at hand. They are no part of the project. */
export const priceRepairExists = existsSync(folder);
if (!priceRepairExists)
  console.warn('The real series with faults are not beside the project: their tests are skipped.');

/** The names of the series, without `.csv`: `-fixed` is what it should have been. */
export const repairSeries = priceRepairExists
  ? readdirSync(folder).flatMap((name) => (name.endsWith('.csv') ? [name.slice(0, -4)] : []))
  : [];

/** A series of the folder as the rules read it, in the unit in which it is quoted. */
export function repairInput(name: string): SeriesInput {
  const [head = '', ...lines] = readFileSync(`${folder}${name}.csv`, 'utf8').trim().split('\n');
  const columns = head.trim().split(',');
  const place = (column: string) => columns.indexOf(column);
  const interval: BarInterval = name.includes('-1h-') ? '1h' : '1d';
  const actions: RuleAction[] = [];
  const adjusted = new Map<number, number>();
  const currency = name.includes('-L-') ? 'GBP' : name.includes('-T-') ? 'JPY' : name.includes('-PA-') ? 'EUR' : 'USD';
  const bars = lines.flatMap((line): Bar[] => {
    const cells = line.trim().split(',');
    const time = cells[0] ?? '';
    const price = (column: string) => decimalFromNumber(Number(cells[place(column)] || Number.NaN));
    const close = price('Close');
    if (close === null) return [];
    const date = time.slice(0, 10);
    const startsAt = Date.parse(time.replace(' ', 'T'));
    const act = (type: RuleAction['type'], column: string) => {
      const value = place(column) < 0 ? 0 : Number(cells[place(column)]);
      const text = decimalFromNumber(value);
      if (value > 0 && text)
        actions.push({ type, exDate: date, value: text, currency: type === 'split' ? null : currency });
    };
    act('split', 'Stock Splits');
    act('dividend', 'Dividends');
    act('capital_gain', 'Capital Gains');
    adjusted.set(startsAt, Number(cells[place('Adj Close')]));
    return [
      {
        interval,
        startsAt,
        date: interval === '1d' ? date : null,
        open: price('Open'),
        high: price('High'),
        low: price('Low'),
        close,
        volume: price('Volume'),
        currency,
        minorFactor: currency === 'GBP' ? 100 : 1,
      },
    ];
  });
  return {
    assetClass: name.startsWith('DODFX') ? 'fund' : name.startsWith('EWG') ? 'etf' : 'equity',
    currency,
    minorFactor: currency === 'GBP' ? 100 : 1,
    zone: 'UTC',
    basis: 'splits',
    bars,
    adjusted,
    actions,
  };
}

const venues = {
  T: { exchangeName: 'JPX', exchangeTimezoneName: 'Asia/Tokyo', currency: 'JPY' },
  L: { exchangeName: 'LSE', exchangeTimezoneName: 'Europe/London', currency: 'GBp' },
  PA: { exchangeName: 'PAR', exchangeTimezoneName: 'Europe/Paris', currency: 'EUR' },
} as const;
const newYork = { exchangeName: 'NMS', exchangeTimezoneName: 'America/New_York', currency: 'USD' } as const;
const types = { DODFX: 'MUTUALFUND', EWG: 'ETF' } as const;

/** A series as its vendor answers it, fetched some days after its last bar. */
export interface RepairAnswer {
  readonly symbol: string;
  readonly fetchedAt: string;
  readonly body: string;
  /** How many of the vendor's units are one of its currency. */
  readonly unit: number;
}

export function repairAnswer(name: string): RepairAnswer {
  const { bars, actions, adjusted, minorFactor } = repairInput(name);
  const [, ticker = '', suffix] = /^([A-Z0-9]+)(?:-(T|L|PA))?-1/.exec(name) ?? [];
  const venue = Object.entries(venues).find(([key]) => key === suffix)?.[1] ?? newYork;
  const symbol = suffix === undefined ? ticker : `${ticker}.${suffix}`;
  const inOrder = bars.toSorted((a, b) => a.startsAt - b.startsAt);
  const startOf = (exDate: string) => (inOrder.find((bar) => bar.date === exDate)?.startsAt ?? 0) / 1000;
  const eventsOf = (type: RuleAction['type'], of: (value: number) => object) =>
    Object.fromEntries(
      actions
        .filter((action) => action.type === type)
        .map(({ exDate, value }) => [startOf(exDate), { date: startOf(exDate), ...of(Number(value)) }]),
    );
  const column = (field: 'open' | 'high' | 'low' | 'close' | 'volume') =>
    inOrder.map((bar) => (bar[field] === null ? null : Number(bar[field])));
  const columns = Object.fromEntries((['open', 'high', 'low', 'close', 'volume'] as const).map((f) => [f, column(f)]));
  const body = {
    chart: {
      result: [
        {
          meta: {
            symbol,
            ...venue,
            instrumentType: Object.entries(types).find(([key]) => key === ticker)?.[1] ?? 'EQUITY',
            dataGranularity: inOrder[0]?.interval,
          },
          timestamp: inOrder.map((bar) => bar.startsAt / 1000),
          events: {
            dividends: eventsOf('dividend', (amount) => ({ amount })),
            capitalGains: eventsOf('capital_gain', (amount) => ({ amount })),
            splits: eventsOf('split', (numerator) => ({ numerator, denominator: 1 })),
          },
          indicators: {
            quote: [columns],
            adjclose: [{ adjclose: inOrder.map((bar) => adjusted?.get(bar.startsAt) ?? null) }],
          },
        },
      ],
      error: null,
    },
  };
  const fetchedAt = new Date((inOrder.at(-1)?.startsAt ?? 0) + 4 * 86_400_000).toISOString();
  return { symbol, fetchedAt, body: JSON.stringify(body), unit: minorFactor };
}
