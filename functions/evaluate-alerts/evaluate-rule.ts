import { meetsPrice } from '../../core/alerts/price-condition.ts';
import { quietUntil } from '../../core/alerts/quiet-hours.ts';
import { type Happened, raisedBody, type ShownPrice } from '../../core/alerts/raised.ts';
import { VisibleSources } from '../../core/auth/visible-sources.ts';
import type { AlertCondition } from '../../core/contracts/http/alerts.ts';
import { dateInZone } from '../../core/market/zoned-date.ts';
import type { AlertRules, Evaluation, WatchedRule } from '../../core/ports/alert-rules.ts';
import { type AlertPrice, type AlertPriceReaders, alertPrice } from '../../core/serving/alert-price.ts';
import { type CoverageShareReaders, coverageShare } from './coverage-share.ts';

/** Why a rule is evaluated. */
export interface Occasion {
  readonly id: string;
  /** Of the event, or of the look at what has no events. */
  readonly type: string;
  readonly time: string;
  /** What the event is about. */
  readonly symbol: string | null;
  readonly sourceId: string | null;
}

export interface EvaluatingRules {
  readonly rules: AlertRules;
  readonly prices: Omit<AlertPriceReaders, 'now'>;
  readonly coverage: CoverageShareReaders;
  readonly now: () => number;
}

/** Others may evaluate the same rule at the same time: then it is read again, so often. */
const mostTries = 5;

/** Evaluates a rule, keeps what came of it, and says whether it raised an alert. */
export async function evaluateRule(first: WatchedRule, occasion: Occasion, of: EvaluatingRules): Promise<boolean> {
  let rule: WatchedRule | null = first;
  for (let tries = 0; rule !== null && tries < mostTries; tries++) {
    const evaluation = await outcomeOf(rule, occasion, of);
    if (evaluation === null) return false;
    if ((await of.rules.keep(rule, evaluation)) === 'kept') return evaluation.alert !== null;
    rule = await of.rules.again(rule.id, new Date(of.now()));
  }
  if (rule !== null) throw new Error('A rule was evaluated by others all the time.');
  return false;
}

/** What is known of a condition now. */
interface Look {
  /** `null`: nothing that can be relied on. */
  readonly met: boolean | null;
  /** Alerts once each. */
  readonly metOn: string | null;
  /** The price is not to be relied on yet, and may be soon. */
  readonly again?: boolean;
  readonly shown: Pick<Happened, 'symbol' | 'sourceId' | 'price' | 'figure' | 'withheld'>;
}

/** What comes of a rule; `null` where nothing can be said. */
async function outcomeOf(rule: WatchedRule, occasion: Occasion, of: EvaluatingRules): Promise<Evaluation | null> {
  const at = new Date(of.now());
  const look = await lookAt(rule, occasion, of);
  if (look === null) return null;
  if (look.met === null)
    return look.again ? { met: rule.met, metOn: rule.metOn, pendingEvent: occasion.id, at, alert: null } : null;
  const isNews = look.met && (look.metOn === null ? rule.met !== true : look.metOn !== rule.metOn);
  const state = { met: look.met, metOn: look.met ? look.metOn : rule.metOn, pendingEvent: null, at };
  if (!isNews) return { ...state, alert: null };
  const until = rule.quietHours && quietUntil(rule.quietHours, at.getTime());
  const heldUntil = until === null ? null : new Date(until);
  const { id, type, time } = occasion;
  const body = raisedBody({ rule, event: { id, type, time }, at, heldUntil, ...look.shown });
  return { ...state, alert: { eventId: id, body, heldUntil } };
}

async function lookAt(rule: WatchedRule, occasion: Occasion, of: EvaluatingRules): Promise<Look | null> {
  const { condition } = rule;
  const about = { symbol: occasion.symbol, sourceId: occasion.sourceId, price: null, figure: null, withheld: null };
  switch (condition.kind) {
    case 'price_above':
    case 'price_below':
    case 'move':
      return lookAtPrice(rule, condition, of);
    case 'source_failed':
      return { met: true, metOn: occasion.id, shown: about };
    case 'dispute': {
      // It rests on what several sources said.
      const all = visibleTo(rule, of).all;
      return { met: true, metOn: occasion.id, shown: all ? about : { ...about, sourceId: null, withheld: 'licence' } };
    }
    case 'findings_over':
      return lookAtCount(rule, condition, of, (ids) => of.rules.openFindings(ids));
    case 'quarantine_over':
      return lookAtCount(rule, condition, of, (ids) => of.rules.quarantined(ids));
    case 'coverage_below': {
      const share = await coverageShare(condition, of.now(), of.coverage);
      const may = visibleTo(rule, of).has(condition.sourceId);
      if (share === null) return null;
      const { symbol, sourceId } = condition;
      const figure = may ? Math.round(share * 1000) / 10 : null;
      return {
        met: share * 100 < condition.percent,
        metOn: null,
        shown: { symbol, sourceId, price: null, figure, withheld: may ? null : 'licence' },
      };
    }
  }
}

type PriceCondition = Extract<AlertCondition, { kind: 'price_above' | 'price_below' | 'move' }>;

async function lookAtPrice(rule: WatchedRule, condition: PriceCondition, of: EvaluatingRules): Promise<Look | null> {
  const { symbol } = condition;
  const found = await alertPrice(symbol, rule.use, { ...of.prices, now: of.now() });
  if (found === null) return null;
  const { withheld } = found;
  const price = withheld === null ? shownPrice(found) : null;
  const shown = { symbol, sourceId: price?.source ?? null, price, figure: null, withheld };
  if (!found.reliable) return { met: null, metOn: null, again: found.row.provisional === true, shown };
  // It is not served from then on; until the next price is decided on, it may still be there.
  if (await of.rules.isWrong(found.row)) return { met: null, metOn: null, shown };
  if (condition.kind !== 'move') return { met: meetsPrice(condition, found.price, rule.met), metOn: null, shown };
  const change = changePercent(found);
  if (change === null) return null;
  const up = change > 0;
  const asked = condition.direction === 'either' || condition.direction === (up ? 'up' : 'down');
  const day = dateInZone(found.row.asOf.getTime(), found.row.zone);
  return { met: asked && Math.abs(change) > condition.percent, metOn: `${day} ${up ? 'up' : 'down'}`, shown };
}

function changePercent({ row }: AlertPrice): number | null {
  return row.changeFraction === null ? null : Number(row.changeFraction) * 100;
}

function shownPrice(found: AlertPrice): ShownPrice {
  const { row, price } = found;
  const change = changePercent(found);
  return {
    price,
    previousClose: row.previousClose,
    changePercent: change === null ? null : Math.round(change * 100) / 100,
    currency: row.currency,
    source: row.source,
    asOf: row.asOf.toISOString(),
    disputed: row.confidence === 'disputed',
  };
}

type CountCondition = Extract<AlertCondition, { kind: 'findings_over' | 'quarantine_over' }>;

async function lookAtCount(
  rule: WatchedRule,
  { count, sourceId }: CountCondition,
  of: EvaluatingRules,
  counted: (sourceIds: readonly string[] | null) => Promise<number>,
): Promise<Look> {
  const visible = visibleTo(rule, of);
  const hidden = sourceId !== null && !visible.has(sourceId);
  // Of all sources: of those that the key may see.
  const found = await counted(sourceId === null ? visible.ids : [sourceId]);
  const shown = { symbol: null, sourceId, price: null };
  return {
    met: found > count,
    metOn: null,
    shown: { ...shown, figure: hidden ? null : found, withheld: hidden ? 'licence' : null },
  };
}

function visibleTo(rule: WatchedRule, of: EvaluatingRules): VisibleSources {
  return VisibleSources.of(rule.use, of.prices.catalogue);
}
