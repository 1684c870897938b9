import * as z from 'zod';
import type { Failure } from '../contracts/failure.ts';
import { parseJson } from '../contracts/parse-json.ts';
import type { Question } from '../contracts/proxy.ts';
import type { SourceAnswer } from '../sources/parser.ts';
import { transportFailure } from '../sources/reading/http-failure.ts';
import { longestRefusal, readJson, toldFailure } from '../sources/yahoo/answer.ts';
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
  const empty = readEmpty(heard, route);
  if (empty) return empty;
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

/**
 * No result, or an empty one, and nothing else but an error of Yahoo's or none:
 * `{"chart":{"result":null,"error":{"code":…,"description":…}}}`.
 */
const emptyAnswer = z
  .record(
    z.string().max(40),
    z.strictObject({
      result: z.union([z.null(), z.array(z.never())]).optional(),
      error: z.strictObject({ code: z.string().max(60), description: z.string().max(400) }).nullish(),
    }),
  )
  .transform((roots, context) => {
    const [[root, inside] = [], ...more] = Object.entries(roots);
    if (root === undefined || inside === undefined || more.length > 0) {
      context.addIssue({ code: 'custom', message: 'not one root' });
      return z.NEVER;
    }
    return { root, error: inside.error ?? null };
  });
const passedOn: ReadonlyMap<number, ReadAnswer['status']> = new Map([
  [200, 200],
  [400, 400],
  [404, 404],
  [422, 422],
]);
/** What names of symbols and sentences of Yahoo's are made of, and neither JSON nor HTML. */
const plain = /^[\p{L}\p{M}\p{N} .,:;=/[\]()"'’^!?%+&|*#@~$_-]*$/u;

/**
 * An answer without a result (no such symbol, too long a range, nothing found) in Yahoo's format. It is passed on as it came
 * when its text is plain, and a refusal without its text otherwise; a body in another format is none.
 */
function readEmpty(heard: Heard, route: ProxyRoute): ReadAnswer | null {
  const status = passedOn.get(heard.response?.status ?? 0);
  if (!status) return null;
  const given = heard.response?.body ?? '';
  // What is longer has a result, and is parsed for it.
  if (status === 200 && given.length > longestRefusal) return null;
  const parsed = emptyAnswer.safeParse(parseJson(given));
  if (!parsed.success) return null;
  const { root, error } = parsed.data;
  // Any other error of a 200 says something of the session or of Yahoo.
  if (status === 200 && error && !['not_found', 'bad_request'].includes(toldFailure(error).reason)) return null;
  const lifetime = lifetimeOf('missing', 'unknown');
  if ([root, error?.code ?? '', error?.description ?? ''].every((each) => plain.test(each)))
    return { status, body: given, lifetime };
  if (status === 200) return null;
  const { body } = yahooError(route, status === 422 ? 400 : status, 'Not Found', route.unknown);
  return { status, body, lifetime };
}
