import { v5 } from 'uuid';
import * as z from 'zod';
import { meetsPrice } from '../../../core/alerts/price-condition.ts';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import { type AlertCondition, alertRuleSchema, createRuleSchema } from '../../../core/contracts/http/alerts.ts';
import type { Warning } from '../../../core/contracts/http/envelope.ts';
import { byCreation, creationCursor, page, readCursor } from '../../../core/http/page.ts';
import { invalidRequest, ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, limitParameter, symbolHelp } from '../../../core/http/read-request.ts';
import { type Call, type Route, route } from '../../../core/http/route.ts';
import { canonicalSymbol } from '../../../core/market/symbol.ts';
import { isZone } from '../../../core/market/zoned-date.ts';
import type { AlertRule, AlertStore } from '../../../core/ports/alert-store.ts';
import type { IdempotencyStore } from '../../../core/ports/idempotency-store.ts';
import type { QuoteReader } from '../../../core/ports/quote-reader.ts';
import type { PlannedPeriods } from '../../../core/ports/watch-store.ts';
import { type AlertPriceReaders, alertPrice } from '../../../core/serving/alert-price.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { requestSlot } from '../idempotency-key.ts';
import { requireSource } from '../symbols.ts';
import { ruleView } from '../views/alert.ts';

interface RouteDependencies {
  readonly alerts: AlertStore;
  readonly requests: IdempotencyStore;
  readonly quotes: VisibleTo<QuoteReader>;
  readonly periods: PlannedPeriods;
  readonly catalogue: readonly SourceDefinition[];
  readonly alwaysOpen?: boolean;
}

const tag = 'Alerts';
/** Namespace of the ids of rules. */
const namespace = '9d0a8a34-3a0f-5bb1-a6a3-7a1d1d3cbb10';
const byId = z.object({ id: z.uuid() });

export function alertRuleRoutes(dependencies: RouteDependencies): Route[] {
  const { alerts, requests, catalogue } = dependencies;

  const list = route(
    {
      method: 'get',
      path: '/alerts/rules',
      access: 'read',
      shows: 'nothing',
      tag,
      summary: 'Every rule, newest first',
      query: z.object({ limit: limitParameter(200, 100), cursor: cursorParameter }),
      data: z.array(alertRuleSchema),
      problems: ['invalid_cursor'],
    },
    async ({ query, call }) => {
      const found = await alerts.rules({
        after: readCursor(query.cursor, creationCursor),
        limit: query.limit + 1,
        now: new Date(call.now),
      });
      const { rows, meta } = page(found, query.limit, byCreation);
      return { kind: 'data', data: rows.map((row) => ruleView(row, call.decimal)), meta, maxAge: 0 };
    },
  );

  const one = route(
    {
      method: 'get',
      path: '/alerts/rules/{id}',
      access: 'read',
      shows: 'nothing',
      tag,
      summary: 'One rule',
      params: byId,
      data: alertRuleSchema,
      problems: ['not_found'],
    },
    async ({ params, call }) => ({
      kind: 'data',
      data: ruleView(await require(params.id, call), call.decimal),
      maxAge: 0,
    }),
  );

  const create = route(
    {
      method: 'post',
      path: '/alerts/rules',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'Be told when something happens',
      description:
        'A rule alerts when what it watches for becomes true, on each of its channels: a price that is above already is told when it has been below and rises again. It belongs to the key that makes it: it carries no price that this key may not see, and stops when the key ends.',
      body: createRuleSchema,
      data: alertRuleSchema,
      status: 201,
      idempotent: true,
      problems: ['unknown_source', 'not_found', 'alerts_full', 'idempotency_key_reused'],
    },
    async ({ body, call }) => {
      const condition = checkedCondition(body.when);
      if (body.quietHours) {
        if (!isZone(body.quietHours.zone))
          throw invalidRequest('body.quietHours.zone', 'is not known: must be an IANA zone');
        if (body.quietHours.from === body.quietHours.to)
          throw invalidRequest('body.quietHours.to', 'must be another time than the first');
      }
      const keyId = call.principal?.keyId;
      if (keyId === undefined) throw new ProblemError('unauthenticated', 'A rule belongs to a key.');
      const { slot } = await requestSlot(requests, call, body);
      const id = v5(slot, namespace);
      const { met, warnings } = await now(condition, call);
      const { name, channelIds, quietHours } = body;
      const added = await alerts.addRule({
        ...{ id, name, condition, channelIds, quietHours, keyId, met },
        at: new Date(call.now),
      });
      if (added === 'full')
        throw new ProblemError('alerts_full', 'There are as many rules as there may be. Remove one first.');
      if (added === 'no_channel')
        throw new ProblemError('not_found', 'No channel has one of these ids. GET /alerts/channels lists them.');
      return {
        kind: 'data',
        data: ruleView(await require(id, call), call.decimal),
        status: 201,
        headers: { location: `/api/v1/alerts/rules/${id}` },
        warnings,
      };
    },
  );

  const remove = route(
    {
      method: 'delete',
      path: '/alerts/rules/{id}',
      access: 'operate',
      shows: 'nothing',
      tag,
      summary: 'Remove a rule',
      description: 'What it has raised is delivered all the same.',
      params: byId,
      data: alertRuleSchema,
      problems: ['not_found'],
    },
    async ({ params, call }) => {
      const rule = await require(params.id, call);
      await alerts.removeRule(rule.id, new Date(call.now));
      return { kind: 'data', data: ruleView(rule, call.decimal) };
    },
  );

  const switches = ([true, false] as const).map((enabled) =>
    route(
      {
        method: 'post',
        path: `/alerts/rules/{id}/${enabled ? 'start' : 'stop'}`,
        access: 'operate',
        shows: enabled ? 'visible' : 'nothing',
        tag,
        summary: enabled ? 'Evaluate a rule again' : 'Evaluate a rule no more',
        description: enabled
          ? 'It alerts on what becomes true from now on. A rule whose key has ended stays stopped: make another one.'
          : 'It is kept, and evaluates nothing until it is started.',
        params: byId,
        data: alertRuleSchema,
        problems: ['not_found'],
      },
      async ({ params, call }) => {
        const rule = await require(params.id, call);
        const { met, warnings } = enabled ? await now(rule.condition, call) : { met: null, warnings: [] };
        await alerts.enableRule(rule.id, enabled, met);
        return { kind: 'data', data: ruleView(await require(rule.id, call), call.decimal), warnings };
      },
    ),
  );

  return [list, one, create, remove, ...switches];

  async function require(id: string, call: Call): Promise<AlertRule> {
    const rule = await alerts.rule(id, new Date(call.now));
    if (!rule) throw new ProblemError('not_found', 'No rule has this id. GET /alerts/rules lists them.');
    return rule;
  }

  /** The condition with its symbol as Quotron writes it, of sources that exist. */
  function checkedCondition(when: AlertCondition): AlertCondition {
    if ('sourceId' in when && when.sourceId !== null) requireSource(catalogue, when.sourceId);
    if (!('symbol' in when) || when.symbol === null) return when;
    const symbol = canonicalSymbol(when.symbol);
    if (symbol === null) throw invalidRequest('body.when.symbol', symbolHelp);
    return { ...when, symbol };
  }

  /** Whether a condition of a price holds now, by the price that the caller may see. */
  async function now(condition: AlertCondition, call: Call): Promise<{ met: boolean | null; warnings: Warning[] }> {
    const use = call.principal?.use;
    if (use === undefined || (condition.kind !== 'price_above' && condition.kind !== 'price_below'))
      return { met: null, warnings: [] };
    const readers: AlertPriceReaders = { ...dependencies, now: call.now };
    const found = await alertPrice(condition.symbol, use, readers);
    if (found === null)
      return {
        met: null,
        warnings: [
          {
            code: 'no_quote',
            message: `There is no price of ${condition.symbol} yet. GET /watch/${encodeURIComponent(condition.symbol)} says whether it is collected.`,
          },
        ],
      };
    const warnings: Warning[] =
      found.withheld === null
        ? []
        : [
            {
              code: 'licence_forbids',
              message: `The price of ${condition.symbol} comes from sources whose licence does not allow the use of this key: an alert says that it has crossed, and not the price.`,
            },
          ];
    return { met: found.reliable ? meetsPrice(condition, found.price, null) : null, warnings };
  }
}
