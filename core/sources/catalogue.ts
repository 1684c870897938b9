import { alphaVantage } from './alpha-vantage/source.ts';
import { coingecko } from './coingecko/source.ts';
import type { SourceDefinition } from './definition.ts';
import { demoBroker } from './demo-broker/source.ts';
import { slickcharts } from './slickcharts/source.ts';
import { yahoo } from './yahoo/source.ts';

/** Every source, as plain data. Makes the queues, schedules, alarms, docs tables and dashboard cards. */
export const catalogue: readonly SourceDefinition[] = [yahoo, alphaVantage, coingecko, slickcharts, demoBroker];

/** The source of an id, or `undefined`. */
export function sourceOf(id: string): SourceDefinition | undefined {
  return catalogue.find((source) => source.id === id);
}
