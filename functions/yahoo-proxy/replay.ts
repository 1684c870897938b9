/*
 * Answers as they were at an instant, under `/yahoo/at/{instant}/…`: from the record, without a call to Yahoo.
 */
import type { Question } from '../../core/contracts/proxy.ts';
import { readInstant } from '../../core/proxy/instant.ts';
import type { ProxyRoute } from '../../core/proxy/route.ts';
import { type ErrorForm, type YahooError, yahooError } from '../../core/proxy/yahoo-error.ts';
import type { CacheLookup } from './answer-cache.ts';
import type { AnswerRecord } from './answer-record.ts';

/** Where an answer of an instant is from. */
const sourceHeader = 'x-quotron-source';
/** Symbols of a request that the answer of an instant says nothing of. */
const missingHeader = 'x-quotron-missing';

/** The instant that an address asks for, in milliseconds; or what is wrong with it. */
export function instantAsked(
  text: string,
  now: number,
  form: ErrorForm,
): { readonly at: number } | { readonly error: YahooError } {
  const at = readInstant(text);
  if (at === null)
    return {
      error: yahooError(
        form,
        400,
        'Bad Request',
        'The instant in the address is neither ISO 8601 (2026-11-30T14:30:00Z) nor seconds since the epoch.',
      ),
    };
  if (at > now)
    return { error: yahooError(form, 422, 'Unprocessable Entity', 'The instant in the address is in the future.') };
  return { at };
}

/** The refusal of a proxy that keeps no record. */
export function noRecord(form: ErrorForm): YahooError {
  return yahooError(
    form,
    501,
    'Not Implemented',
    'This proxy has no database and keeps no record of answers: /at/ is served by the one of an installation.',
  );
}

/** The answers to questions at an instant: those that there are, as the cache gives them, and headers that say whence. */
export interface Replayed {
  readonly found: readonly CacheLookup[];
  readonly headers: Readonly<Record<string, string>>;
}

/** Looks in the record for what was answered at an instant. `null` where there is nothing to any of the questions. */
export async function replayed(
  record: AnswerRecord,
  questions: readonly Question[],
  at: number,
): Promise<Replayed | null> {
  const recorded = await record.at(
    questions.map(({ key }) => key),
    at,
  );
  const found = questions.flatMap((question): CacheLookup[] => {
    const answer = recorded.get(question.key);
    if (!answer) return [];
    const { status, body, from, isOld } = answer;
    return [
      {
        question,
        answer: { status, body, lifetime: used, fetchedAt: from },
        cache: isOld ? 'STALE' : 'HIT',
        failed: null,
      },
    ];
  });
  if (found.length === 0 && questions.length > 0) return null;
  const missing = questions.flatMap(({ key, symbol }) => (recorded.has(key) || symbol === null ? [] : [symbol]));
  return {
    found,
    headers: {
      [sourceHeader]: 'recorded',
      ...(missing.length > 0 && { [missingHeader]: missing.slice(0, mostNamed).join(',') }),
    },
  };
}

/** Answers of an instant are looked up each time. */
const used = { fresh: 0, reuse: 0, keep: 0 };
const mostNamed = 100;

/** Where there is no answer of an instant. */
export function nothingThen(route: ProxyRoute, at: number): YahooError {
  const instant = new Date(at).toISOString();
  return yahooError(route, 404, 'Not Found', `Quotron has no answer to this request as of ${instant}.`);
}
