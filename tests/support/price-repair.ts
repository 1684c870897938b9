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
