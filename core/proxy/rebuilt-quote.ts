import type { QuoteAsOf } from '../contracts/as-of.ts';
import { type DecimalText, fraction, subtract } from '../market/decimal.ts';
import { described, secondsOf } from './rebuilt.ts';

/** How a quote is written: as it was asked for. */
export interface QuoteForm {
  readonly symbol: string;
  /** Each number as `{raw, fmt}`. */
  readonly formatted: boolean;
  /** The instant as of which it is, in milliseconds. */
  readonly at: number;
}

/** Whether the market of a quote trades, in Yahoo's word. */
export function marketStateOf({ session }: Pick<QuoteAsOf, 'session'>): 'REGULAR' | 'CLOSED' {
  return session?.isOpen ? 'REGULAR' : 'CLOSED';
}

/** A row of `/v7/finance/quote` from what was known of a price. What was not known is not in it. */
export function rebuiltQuoteRow(quote: QuoteAsOf, { symbol, formatted, at }: QuoteForm): string {
  const of = described(quote.instrument, at);
  const { price, previousClose, bid, ask, volume } = quote;
  const change = previousClose === null ? null : subtract(price, previousClose);
  const share = change === null || previousClose === null ? null : fraction(change, previousClose);
  const isCrypto = quote.instrument.assetClass === 'crypto';
  const amount = (value: DecimalText | null) => (value === null ? undefined : shown(of.number(value)));
  const shown = (value: number) =>
    formatted ? { raw: value, fmt: value.toFixed(Math.min(of.priceHint(price), 4)) } : value;
  const whole = (value: number) => (formatted ? { raw: value, fmt: String(value) } : value);
  return JSON.stringify({
    language: 'en-US',
    region: 'US',
    quoteType: of.quoteType,
    typeDisp: of.typeDisp,
    quoteSourceName: 'Quotron',
    triggerable: false,
    customPriceAlertConfidence: 'NONE',
    currency: of.currency,
    exchange: of.exchange,
    fullExchangeName: of.exchangeName,
    exchangeTimezoneName: of.zone,
    exchangeTimezoneShortName: of.zoneName,
    gmtOffSetMilliseconds: of.offsetSeconds * 1000,
    market: 'quotron_market',
    marketState: marketStateOf(quote),
    esgPopulated: false,
    tradeable: false,
    cryptoTradeable: false,
    hasPrePostMarketData: false,
    sourceInterval: 15,
    exchangeDataDelayedBy: Math.round((quote.delaySeconds ?? 0) / 60),
    priceHint: of.priceHint(price),
    regularMarketPrice: amount(price),
    regularMarketTime: whole(secondsOf(quote.asOf)),
    regularMarketPreviousClose: amount(previousClose),
    regularMarketChange: amount(change),
    regularMarketChangePercent: share === null ? undefined : shown(Number(share) * 100),
    regularMarketVolume: volume === null ? undefined : whole(Number(volume)),
    bid: amount(bid),
    ask: amount(ask),
    ...(isCrypto && volume !== null ? { volume24Hr: whole(Number(volume)) } : {}),
    symbol,
  });
}
