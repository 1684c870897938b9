/** What all routes of quotes have in common. */
import type { VisibleTo } from '../../core/auth/visible-sources.ts';
import type { Warning } from '../../core/contracts/http/envelope.ts';
import { commandToWatch } from '../../core/contracts/http/watch.ts';
import { ProblemError } from '../../core/http/problem.ts';
import { instantParameter, sourceIdParameter } from '../../core/http/read-request.ts';
import type { Call } from '../../core/http/route.ts';
import type { QuoteReader } from '../../core/ports/quote-reader.ts';
import type { PlannedPeriods } from '../../core/ports/watch-store.ts';
import type { FoundQuote } from '../../core/serving/find-quotes.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import { anotherNameOf } from './bars/warnings.ts';
import type { ViewContext } from './views/quote.ts';

export const sourceParameter = sourceIdParameter
  .optional()
  .describe('The price of this source, instead of the consolidated one');
export const knownAtParameter = instantParameter.optional().describe('As it was known at this instant');
/** Seconds a cache may keep a latest price. Sources are asked once a minute. */
export const latestMaxAge = 1;

/** What a route of quotes is made of. */
export interface QuoteRouteDependencies {
  readonly quotes: VisibleTo<QuoteReader>;
  readonly periods: PlannedPeriods;
  readonly catalogue: readonly SourceDefinition[];
  readonly alwaysOpen?: boolean;
}

/** Makes what the views of quotes need for a request. */
export function viewContext(of: {
  readonly sourceOf: ViewContext['sourceOf'];
  readonly alwaysOpen: boolean | undefined;
  readonly periods: PlannedPeriods;
}) {
  return async (call: Call, knownAt?: string): Promise<ViewContext> => ({
    decimal: call.decimal,
    sourceOf: of.sourceOf,
    now: knownAt === undefined ? call.now : Date.parse(knownAt),
    alwaysOpen: of.alwaysOpen,
    periods: await of.periods(call.now),
  });
}

/** The problem of a symbol that is known, and has no price. */
export function noQuote(symbol: string, source: string | null, knownAt: string | undefined): ProblemError {
  const of = source ? `${symbol} from ${source}` : symbol;
  return knownAt === undefined
    ? new ProblemError(
        'no_quote',
        `${of} is known, but no price of it has been accepted yet. GET /watch/${encodeURIComponent(symbol)} says whether it is collected.`,
        { command: commandToWatch(symbol) },
      )
    : new ProblemError('no_quote', `No price of ${of} was known at ${knownAt}.`, { retryable: false });
}

export function disputed(symbol: string): Warning {
  return { code: 'disputed', message: `The sources disagree on ${symbol}: see ?explain=1.` };
}

/** Of prices whose symbols may mean another instrument by now. */
export function otherNames(rows: readonly (FoundQuote | undefined)[]): Warning[] {
  return rows.flatMap((row) =>
    row && row !== 'licence_forbids' && row.nameDoubted ? [anotherNameOf(row.symbol)] : [],
  );
}
