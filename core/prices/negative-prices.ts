import type { AssetClass } from '../market/instrument.ts';

/** What may trade below zero: oil did on 2020-04-20, rates and spreads do for years. */
export const mayBeNegative: ReadonlySet<AssetClass> = new Set(['future', 'index', 'other']);
