import * as z from 'zod';
import { type MarketPhase, phaseOf } from './lifetimes.ts';

/** What a good answer of a route shows: whether it holds an error in place of a result, and the market's phase. */
export interface Seen {
  /** Yahoo's error where there is no result; `null` otherwise. */
  readonly told: { readonly error: unknown } | null;
  /** The phase at a second since the epoch. */
  readonly phaseAt: (seconds: number) => MarketPhase;
}

/** What an answer must be like to be kept and passed on: no more than that it is an answer of its route. */
export type AnswerShape = z.ZodType<Seen>;

const unknownPhase = (): MarketPhase => 'unknown';
const good: Seen = { told: null, phaseAt: unknownPhase };
const number = z.number();
const state = z.object({ marketState: z.string().nullish().catch(null) });

/** `{root: {result, error}}` with any result. `phaseAt` reads the market's phase from it. */
function under<Result>(
  root: string,
  result: z.ZodType<Result>,
  phaseAt: (result: Result) => Seen['phaseAt'] = () => unknownPhase,
): AnswerShape {
  const inside = z.object({ result: result.nullable(), error: z.unknown() });
  return z.object({ [root]: inside }).transform((answer, context): Seen => {
    // Of an answer with more names, the schema keeps this one.
    const [found] = Object.values(answer);
    if (!found) {
      context.addIssue({ code: 'custom', path: [root], message: 'missing' });
      return z.NEVER;
    }
    return found.result === null
      ? { told: { error: found.error }, phaseAt: unknownPhase }
      : { told: null, phaseAt: phaseAt(found.result) };
  });
}

const list = z.array(z.unknown());

/** `{root: {result: […], error}}`. */
export function listUnder(root: string): AnswerShape {
  return under(root, list);
}

/** `{root: {result: {…} or […], error}}`. */
export function anyUnder(root: string): AnswerShape {
  return under(root, z.union([z.record(z.string(), z.unknown()), list]));
}

/** `{root: {result: [{marketState}, …], error}}`: rows as quotes have them. */
export function rowsUnder(root: string): AnswerShape {
  return under(root, z.array(state), ([first]) => {
    const phase = phaseOf(first?.marketState);
    return () => phase;
  });
}

/** `{finance: {result: [{quotes: [{marketState}]}], error}}`. */
export const screenedAnswer: AnswerShape = under(
  'finance',
  z.array(z.object({ quotes: z.array(state).optional().catch(undefined) })),
  ([first]) => {
    const phase = phaseOf(first?.quotes?.[0]?.marketState);
    return () => phase;
  },
);

const instants = z.object({ start: number, end: number });
const chartMeta = z.object({
  symbol: z.string(),
  instrumentType: z.string().nullish().catch(null),
  currentTradingPeriod: z
    .object({ pre: instants.optional(), regular: instants, post: instants.optional() })
    .nullish()
    .catch(null),
});

/** A chart: its meta has the hours of its market. */
export const chartAnswer: AnswerShape = under(
  'chart',
  z.array(z.object({ meta: chartMeta, indicators: z.object({ quote: z.array(z.unknown()).min(1) }) })).min(1),
  ([first]) =>
    (seconds) =>
      first ? chartPhase(first.meta, seconds) : 'unknown',
);

function chartPhase(
  { instrumentType, currentTradingPeriod: periods }: z.output<typeof chartMeta>,
  now: number,
): MarketPhase {
  // It trades every day; Yahoo gives it daily periods.
  if (instrumentType === 'CRYPTOCURRENCY') return 'open';
  if (!periods) return 'unknown';
  const within = (period: { start: number; end: number } | undefined) =>
    period !== undefined && now >= period.start && now < period.end;
  if (within(periods.regular)) return 'open';
  return within(periods.pre) || within(periods.post) ? 'extended' : 'closed';
}

/** Modules of one symbol, of which `price` knows the market's phase. */
export const summaryAnswer: AnswerShape = under(
  'quoteSummary',
  z.array(z.looseObject({ price: state.nullish().catch(null) })).min(1),
  ([first]) => {
    const phase = phaseOf(first?.price?.marketState);
    return () => phase;
  },
);

/** An option chain, with the quote of what it is on. */
export const optionsAnswer: AnswerShape = under(
  'optionChain',
  z.array(z.object({ quote: state.nullish().catch(null) })),
  ([first]) => {
    const phase = phaseOf(first?.quote?.marketState);
    return () => phase;
  },
);

/** `{SYMBOL: {timestamp, close}}`, one for each symbol that Yahoo knows. */
export const sparkAnswer: AnswerShape = z
  .record(z.string(), z.looseObject({ timestamp: z.array(z.unknown()).nullish() }))
  .transform(() => good);

/** An object that has all of these names. */
export function having(...names: readonly [string, ...string[]]): AnswerShape {
  return z.record(z.string(), z.unknown()).transform((answer, context) => {
    const present = new Set(Object.entries(answer).flatMap(([name, value]) => (value == null ? [] : [name])));
    const missing = names.filter((name) => !present.has(name));
    for (const name of missing) context.addIssue({ code: 'custom', path: [name], message: 'missing' });
    return missing.length > 0 ? z.NEVER : good;
  });
}

/** `{finance: {marketTimes: […]}}`. */
export const marketTimesAnswer: AnswerShape = z
  .object({ finance: z.object({ marketTimes: z.array(z.unknown()).min(1) }) })
  .transform(() => good);
