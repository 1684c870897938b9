import { listPrices } from '../../lib/cost/list-prices.ts';
import { monthlyPrice, usualUse } from '../../lib/cost/monthly-price.ts';

/** Symbols that the catalogue begins with, about. */
const usualSymbols = 20;

/** What a stage costs a month by list price, in dollars, with the usual use of few symbols; from its templates. */
export function monthlyUsd(templates: readonly unknown[]): number {
  return monthlyPrice(templates, usualUse(usualSymbols, 'always')).usd;
}

/** What costs by being there, in dollars a month. */
export const standingUsd = {
  database: (instanceClass: string, gigabytes: number, zones: number) => {
    const hour = listPrices.databaseHour.get(instanceClass);
    if (hour === undefined) return null;
    return zones * (hour * listPrices.hoursPerMonth + gigabytes * listPrices.databaseStorageGb);
  },
  endpoint: (zones: number) => zones * listPrices.endpointHour * listPrices.hoursPerMonth,
  secret: listPrices.secret,
  alarm: listPrices.alarmMetric,
  bucketGb: listPrices.objectGb,
  /** A GB of a snapshot of RDS, of what is in use. */
  snapshotGb: 0.095,
};
