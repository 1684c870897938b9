import { exchangeOf, pseudoMics } from '../../market/exchange.ts';
import type { AssetClass, Listing } from '../../market/instrument.ts';
import { currencyUnit } from '../../market/money.ts';
import { isZone } from '../../market/zoned-date.ts';
import type { Subject } from '../parser.ts';
import { micOf } from './exchanges.ts';

const assetClassOf: ReadonlyMap<string, AssetClass> = new Map(
  Object.entries<AssetClass>({
    EQUITY: 'equity',
    ETF: 'etf',
    MUTUALFUND: 'fund',
    INDEX: 'index',
    CRYPTOCURRENCY: 'crypto',
    CURRENCY: 'fx',
    FUTURE: 'future',
    OPTION: 'option',
  }),
);

/** What a quote row or a chart is about. Crypto, currency pairs and indices list on pseudo-MICs. */
export function subjectOf(told: {
  symbol: string;
  type: string | null | undefined;
  exchange: string;
  currency: string;
  zone: string | null | undefined;
  name: string | null | undefined;
}): Subject & { readonly listing: Listing } {
  const assetClass = assetClassOf.get(told.type ?? '') ?? 'other';
  const mic =
    assetClass === 'crypto' || assetClass === 'fx' || assetClass === 'index'
      ? pseudoMics[assetClass]
      : micOf(told.exchange);
  const unit = currencyUnit(told.currency);
  return {
    symbol: told.symbol,
    name: told.name ?? null,
    assetClass,
    listing: {
      mic,
      currency: unit.currency,
      minorFactor: unit.minorFactor,
      zone: told.zone && isZone(told.zone) ? told.zone : exchangeOf(mic).zone,
    },
  };
}
