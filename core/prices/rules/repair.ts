/**
 * Rows as accepted proposals make them, as a pure function: what is stored does not change. A proposal applies only to
 * the row that it was made for: where the row says something else by now, nothing happens.
 */
import { Decimal } from 'decimal.js';
import type { PriceField } from '../../contracts/words/price-findings.ts';
import type { Bar } from '../../market/bar.ts';
import { type Finding, keyOf } from './finding.ts';
import { times } from './scale.ts';
import type { RuleAction } from './series.ts';

type Proposed = Pick<Finding, 'rule' | 'subject' | 'proposal' | 'severity'>;

export interface Repaired {
  readonly bars: readonly Bar[];
  readonly actions: readonly RuleAction[];
}

/**
 * Applies accepted findings to the bars and actions of one source. An open, high or low that the factor alone cannot
 * make possible is `null`. A row that is wrong and has no proposal is left as it is: whether it is served is not decided
 * here.
 */
export function repair(bars: readonly Bar[], actions: readonly RuleAction[], accepted: readonly Proposed[]): Repaired {
  const byRow = new Map<string, Proposed[]>();
  for (const finding of accepted) {
    if (finding.proposal === null) continue;
    const key = rowKey(finding);
    byRow.set(key, [...(byRow.get(key) ?? []), finding]);
  }
  if (byRow.size === 0) return { bars, actions };
  const of = (finding: Pick<Finding, 'subject'>) => byRow.get(rowKey({ rule: 'unit', ...finding })) ?? [];
  return {
    bars: bars.flatMap((bar) => {
      const { interval, date, startsAt } = bar;
      return repairBar(bar, of({ subject: { kind: 'bar', interval, date, at: startsAt, said: null } }));
    }),
    actions: actions.flatMap((action) => {
      const { type, exDate, value } = action;
      const subject = { kind: type, interval: null, date: exDate, at: null, said: value } as const;
      return repairAction(action, of({ subject }));
    }),
  };
}

function rowKey(finding: Pick<Finding, 'rule' | 'subject'>): string {
  return keyOf({ rule: 'unit', subject: finding.subject });
}

function repairBar(bar: Bar, findings: readonly Proposed[]): Bar[] {
  let repaired = bar;
  for (const { proposal } of findings) {
    if (proposal?.from !== bar.close) continue;
    if (proposal.field === 'row') return [];
    if (proposal.field === 'prices') repaired = scaled(repaired, proposal.factor, proposal.fields, proposal.why);
  }
  return [repaired];
}

function scaled(bar: Bar, factor: string, fields: readonly PriceField[], why: 'unit' | 'split'): Bar {
  const of = (field: PriceField) => {
    const price = bar[field];
    return price !== null && fields.includes(field) ? times(price, factor) : price;
  };
  const volume =
    why === 'split' && fields.includes('close') && bar.volume !== null
      ? new Decimal(bar.volume).div(factor).toDecimalPlaces(0).toFixed()
      : bar.volume;
  const close = fields.includes('close') ? times(bar.close, factor) : bar.close;
  return possible({ ...bar, open: of('open'), high: of('high'), low: of('low'), close, volume }, bar, fields);
}

/** Without an open, high or low that its neighbours in the bar rule out. Rounding may leave them apart by a thousandth. */
function possible(bar: Bar, before: Bar, fields: readonly PriceField[]): Bar {
  const whole = (['open', 'high', 'low', 'close'] as const).every(
    (field) => before[field] === null || fields.includes(field),
  );
  // All prices by one factor are as possible as they were.
  if (whole) return bar;
  const slack = 1e-3 * Math.abs(Number(bar.close));
  const inner = [bar.open, bar.close].filter((price) => price !== null).map(Number);
  const high = bar.high !== null && Number(bar.high) + slack < Math.max(...inner) ? null : bar.high;
  const low = bar.low !== null && Number(bar.low) - slack > Math.min(...inner) ? null : bar.low;
  return { ...bar, high, low };
}

function repairAction(action: RuleAction, findings: readonly Proposed[]): RuleAction[] {
  let repaired = action;
  for (const { proposal } of findings) {
    if (proposal?.field === 'row' && proposal.from === action.value) return [];
    if (proposal?.field === 'amount' && proposal.from === action.value) repaired = { ...repaired, value: proposal.to };
    if (proposal?.field === 'ex_date' && proposal.from === action.exDate)
      repaired = { ...repaired, exDate: proposal.to };
  }
  return [repaired];
}
