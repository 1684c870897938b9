/** What rebuilt answers say of an instrument, in Yahoo's words. */
import { Decimal } from 'decimal.js';
import type { QuoteAsOf } from '../contracts/as-of.ts';
import type { DecimalText } from '../market/decimal.ts';
import { exchangeOf } from '../market/exchange.ts';
import type { AssetClass } from '../market/instrument.ts';
import { unitName } from '../market/money.ts';
import { offsetMinutes } from '../market/zoned-date.ts';
import { exchangeCodeOf } from '../sources/yahoo/exchanges.ts';

const kinds: Readonly<Record<AssetClass, { readonly quoteType: string; readonly typeDisp: string }>> = {
  equity: { quoteType: 'EQUITY', typeDisp: 'Equity' },
  etf: { quoteType: 'ETF', typeDisp: 'ETF' },
  fund: { quoteType: 'MUTUALFUND', typeDisp: 'Fund' },
  index: { quoteType: 'INDEX', typeDisp: 'Index' },
  crypto: { quoteType: 'CRYPTOCURRENCY', typeDisp: 'Cryptocurrency' },
  fx: { quoteType: 'CURRENCY', typeDisp: 'Currency' },
  future: { quoteType: 'FUTURE', typeDisp: 'Futures' },
  option: { quoteType: 'OPTION', typeDisp: 'Option' },
  other: { quoteType: 'NONE', typeDisp: 'Other' },
};

/** An instrument as Yahoo describes it. `number` gives an amount in the units in which the venue quotes. */
export function described({ assetClass, mic, currency, minorFactor, zone }: QuoteAsOf['instrument'], atMs: number) {
  const clocksAt = (ms: number) => ({ zoneName: shortNameOf(zone, ms), offsetSeconds: offsetMinutes(ms, zone) * 60 });
  return {
    ...kinds[assetClass],
    ...clocksAt(atMs),
    clocksAt,
    currency: unitName({ currency, minorFactor }),
    exchange: exchangeCodeOf(mic),
    exchangeName: exchangeOf(mic).name,
    zone,
    /** Decimals that clients show. */
    priceHint: (price: DecimalText) => (assetClass === 'fx' || Math.abs(Number(price)) < 1 ? 4 : 2),
    number: (amount: DecimalText) => Number(minorFactor === 1 ? amount : new Decimal(amount).mul(minorFactor)),
  };
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the clocks of a zone are called: `EST`, `GMT+1`. */
function shortNameOf(zone: string, atMs: number): string {
  const format = formats.get(zone) ?? new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' });
  formats.set(zone, format);
  return format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC';
}

/** Seconds since the epoch. */
export function secondsOf(ms: number): number {
  return Math.floor(ms / 1000);
}
