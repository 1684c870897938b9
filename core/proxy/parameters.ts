import { isSymbol } from '../market/symbol.ts';

/**
 * A parameter of a route that changes the answer. All others are dropped and never reach Yahoo, above all a client's
 * crumb, which belongs to another session.
 */
export interface Parameter {
  /** The value as it is sent, or `null` for one that is not valid. */
  readonly read: (text: string) => string | null;
  /** The value as it stands in the key, where the order of a list or the letters of a word do not change the answer. */
  readonly keyed?: (value: string) => string;
  /** What Yahoo does without it: dropped, so that requests with and without it share one answer. */
  readonly usual?: string;
  /** Some clients repeat it, others write a list. */
  readonly isList?: true;
  readonly isRequired?: true;
}

export type Parameters = Readonly<Record<string, Parameter>>;

const matching =
  (pattern: RegExp) =>
  (text: string): string | null =>
    pattern.test(text) ? text : null;

/** A short word: `1mo`, `day_gainers`. */
export const word: Parameter = { read: matching(/^[A-Za-z0-9_.-]{1,60}$/) };
const flags: ReadonlyMap<string, string> = new Map([
  ['true', 'true'],
  ['1', 'true'],
  ['false', 'false'],
  ['0', 'false'],
]);
/** `true` or `false`, spelled in any letters: Python writes `True`. Some clients have numbers for it. */
export const flag: Parameter = {
  read: (text) => flags.get(text.toLowerCase()) ?? null,
};
export const count: Parameter = { read: matching(/^-?\d{1,6}$/) };
/** Seconds since the epoch, of which some clients send parts. */
export const instant: Parameter = { read: matching(/^-?\d{1,12}(\.\d{1,9})?$/) };
export const decimal: Parameter = { read: matching(/^\d{1,9}(\.\d{1,4})?$/) };
/** What a person typed: any characters but control characters. */
export const text: Parameter = { read: matching(/^[^\p{Cc}]{1,300}$/u) };

/** Longest list of words: yahoo-finance2 asks for every type of financial statements in one, in 17,000 characters. */
const mostOfList = 20_000;

/** Words in any order. Sent as they came, without doubles. */
export const words: Parameter = { ...listOf(/^[A-Za-z0-9_.:-]{1,120}$/, mostOfList), keyed: sorted };

/** The words of a list, which clients separate by commas or bars, each once. */
export function listed(given: string): string[] {
  return [...new Set(given.split(/[|,]/).flatMap((each) => each.trim() || []))];
}

/** Events of a chart. Sent as they came. */
export const events: Parameter = {
  read: matching(/^(?: ?[A-Za-z]{0,30}[|,]){0,20} ?[A-Za-z]{0,30}$/),
  keyed: (given) => listed(given).sort().join('|'),
};

/** One symbol, as Yahoo writes it. */
export const symbol: Parameter = { read: yahooSymbol };

/** Up to so many symbols, in the order of the client. */
export function symbols(most: number): Parameter {
  return {
    isList: true,
    read: (given) => {
      const names = given.split(',').filter((each) => each.trim() !== '');
      const read = names.flatMap((each) => yahooSymbol(each) ?? []);
      return read.length === names.length && read.length > 0 && read.length <= most
        ? [...new Set(read)].join(',')
        : null;
    },
  };
}

/** A parameter without which Yahoo does not answer. */
export function required(parameter: Parameter): Parameter {
  return { ...parameter, isRequired: true };
}

/** A parameter with the value that Yahoo takes when it is not given. */
export function usually(parameter: Parameter, usual: string): Parameter {
  return { ...parameter, usual };
}

/** Language and region, which every route takes. */
export const locale: Parameters = {
  lang: { read: matching(/^[A-Za-z]{2}(-[A-Za-z]{2,4})*$/), usual: 'en-US' },
  region: { read: matching(/^[A-Za-z]{2}$/), usual: 'US' },
};

function listOf(each: RegExp, most: number): Parameter {
  return {
    isList: true,
    read: (given) => {
      if (given.length > most) return null;
      const names = listed(given);
      return names.length > 0 && names.every((name) => each.test(name)) ? names.join(',') : null;
    },
  };
}

function sorted(list: string): string {
  return list.split(',').sort().join(',');
}

/**
 * The symbol as Yahoo writes it, or `null` for an invalid one.
 *
 * @example
 * yahooSymbol(' aapl ') // 'AAPL'
 * yahooSymbol('../etc') // null
 */
export function yahooSymbol(given: string): string | null {
  const name = given.trim().toUpperCase();
  return isSymbol(name) ? name : null;
}

/** What may stand in a path, by the name of its placeholder. Gives it as it is sent, or `null`. */
export const placeholders: ReadonlyMap<string, (given: string) => string | null> = new Map(
  Object.entries<(given: string) => string | null>({
    symbol: yahooSymbol,
    symbols: symbols(50).read,
    region: (given) => (/^[A-Za-z]{2,10}$/.test(given) ? given.toUpperCase() : null),
    key: (given) => (/^[A-Za-z0-9-]{1,80}$/.test(given) ? given.toLowerCase() : null),
  }),
);
