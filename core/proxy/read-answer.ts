import * as z from 'zod';
import type { Failure } from '../contracts/failure.ts';
import { parseJson } from '../contracts/parse-json.ts';
import type { Question } from '../contracts/proxy.ts';
import type { SourceAnswer } from '../sources/parser.ts';
import { transportFailure } from '../sources/reading/http-failure.ts';
import { readJson, toldFailure } from '../sources/yahoo/answer.ts';
import type { AnswerShape } from './answer-shapes.ts';
import { type Lifetime, lifetimeOf, type MarketPhase } from './lifetimes.ts';
import type { ProxyRoute } from './route.ts';
import { routeNamed } from './routes.ts';
import { yahooError } from './yahoo-error.ts';

/** An answer of the upstream that may be served. */
export interface ReadAnswer {
  readonly status: 200 | 400 | 404 | 422;
  readonly body: string;
  readonly lifetime: Lifetime;
}

/** Yahoo's answer; the request is in the question. */
export type Heard = Pick<SourceAnswer, 'response' | 'error' | 'fetchedAt'>;

/** Reads an answer to anything but quotes. A valid answer is served unchanged. */
export function readOneAnswer(heard: Heard, question: Question): ReadAnswer | { readonly failure: Failure } {
  const route = routeNamed(question.route);
  if (!route) return { failure: unknownRoute };
  const refusal = readRefusal(heard, route);
  if (refusal) return refusal;
  const body = heard.response?.body ?? '';
  if (body.length > route.longest) return { failure: tooLarge };
  const phase = 'page' in route.answer ? readPage(heard, route.answer.page) : readPhase(heard, route.answer.json);
  if (typeof phase !== 'string') return phase;
  return { status: 200, body, lifetime: lifetimeOf(route.kindOf(question.query, question.past), phase) };
}

/** A question that another release has handed over. */
const unknownRoute: Failure = {
  reason: 'unexplained',
  detail: { code: 'unknown_error' },
  message: 'This release of the proxy has no such route.',
};
const tooLarge: Failure = {
  reason: 'schema_drift',
  detail: { code: 'too_large' },
  message: 'The answer is longer than any answer of its route may be.',
};

function readPhase(heard: Heard, shape: AnswerShape): MarketPhase | { readonly failure: Failure } {
  const answer = readJson(heard, shape);
  if ('failure' in answer) return answer;
  const { told, phaseAt } = answer.value;
  return told ? { failure: toldFailure(told.error) } : phaseAt(Date.parse(heard.fetchedAt) / 1000);
}

/** A page is one when it has what it is read for: a wall or a form of consent has not. */
function readPage(heard: Heard, mark: string): MarketPhase | { readonly failure: Failure } {
  const failure = transportFailure(heard);
  if (failure) return { failure };
  if (heard.response?.body.includes(mark)) return 'unknown';
  return {
    failure: {
      reason: 'schema_drift',
      detail: { code: 'schema_mismatch', paths: [mark] },
      message: `The page has no ${mark}> any more.`,
    },
  };
}

/** An error of Yahoo's and nothing else: `{"chart":{"result":null,"error":{"code":…,"description":…}}}`. */
const refusalAnswer = z
  .record(
    z.string().max(40),
    z.strictObject({
      result: z.union([z.null(), z.array(z.never())]).optional(),
      error: z.strictObject({ code: z.string().max(60), description: z.string().max(400) }),
    }),
  )
  .transform((roots, context) => {
    const [[root, inside] = [], ...more] = Object.entries(roots);
    if (root === undefined || inside === undefined || more.length > 0) {
      context.addIssue({ code: 'custom', message: 'not one root' });
      return z.NEVER;
    }
    return { root, ...inside.error };
  });
const refusals: ReadonlyMap<number, 400 | 404 | 422> = new Map([
  [400, 400],
  [404, 404],
  [422, 422],
]);

/**
 * A refusal that answers the client's question (no such symbol, too long a range) in Yahoo's format. It is passed on as
 * it came when its text is plain, and without its text otherwise; a body in another format is not an answer.
 */
function readRefusal(heard: Heard, route: ProxyRoute): ReadAnswer | null {
  const status = refusals.get(heard.response?.status ?? 0);
  if (!status) return null;
  const given = heard.response?.body ?? '';
  const parsed = refusalAnswer.safeParse(parseJson(given));
  if (!parsed.success) return null;
  const { root, code, description } = parsed.data;
  const isPlain = [root, code, description].every((each) => /^[\w .,:;=/[\]()"'^!?%+-]*$/.test(each));
  const body = isPlain ? given : yahooError(route, status === 422 ? 400 : status, 'Not Found', route.unknown).body;
  return { status, body, lifetime: lifetimeOf('missing', 'unknown') };
}
