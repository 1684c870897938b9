import { type Context, createContext, Script } from 'node:vm';
import type { Failure } from '../contracts/failure.ts';
import type { Parsed, SourceParser, Subject } from './parser.ts';
import { failed } from './reading/json.ts';
import { plainText } from './reading/plain-text.ts';

/** A parser that takes longer does not come to an end: the largest good answer takes a hundredth of it. */
const parserMs = 5_000;

/** Runs the current work, with a time limit that also ends a loop or a regular expression. */
const script = new Script('work()');
let work: (() => void) | null = null;
let context: Context | null = null;
/** Whether the answers that are being read share a time limit. */
let shared = false;

/**
 * Reads an answer by code that should be total, and gives `otherwise` a failure where it is not: it threw, or did not
 * come to an end. So a fault in it costs the answer that it was met in, never the message or its neighbours.
 */
export function guardedRead<T>(read: () => T, otherwise: (failure: Failure) => T, withinMs = parserMs): T {
  try {
    return shared ? read() : withinTime(read, withinMs);
  } catch (error) {
    return otherwise(failureOf(error));
  }
}

/**
 * Reads several answers by guarded code. They share one time limit, since each limit takes a thread of its own; where they
 * exceed it, all are read once more, each with its own.
 */
export function guardedReads<T>(readAll: () => T, withinMs = parserMs): T {
  shared = true;
  try {
    return withinTime(readAll, withinMs);
  } catch (error) {
    if (!isTimeout(error)) throw error;
  } finally {
    shared = false;
  }
  return readAll();
}

function withinTime<T>(read: () => T, withinMs: number): T {
  let result: { readonly value: T } | null = null;
  const before = work;
  work = () => {
    result = { value: read() };
  };
  try {
    context ??= createContext({ work: () => work?.() });
    script.runInContext(context, { timeout: withinMs });
    return given<T>(result);
  } finally {
    work = before;
  }
}

/** TypeScript does not see that the script has set it. */
function given<T>(result: { readonly value: T } | null): T {
  if (result === null) throw new Error('Nothing was read.');
  return result.value;
}

function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}

function failureOf(error: unknown): Failure {
  if (isTimeout(error))
    return {
      reason: 'unexplained',
      detail: { code: 'parser_too_slow' },
      message: 'The answer could not be read in time. It is kept.',
    };
  // Only the kind of the error: its message may repeat the answer.
  const kind = error instanceof Error ? plainText(error.name, 40) : 'unknown';
  return {
    reason: 'unexplained',
    detail: { code: 'parser_failed' },
    message: `The parser failed on the answer (${kind}), which is a mistake in Quotron. The answer is kept.`,
  };
}

/** The parser as its callers get it: total, and with names that are safe to show. */
export function guardedParser(parser: SourceParser): SourceParser {
  return {
    version: parser.version,
    requests: (task) => parser.requests(task),
    parse: (kind, answer) => guardedRead(() => withPlainTexts(parser.parse(kind, answer)), failed),
    failureIn: (kind, answer) =>
      guardedRead(
        () => parser.failureIn(kind, answer),
        (failure) => failure,
      ),
  };
}

/** What people see of an answer: names of instruments, and what rejected rows are called. */
function withPlainTexts(parsed: Parsed): Parsed {
  return {
    ...parsed,
    quotes: parsed.quotes.map(withPlainName),
    bars: parsed.bars.map(withPlainName),
    ...(parsed.constituents && {
      constituents: parsed.constituents.map(({ index, members }) => ({
        index: plainlyNamed(index),
        members: members.map(withPlainName),
      })),
    }),
    rejections: parsed.rejections.map(({ symbol, path, ...rejection }) => ({
      ...rejection,
      symbol: symbol === null ? null : plainText(symbol, 64) || null,
      path: plainText(path),
    })),
  };
}

function withPlainName<Row extends { readonly subject: Subject }>(row: Row): Row {
  const subject = plainlyNamed(row.subject);
  return subject === row.subject ? row : { ...row, subject };
}

function plainlyNamed(subject: Subject): Subject {
  if (subject.name === null) return subject;
  const name = plainText(subject.name) || null;
  return name === subject.name ? subject : { ...subject, name };
}
