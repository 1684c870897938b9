import type { AnswerShape } from './answer-shapes.ts';
import type { AnswerKind } from './lifetimes.ts';
import { locale, type Parameters } from './parameters.ts';
import type { ErrorForm } from './yahoo-error.ts';

/** A route of Yahoo's, and what the proxy has to know of it. */
export interface ProxyRoute extends ErrorForm {
  /** The label of its metrics, and the start of the keys of its answers. */
  readonly name: string;
  /** What its answers hold, in words of the documentation. */
  readonly holds: string;
  readonly method: 'GET' | 'POST';
  /** Paths with placeholders: the one that Yahoo is asked, then other names of it. */
  readonly paths: readonly [string, ...string[]];
  /** Where it is; `null` where most are, at the first address of the source. */
  readonly origin: string | null;
  readonly parameters: Parameters;
  /** From `period1` to `period2`: an end that is "now" is a new number each second, and one answer. */
  readonly spansTime: boolean;
  /**
   * What a POST may send: names at the top of a JSON object, and the most bytes. `symbols` are those that the answer is
   * confined to; none where a body may ask for any.
   */
  readonly body: {
    readonly names: readonly string[];
    readonly most: number;
    readonly symbols: (body: unknown) => readonly string[];
  } | null;
  /** Answered to a session with its crumb only. */
  readonly needsSession: boolean;
  /** Which lifetime its answers have. `past`: the time that was asked for ended more than a day ago. */
  readonly kindOf: (query: Readonly<Record<string, string>>, past: boolean) => AnswerKind;
  /** What an answer must be like to be kept. A page must have this text. */
  readonly answer: { readonly json: AnswerShape } | { readonly page: string };
  /** Longest answer, in characters. */
  readonly longest: number;
}

/** A row of the table: what it leaves out is as with most routes. */
type Row = Pick<ProxyRoute, 'name' | 'holds' | 'paths' | 'root' | 'answer'> &
  Partial<ProxyRoute> & { readonly kind?: AnswerKind };

/** The site itself, beside the interface that most routes are of. */
export const site = 'https://finance.yahoo.com';
export const megabyte = 1_000_000;

/** A route from its row. */
export function row({ kind = 'list', ...more }: Row): ProxyRoute {
  return {
    method: 'GET',
    origin: null,
    parameters: locale,
    spansTime: false,
    body: null,
    needsSession: false,
    kindOf: () => kind,
    longest: megabyte,
    unknown: 'No data found',
    ...more,
  };
}
