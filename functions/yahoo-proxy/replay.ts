/*
 * Answers as they were at an instant, under `/yahoo/at/{instant}/…`: from the record or of stored prices, without a call to
 * Yahoo.
 */
import type { Question } from '../../core/contracts/proxy.ts';
import type { KeyUse } from '../../core/contracts/words/licence.ts';
import { readInstant } from '../../core/proxy/instant.ts';
import type { ProxyRoute } from '../../core/proxy/route.ts';
import { type ErrorForm, type YahooError, yahooError } from '../../core/proxy/yahoo-error.ts';
import type { CacheLookup } from './answer-cache.ts';
import type { AnswerRecord, RecordedAnswer } from './answer-record.ts';
import type { Gap, Rebuild, RebuiltAnswer } from './rebuild.ts';

/** Where an answer of an instant is from. */
const sourceHeader = 'x-quotron-source';
/** Of several symbols, those whose answer is rebuilt where others are recorded. */
const rebuiltHeader = 'x-quotron-rebuilt';
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

/** What answers of the past are made of. */
export interface Past {
  readonly record: AnswerRecord;
  readonly rebuild: Rebuild;
}

/** An answer of an instant. */
interface Then {
  readonly from: 'recorded' | 'rebuilt';
  readonly status: number;
  readonly body: string;
  readonly fetchedAt: number;
  readonly isOld: boolean;
  readonly missing?: readonly string[];
}

/**
 * What was answered at an instant: by Yahoo, where it was asked; else what it would have answered by the prices that were
 * known, also where those are newer than an answer that is too old. Where there is nothing to any of the questions, why.
 */
export async function replayed(
  { record, rebuild }: Past,
  questions: readonly Question[],
  at: number,
  use: KeyUse,
): Promise<Replayed | { readonly gap: Gap }> {
  const recorded = await record.at(
    questions.map(({ key }) => key),
    at,
  );
  const open = questions.filter(({ key }) => recorded.get(key)?.isOld ?? true);
  const rebuilt = open.length === 0 ? new Map<string, RebuiltAnswer | Gap>() : await rebuild(open, at, use);
  const then = new Map(questions.flatMap(({ key }) => thenOf(key, recorded.get(key), rebuilt.get(key))));
  const found = questions.flatMap((question): CacheLookup[] => {
    const answer = then.get(question.key);
    if (!answer) return [];
    const { status, body, fetchedAt, isOld } = answer;
    const cache = isOld ? 'STALE' : 'HIT';
    return [{ question, answer: { status, body, lifetime: used, fetchedAt }, cache, failed: null }];
  });
  if (found.length === 0 && questions.length > 0) {
    const [gap] = [...rebuilt.values()].filter((each) => typeof each === 'string');
    return { gap: gap ?? 'nothing' };
  }
  const sources = new Set([...then.values()].map(({ from }) => from));
  const named = (keep: (answer: Then | undefined) => boolean) =>
    questions.flatMap(({ key, symbol }) => (symbol !== null && keep(then.get(key)) ? [symbol] : []));
  const missing = [
    ...named((answer) => answer === undefined),
    ...[...then.values()].flatMap((answer) => answer.missing ?? []),
  ];
  const mixed = sources.size > 1 ? named((answer) => answer?.from === 'rebuilt') : [];
  return {
    found,
    headers: {
      [sourceHeader]: [...sources].sort().join(', ') || 'recorded',
      ...(mixed.length > 0 && { [rebuiltHeader]: mixed.slice(0, mostNamed).join(',') }),
      ...(missing.length > 0 && { [missingHeader]: missing.slice(0, mostNamed).join(',') }),
    },
  };
}

/** Which of two answers counts: one that was recorded, unless it is too old and another is made of newer prices, of all symbols. */
function thenOf(
  key: string,
  recorded: RecordedAnswer | undefined,
  rebuilt: RebuiltAnswer | Gap | undefined,
): [string, Then][] {
  const made = rebuilt === undefined || typeof rebuilt === 'string' ? null : rebuilt;
  const isWhole = made !== null && (made.missing ?? []).length === 0;
  if (recorded && !(recorded.isOld && isWhole && made.fetchedAt > recorded.to)) {
    const { status, body, from: fetchedAt, isOld } = recorded;
    return [[key, { from: 'recorded', status, body, fetchedAt, isOld }]];
  }
  return made ? [[key, { from: 'rebuilt', status: 200, ...made }]] : [];
}

/** Answers of an instant are looked up each time. */
const used = { fresh: 0, reuse: 0, keep: 0 };
const mostNamed = 100;

/** Where there is no answer of an instant. */
export function nothingThen(route: ProxyRoute, at: number, gap: Gap): YahooError {
  const instant = new Date(at).toISOString();
  return yahooError(route, 404, 'Not Found', `${reasons[gap]} as of ${instant}.`);
}

const reasons: Readonly<Record<Gap, string>> = {
  nothing: 'Quotron has no answer to this request, and nothing stored to make one of,',
  unknown_range: 'Quotron has no answer to this request, and does not know its range,',
  too_many: 'Quotron has no answer to this request, and more bars than it can give at once; ask for a shorter range',
  not_derivable:
    'Quotron has no answer to this request, and what was known of splits and dividends does not determine the adjusted prices',
};
