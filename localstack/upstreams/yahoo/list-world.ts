/** What the simulated routes about the market as a whole have in common. */
import { type Answer, json, type Request } from '../answer.ts';
import type { SimMarket } from './market.ts';
import type { SimInstrument } from './universe.ts';

/** What these routes need of the simulated Yahoo. */
export interface ListWorld {
  readonly market: SimMarket;
  readonly now: () => number;
  readonly find: (symbol: string) => SimInstrument | undefined;
  /** The instruments that lists are made of. */
  readonly all: readonly SimInstrument[];
  readonly quote: (instrument: SimInstrument) => Record<string, unknown>;
}

/** The answer of a route. `inPath` is what stands at the end of its path. */
export type Handler = (request: Request, inPath: string, world: ListWorld) => Answer;

/** `{root: {result, error: null}}`. */
export const result = (root: string, list: unknown) => json(200, { [root]: { result: list, error: null } });
/** `{root: {result: null, error}}`. */
export const failed = (root: string, status: number, code: string, description: string) =>
  json(status, { [root]: { result: null, error: { code, description } } });
export const symbolsIn = (text: string | null) => (text ?? '').split(',').filter(Boolean);
/** The instruments of a list of symbols that are known. */
export const known = (world: ListWorld, text: string | null) =>
  symbolsIn(text).flatMap((symbol) => world.find(symbol) ?? []);
