/** The three states in which an answer may come: nothing known, the right quote, the right series. */
import type { CorporateAction } from '../../../core/market/bar.ts';
import type { BarSeries } from '../../../core/market/bar-series.ts';
import type { PriorQuote, StoredSeries } from '../../../core/prices/evidence.ts';
import { type JudgedBars, judgeBars } from '../../../core/prices/judge-bars.ts';
import { type RuleAction, type SeriesInput, splitsBetween } from '../../../core/prices/rules/series.ts';
import { listingOf, type Told } from './series.ts';

export const knownBefore = ['nothing', 'the right quote', 'the right series'] as const;
export type KnownBefore = (typeof knownBefore)[number];

const dayMs = 86_400_000;

/** What becomes of an answer with what is known before it. */
export function judgeTold({ told, right }: Told, known: KnownBefore): JudgedBars {
  const last = right.bars.at(-1);
  const toldLast = told.bars.at(-1);
  const first = told.bars[0];
  if (!last || !toldLast || !first) throw new Error('A series has bars.');
  const fetchedAt = last.startsAt + dayMs;
  const { basis, evidence } = told;
  const series: BarSeries = {
    listing: listingOf(told),
    symbol: 'TEST',
    basis,
    basisAt: fetchedAt,
    bars: told.bars,
    actions: told.actions.map(asAction),
    witnesses: {
      adjusted: told.adjusted ?? new Map(),
      market: evidence?.market ?? { price: Number(toldLast.close), at: toldLast.startsAt + dayMs / 4 },
      closeBefore: null,
    },
    fetchedAt,
    path: 'exchanges[0] TEST',
  };
  const prior: PriorQuote | undefined =
    known === 'nothing' ? undefined : { price: Number(last.close), asOf: last.startsAt + dayMs / 4 };
  return judgeBars(series, prior, known === 'the right series' ? storedOf(right, fetchedAt - 3 * dayMs) : undefined);
}

/** The right series as it was three days before, in the shares of then. */
function storedOf({ bars, actions }: SeriesInput, fetchedAt: number): StoredSeries {
  const basisDay = new Date(fetchedAt).toISOString().slice(0, 10);
  const since = splitsBetween(actions, basisDay, '9999-12-31');
  const before = bars.filter((bar) => bar.startsAt + dayMs <= fetchedAt);
  return {
    rows: before.map(({ startsAt, close }) => ({
      startsAt,
      close: Number(close) * since,
      said: String(Number(close) * since),
      basisDay,
      settled: fetchedAt > startsAt + 2 * dayMs,
    })),
    actions: actions.filter(({ exDate }) => exDate <= basisDay).map(asAction),
  };
}

function asAction({ type, exDate, value, currency }: RuleAction): CorporateAction {
  return {
    type,
    exDate,
    ratio: type === 'split' ? value : null,
    amount: type === 'split' ? null : value,
    currency,
  };
}
