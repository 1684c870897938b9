import type { BarsView, QuoteView } from '../../../core/contracts/http/market.ts';

/** Ninety trading days that end at the quote's price: a walk that is the same each time. */
export function barsOf(quote: QuoteView, now = Date.now()): BarsView {
  const last = Number(quote.price);
  const decimals = last < 1 ? 8 : 2;
  const fixed = (value: number) => Number(value.toFixed(decimals));
  const bars: BarsView['bars'] = [];
  let close = last;
  for (let day = 0; bars.length < 90; day++) {
    const at = new Date(now - day * 86_400_000);
    if (at.getUTCDay() === 0 || at.getUTCDay() === 6) continue;
    const swing = Math.sin(day * 1.7) * 0.012 + Math.cos(day * 0.31) * 0.009;
    const open = close * (1 - swing);
    bars.push({
      startsAt: `${at.toISOString().slice(0, 10)}T14:30:00.000Z`,
      date: at.toISOString().slice(0, 10),
      open: fixed(open),
      high: fixed(Math.max(open, close) * 1.006),
      low: fixed(Math.min(open, close) * 0.994),
      close: fixed(close),
      volume: Math.round(40_000_000 * (1 + Math.abs(swing) * 20)),
      final: true,
      licence: quote.licence,
      // What the usual findings have against Vodafone stands at its newest bar, which is read out first.
      findings: quote.instrument.symbol === 'VOD.L' && bars.length === 0 ? ['41'] : [],
    });
    close = open;
  }
  return {
    instrument: quote.instrument,
    interval: '1d',
    adjustment: 'none',
    basis: 'splits',
    basisAt: new Date(now).toISOString(),
    source: quote.source,
    licence: quote.licence,
    currency: quote.currency,
    zone: quote.instrument.zone,
    bars: bars.toReversed(),
    actions: [
      {
        type: 'dividend',
        exDate: bars[30]?.date ?? '2026-10-09',
        ratio: null,
        amount: 0.26,
        currency: quote.currency,
        source: quote.source,
        knownAt: new Date(now).toISOString(),
      },
    ],
  };
}
