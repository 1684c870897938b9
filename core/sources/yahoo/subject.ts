import type { RowFinding } from '../../contracts/words/row-findings.ts';
import { exchangeOf, pseudoMics } from '../../market/exchange.ts';
import type { AssetClass, Listing } from '../../market/instrument.ts';
import { type CurrencyUnit, currencyUnit, noCurrency } from '../../market/money.ts';
import { fullPair } from '../../market/symbol.ts';
import { isZone } from '../../market/zoned-date.ts';
import type { Subject } from '../parser.ts';
import { invalidFields } from '../reading/json.ts';
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

/** The unit of an answer's prices, and whether the answer says it. */
export interface Unit extends CurrencyUnit {
  readonly said: boolean;
}

/**
 * The unit in which a row or a chart has its prices, or what is wrong with what it says. The level of an index is points:
 * Yahoo names a currency for some of them only. Of a pair of coins the currency is the second coin.
 */
export function unitOf(told: {
  symbol: string;
  type: string | null | undefined;
  currency: string | null | undefined;
}): Unit | { readonly finding: RowFinding; readonly detail: string } {
  const { symbol, type, currency } = told;
  if (!currency)
    return type === 'INDEX' || symbol.startsWith('^')
      ? { currency: noCurrency, minorFactor: 1, said: false }
      : { finding: invalidFields(['currency']), detail: 'Missing or of another type: currency.' };
  const unit = currencyUnit(currency);
  if (unit) return { ...unit, said: true };
  if (type === 'CRYPTOCURRENCY' && /^[A-Z0-9]{2,}$/.test(currency) && symbol.endsWith(`-${currency}`))
    return { currency, minorFactor: 1, said: true };
  return {
    finding: { code: 'unknown_currency', currency },
    detail: `${currency} is no known currency, nor the minor unit of one.`,
  };
}

/**
 * The symbol of an answer as it was asked for: Yahoo answers `USDJPY=X` as `JPY=X`. One that was not asked for stays as
 * it is.
 */
export function askedAs(symbol: string, asked: readonly string[]): string {
  if (!symbol.endsWith('=X') || asked.includes(symbol)) return symbol;
  const full = fullPair(symbol);
  return asked.find((each) => fullPair(each) === full) ?? symbol;
}

/** What a quote row or a chart is about. Crypto, currency pairs and indices list on pseudo-MICs. */
export function subjectOf(told: {
  symbol: string;
  type: string | null | undefined;
  exchange: string;
  unit: CurrencyUnit;
  zone: string | null | undefined;
  name: string | null | undefined;
  firstTraded: number | null | undefined;
}): Subject & { readonly listing: Listing } {
  const assetClass = assetClassOf.get(told.type ?? '') ?? 'other';
  const mic =
    assetClass === 'crypto' || assetClass === 'fx' || assetClass === 'index'
      ? pseudoMics[assetClass]
      : micOf(told.exchange);
  return {
    symbol: told.symbol,
    name: told.name ?? null,
    firstTraded: told.firstTraded ?? null,
    assetClass,
    listing: {
      mic,
      currency: told.unit.currency,
      minorFactor: told.unit.minorFactor,
      zone: told.zone && isZone(told.zone) ? told.zone : exchangeOf(mic).zone,
    },
  };
}
