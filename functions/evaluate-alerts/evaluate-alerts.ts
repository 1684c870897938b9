/*
 * Evaluates rules: inside the VPC, as it reads prices.
 *
 *   1. an event of the topic names the rules that it may concern; what came in bulk concerns none
 *   2. each is evaluated on what is served now, and not on the event: events of several sources have no order
 *   3. the rule's state and its alert are kept together, and `deliver-alerts` is woken
 *
 * The minute's tick does the same for prices that could not be relied on yet, and for coverage, of which there is no event.
 */
import { v5 } from 'uuid';
import { concernedBy } from '../../core/alerts/concerned.ts';
import { type CloudEvent, typePrefix } from '../../core/contracts/events/cloud-event.ts';
import type { WatchedRule } from '../../core/ports/alert-rules.ts';
import type { CoverageShareReaders } from './coverage-share.ts';
import { type EvaluatingRules, evaluateRule, type Occasion } from './evaluate-rule.ts';

export interface EvaluatingAlerts extends EvaluatingRules {
  /** Wakes the sender. */
  readonly ring: () => Promise<void>;
}

/** Coverage is looked at so often. */
const coverageEachMs = 3_600_000;
/** Rules of one tick. */
const dueAtOnce = 50;
/** Namespace of the ids of what happened without an event. */
const namespace = 'c1f7a4a2-6f0c-5a0e-9d57-0d2f3d0b9a11';

/** Evaluates the rules that an event concerns. Gives how many alerts it raised. */
export async function evaluateEvent({ id, time, event }: CloudEvent, of: EvaluatingAlerts): Promise<number> {
  const concerned = concernedBy(event);
  if (concerned === null) return 0;
  const rules = await of.rules.concerned(concerned, new Date(of.now()));
  if (rules.length === 0 || !(await of.rules.running())) return 0;
  const { data } = event;
  const occasion = {
    ...{ id, time, type: `${typePrefix}${event.type}`, sourceId: concerned.sourceId },
    symbol: 'symbol' in data ? data.symbol : null,
  };
  return evaluate(
    rules.map((rule) => ({ rule, occasion })),
    of,
  );
}

/** Evaluates what waits, and what no event tells. Gives how many alerts it raised. */
export async function evaluateDue(of: EvaluatingAlerts): Promise<number> {
  if (!(await of.rules.running())) return 0;
  const now = new Date(of.now());
  const coverageBefore = new Date(now.getTime() - coverageEachMs);
  const rules = await of.rules.due({ now, coverageBefore, limit: dueAtOnce });
  return evaluate(
    rules.map((rule) => ({ rule, occasion: occasionOf(rule, now) })),
    { ...of, coverage: readOnce(of.coverage) },
  );
}

/** With the watch list read once, at the first rule that asks for it. */
function readOnce(of: CoverageShareReaders): CoverageShareReaders {
  let list: ReturnType<CoverageShareReaders['watched']> | undefined;
  const watched = () => {
    list ??= of.watched();
    return list;
  };
  return { ...of, watched };
}

function occasionOf({ id, revision, pendingEvent }: WatchedRule, now: Date): Occasion {
  const type = pendingEvent === null ? `${typePrefix}coverage` : `${typePrefix}quotes.stored`;
  // Of one state of the rule there is one alert, whoever evaluates it how often.
  const eventId = pendingEvent ?? v5(`${id} ${revision}`, namespace);
  return { id: eventId, type, time: now.toISOString(), symbol: null, sourceId: null };
}

async function evaluate(
  all: readonly { readonly rule: WatchedRule; readonly occasion: Occasion }[],
  of: EvaluatingAlerts,
): Promise<number> {
  let raised = 0;
  for (const { rule, occasion } of all) if (await evaluateRule(rule, occasion, of)) raised++;
  if (raised > 0) await of.ring();
  return raised;
}
