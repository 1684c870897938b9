import * as z from 'zod';
import type { Failure } from '../contracts/failure.ts';
import type { Question } from '../contracts/proxy.ts';
import type { SourceAnswer } from '../sources/parser.ts';
import { readJson, toldFailure } from '../sources/yahoo/answer.ts';
import { kindOf, type Lifetime, lifetimeOf, type MarketPhase, phaseOf } from './lifetimes.ts';
import { notFound, yahooError } from './yahoo-error.ts';

/** An answer of the upstream that may be served. */
export interface ReadAnswer {
  readonly status: 200 | 400 | 404 | 422;
  readonly body: string;
  readonly lifetime: Lifetime;
}

/** Yahoo's answer; the request is in the question. */
export type Heard = Pick<SourceAnswer, 'response' | 'error' | 'fetchedAt'>;

const number = z.number();
const instants = z.object({ start: number, end: number });
const chartAnswer = z.object({
  chart: z.object({
    result: z
      .array(
        z.object({
          meta: z.object({
            symbol: z.string(),
            instrumentType: z.string().nullish().catch(null),
            currentTradingPeriod: z
              .object({ pre: instants.optional(), regular: instants, post: instants.optional() })
              .nullish()
              .catch(null),
          }),
          indicators: z.object({ quote: z.array(z.unknown()).min(1) }),
        }),
      )
      .min(1)
      .nullable(),
    error: z.unknown(),
  }),
});
const summaryAnswer = z.object({
  quoteSummary: z.object({
    result: z
      .array(
        z.looseObject({
          price: z
            .object({ marketState: z.string().nullish().catch(null) })
            .nullish()
            .catch(null),
        }),
      )
      .min(1)
      .nullable(),
    error: z.unknown(),
  }),
});
const timeseriesAnswer = z.object({
  timeseries: z.object({ result: z.array(z.unknown()).nullable(), error: z.unknown() }),
});
const searchAnswer = z.object({ quotes: z.array(z.unknown()) });

/** Reads an answer to anything but quotes. A valid answer is served unchanged. */
export function readOneAnswer(heard: Heard, question: Question): ReadAnswer | { readonly failure: Failure } {
  const refusal = readRefusal(heard, question);
  if (refusal) return refusal;
  const phase = readPhase(heard, question);
  if (typeof phase !== 'string') return phase;
  return { status: 200, body: heard.response?.body ?? '', lifetime: lifetimeOf(kindOf(question), phase) };
}

function readPhase(heard: Heard, { route }: Question): MarketPhase | { readonly failure: Failure } {
  switch (route) {
    case 'chart': {
      const answer = readJson(heard, chartAnswer);
      if ('failure' in answer) return answer;
      const chart = answer.value.chart.result?.[0];
      if (!chart) return { failure: toldFailure(answer.value.chart.error) };
      return chartPhase(chart.meta, Date.parse(heard.fetchedAt) / 1000);
    }
    case 'summary': {
      const answer = readJson(heard, summaryAnswer);
      if ('failure' in answer) return answer;
      const summary = answer.value.quoteSummary.result?.[0];
      if (!summary) return { failure: toldFailure(answer.value.quoteSummary.error) };
      return phaseOf(summary.price?.marketState);
    }
    case 'timeseries': {
      const answer = readJson(heard, timeseriesAnswer);
      if ('failure' in answer) return answer;
      const { result, error } = answer.value.timeseries;
      return result ? 'unknown' : { failure: toldFailure(error) };
    }
    default: {
      const answer = readJson(heard, searchAnswer);
      return 'failure' in answer ? answer : 'unknown';
    }
  }
}

type ChartMeta = NonNullable<z.infer<typeof chartAnswer>['chart']['result']>[number]['meta'];

function chartPhase({ instrumentType, currentTradingPeriod: periods }: ChartMeta, now: number): MarketPhase {
  // It trades every day; Yahoo gives it daily periods.
  if (instrumentType === 'CRYPTOCURRENCY') return 'open';
  if (!periods) return 'unknown';
  const within = (period: { start: number; end: number } | undefined) =>
    period !== undefined && now >= period.start && now < period.end;
  if (within(periods.regular)) return 'open';
  return within(periods.pre) || within(periods.post) ? 'extended' : 'closed';
}

const told = z.object({ code: z.string().max(60), description: z.string().max(400) });
const refusalAnswer = z.union([
  z.object({ chart: z.object({ error: told }) }).transform(({ chart }) => chart.error),
  z.object({ quoteSummary: z.object({ error: told }) }).transform(({ quoteSummary }) => quoteSummary.error),
  z.object({ finance: z.object({ error: told }) }).transform(({ finance }) => finance.error),
]);
const refusals: ReadonlyMap<number, 400 | 404 | 422> = new Map([
  [400, 400],
  [404, 404],
  [422, 422],
]);

/**
 * A refusal that answers the client's question (no such symbol, too long a range) in Yahoo's format. Its text is passed
 * on when it is plain; a body in another format is not an answer.
 */
function readRefusal(heard: Heard, question: Question): ReadAnswer | null {
  const status = refusals.get(heard.response?.status ?? 0);
  if (!status) return null;
  const parsed = refusalAnswer.safeParse(parseJson(heard.response?.body ?? ''));
  if (!parsed.success) return null;
  const { code, description } = parsed.data;
  const plain = /^[\w .,:;=/[\]()"'^-]*$/.test(description) ? description : notFound[question.route];
  const { body } = yahooError(question.route, status === 422 ? 400 : status, code, plain);
  return { status, body, lifetime: lifetimeOf('missing', 'unknown') };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
