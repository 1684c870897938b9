import { expect, it } from 'vitest';
import { dayOf, lastSession, sessionOf, trades } from '../../../localstack/upstreams/yahoo/calendar.ts';
import { instrumentOf, type SimExchange } from '../../../localstack/upstreams/yahoo/universe.ts';

function exchangeOf(symbol: string): SimExchange {
  const instrument = instrumentOf(symbol);
  if (!instrument) throw new Error(`there is no simulated ${symbol}`);
  return instrument.exchange;
}
const day = (date: string) => Date.parse(`${date}T00:00:00Z`) / 86_400_000;
const iso = (at: number) => new Date(at).toISOString().slice(0, 16);

it.each([
  ['AAPL', '2026-11-26', false, 'Thanksgiving'],
  ['^GSPC', '2026-11-26', false, 'Thanksgiving'],
  ['AAPL', '2026-11-27', true, 'the day after it'],
  ['AAPL', '2026-11-28', false, 'a Saturday'],
  ['VOD.L', '2025-12-25', false, 'Christmas'],
  ['VOD.L', '2026-11-26', true, 'Thanksgiving'],
  ['MC.PA', '2026-05-01', false, 'the first of May'],
  ['7203.T', '2026-05-04', false, 'a holiday of May'],
  ['NPN.JO', '2026-09-24', false, 'Heritage Day'],
  ['GC=F', '2026-04-03', false, 'Good Friday'],
  ['EURUSD=X', '2026-12-25', false, 'Christmas'],
  ['EURUSD=X', '2026-04-03', true, 'Good Friday'],
  ['BTC-USD', '2026-11-28', true, 'a Saturday'],
])('%s on %s trades: %s (%s)', (symbol, date, open, _when) => {
  expect(trades(exchangeOf(symbol), day(date))).toBe(open);
});

it('a half day ends early, and so does what is after it', () => {
  const { opensAt, closesAt, postUntil } = sessionOf(exchangeOf('AAPL'), day('2026-11-27'));
  expect([opensAt, closesAt, postUntil].map(iso)).toEqual(['2026-11-27T14:30', '2026-11-27T18:00', '2026-11-27T22:00']);
  expect(iso(sessionOf(exchangeOf('VOD.L'), day('2026-12-24')).closesAt)).toBe('2026-12-24T12:30');
  expect(iso(sessionOf(exchangeOf('GC=F'), day('2026-11-27')).closesAt)).toBe('2026-11-27T18:00');
});

it('what trades round the clock does from midnight to midnight', () => {
  const { opensAt, closesAt } = sessionOf(exchangeOf('EURUSD=X'), day('2026-11-25'));
  expect([iso(opensAt), iso(closesAt)]).toEqual(['2026-11-25T00:00', '2026-11-25T23:59']);
});

it('the last session before a holiday is that of the day before', () => {
  const exchange = exchangeOf('AAPL');
  const thanksgiving = Date.parse('2026-11-26T16:00:00Z');
  expect(trades(exchange, dayOf(exchange, thanksgiving))).toBe(false);
  expect(lastSession(exchange, thanksgiving).date).toBe('2026-11-25');
});

it('a pair against the dollar is known by both of its names', () => {
  expect(instrumentOf('USDJPY=X')?.symbol).toBe('JPY=X');
  expect(instrumentOf('JPY=X')?.symbol).toBe('JPY=X');
});
