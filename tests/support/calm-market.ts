import type { Finding } from '../../core/prices/rules/finding.ts';
import { judgeSeries } from '../../core/prices/rules/judge-series.ts';
import type { RuleAction, SeriesEvidence, SeriesInput } from '../../core/prices/rules/series.ts';
import { walk } from './price-walks.ts';

/** A calm market of 60 days around 50, from Monday 2023-01-02. */
export const market = walk({ seed: 5, rows: 60, move: 0.01 });
export const dateOf = (index: number) => market.bars[index]?.date ?? '';
export const closeOf = (index: number) => Number(market.bars[index]?.close);
export const timeOf = (index: number) => market.bars[index]?.startsAt ?? 0;

export const split = (at: number | string, value: string): RuleAction => ({
  type: 'split',
  exDate: typeof at === 'string' ? at : dateOf(at),
  value,
  currency: null,
});

export const dividend = (at: number, value: string): RuleAction => ({
  type: 'dividend',
  exDate: dateOf(at),
  value,
  currency: 'USD',
});

export const knowing = (input: SeriesInput, evidence: SeriesEvidence): SeriesInput => ({ ...input, evidence });

/** The findings in short: the number of the row or the date of the action, the rule, the severity, the evidence. */
export function found(input: SeriesInput): string[] {
  return judgeSeries(input).map((finding) => inShort(input, finding));
}

function inShort(input: SeriesInput, { rule, severity, evidence, subject }: Finding): string {
  const row = input.bars.findIndex((bar) => bar.startsAt === subject.at);
  return `${row === -1 ? subject.date : row} ${rule} ${severity} ${evidence.code}`;
}

/** The same on each row from one to before another. */
export const span = (from: number, to: number, text: string) =>
  Array.from({ length: to - from }, (_, index) => `${from + index} ${text}`);

export function withoutTrades(input: SeriesInput, from: number): SeriesInput {
  return { ...input, bars: input.bars.map((bar, at) => (at >= from ? { ...bar, volume: '0' } : bar)) };
}

/** Days filled with the close before them. */
export function still(input: SeriesInput, from: number, to: number): SeriesInput {
  const close = input.bars[from - 1]?.close ?? '';
  const filled = { open: close, high: close, low: close, close, volume: '0' };
  return {
    ...input,
    adjusted: undefined,
    bars: input.bars.map((bar, at) => (at >= from && at < to ? { ...bar, ...filled } : bar)),
  };
}
