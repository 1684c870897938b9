/**
 * Random histories of what a source says of one share, and a simple model of what is known of it after each step: it keeps
 * what was said last, and reckons in doubles.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import * as z from 'zod';
import type { CorporateAction } from '../../core/market/bar.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import type { BatchHeader } from '../../core/ports/ingest-store.ts';
import type { Decision } from '../../core/prices/decision.ts';
import { chartAnswerSchema } from '../../core/sources/yahoo/schema.ts';
import { quoteRow } from './price-rows.ts';
import { header } from './quote-store-rows.ts';
import { dividendOn, opening, seriesOf, sessions, splitOn } from './sessions-of-november.ts';

const day = 86_400_000;
const price = fc.integer({ min: 900, max: 1_100 });
const place = fc.nat({ max: 14 });

/** What happens: places are counted back from today. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('tell' as const),
      /** Sessions that have passed. */
      ahead: fc.nat({ max: 3 }),
      /** How many are told, today included. */
      count: fc.integer({ min: 1, max: 15 }),
      close: price,
      split: fc.option(fc.constantFrom('2', '3', '1.5', '0.1'), { freq: 5 }),
      dividend: fc.option(fc.integer({ min: 1, max: 40 }), { freq: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('correct' as const), back: place, close: price }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('resplit' as const), ratio: fc.constantFrom('4', '5') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), back: place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('withdraw-action' as const), back: place }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('quote' as const), price, again: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hear' as const), price }) },
);
export type Step = typeof step extends fc.Arbitrary<infer Of> ? Of : never;

/** Some steps. */
export const histories = fc.array(step, { minLength: 5, maxLength: 12 });

interface KnownBar {
  readonly close: number;
  /** When it was read: the instant, and the day. */
  readonly readAt: number;
  readonly readOn: string;
}
interface KnownAction {
  readonly type: 'split' | 'dividend';
  readonly exDate: string;
  readonly value: number;
  readonly readAt: number;
  readonly readOn: string;
}

/** What was known does not determine what was asked for. */
class NotDetermined extends Error {}

/** What a source has said of a share until now, and what follows from it. */
export class History {
  readonly symbol: string;
  readonly #listing: KnownListing;
  /** Traded prices by day, and what is paid and split: what the source knows. */
  readonly #prices = new Map<string, number>();
  readonly #splits = new Map<string, string>();
  readonly #dividends = new Map<string, number>();
  #today = 2;
  #minutes = 0;
  /** What was said last. */
  readonly #bars = new Map<string, KnownBar>();
  readonly #stale = new Set<string>();
  readonly #actions = new Map<string, KnownAction>();
  readonly #quotes = new Map<number, number>();
  #heard: string | null = null;

  constructor(listing: KnownListing, symbol: string) {
    this.#listing = listing;
    this.symbol = symbol;
  }

  /** Does a step: what is to be stored of it, or what Yahoo answers to the proxy. */
  take(step: Step): { readonly batch: BatchHeader; readonly decision: Decision } | { readonly heard: string } {
    this.#minutes++;
    switch (step.kind) {
      case 'tell':
        return this.#tell(step);
      case 'correct': {
        const date = this.#dateBack(step.back);
        this.#prices.set(date, step.close / 10);
        return this.#answer([date], []);
      }
      case 'resplit': {
        const exDate = [...this.#splits.keys()].at(-1);
        if (exDate === undefined) return this.#answer([this.#dateBack(0)], []);
        this.#splits.set(exDate, step.ratio);
        return this.#answer(this.#toldFrom(exDate), [splitOn(exDate, step.ratio)]);
      }
      case 'withdraw': {
        const date = this.#dateBack(step.back);
        this.#bars.delete(date);
        this.#stale.delete(date);
        return this.#withdrawal(date, [opening(date)], []);
      }
      case 'withdraw-action': {
        const date = this.#dateBack(step.back);
        this.#splits.delete(date);
        this.#dividends.delete(date);
        const types = (['split', 'dividend'] as const).filter((type) => this.#actions.delete(`${type} ${date}`));
        return this.#withdrawal(
          date,
          [],
          types.map((type) => ({ type, exDate: date })),
        );
      }
      case 'quote': {
        const last = [...this.#quotes.keys()].at(-1);
        const asOf = step.again && last !== undefined ? last : this.#now();
        this.#quotes.set(asOf, step.price / 10);
        const row = quoteRow({
          listing: this.#listing,
          price: String(step.price / 10),
          asOf,
          fetchedAt: this.#now() + 5_000,
        });
        return { batch: header('yahoo', { kind: 'quotes' }), decision: decisionOf({ quotes: [row] }) };
      }
      case 'hear': {
        const result = [{ meta: { symbol: this.symbol }, indicators: { quote: [{ close: [step.price] }] } }];
        this.#heard = JSON.stringify({ chart: { result, error: null, minute: this.#minutes } });
        return { heard: this.#heard };
      }
    }
  }

  /** What is answered as of now: to a chart that Yahoo may have been asked for, to another, and to a quote. */
  expected(): readonly unknown[] {
    const chart = this.#chart();
    const quote = [...this.#quotes].at(-1)?.[1];
    return [
      this.#heard === null ? chart : { recorded: this.#heard },
      chart,
      quote === undefined ? { status: 404 } : { price: quote },
    ];
  }

  /** An answer, as `expected` has it. */
  readonly read = ({ status, text, source }: { status: number; text: string; source: string | null }): unknown => {
    if (status !== 200) return { status };
    if (source === 'recorded') return { recorded: text };
    const quote = quoteSchema.safeParse(JSON.parse(text));
    if (quote.success) return { price: quote.data.quoteResponse.result[0]?.regularMarketPrice };
    const chart = chartAnswerSchema.parse(JSON.parse(text)).chart.result?.[0];
    const closes = chart?.indicators.quote[0]?.close ?? [];
    const adjusted = chart?.indicators.adjclose?.[0]?.adjclose ?? [];
    return {
      bars: (chart?.timestamp ?? []).map((at, index) => [dateOf(at), closes[index], adjusted[index]]),
      dividends: Object.values(chart?.events?.dividends ?? {}).map(({ date, amount }) => [dateOf(date), amount]),
      splits: Object.values(chart?.events?.splits ?? {}).map((each) => [
        dateOf(each.date),
        each.numerator / each.denominator,
      ]),
      last: chart?.meta.regularMarketPrice,
    };
  };

  #now(): number {
    return Date.parse(`${sessions[this.#today]}T22:00:00Z`) + this.#minutes * 60_000;
  }

  #dateBack(back: number): string {
    return sessions[Math.max(0, this.#today - back)] ?? '';
  }

  #toldFrom(date: string): string[] {
    return sessions.filter((each) => each >= date && each <= this.#dateBack(0) && this.#prices.has(each));
  }

  #tell({ ahead, count, close, split, dividend }: Extract<Step, { kind: 'tell' }>) {
    this.#today = Math.min(sessions.length - 1, this.#today + ahead);
    const today = this.#dateBack(0);
    const dates = sessions.slice(Math.max(0, this.#today + 1 - count), this.#today + 1);
    for (const [index, date] of dates.entries())
      if (!this.#prices.has(date)) this.#prices.set(date, (close + index) / 10);
    if (ahead > 0 && split !== null) this.#splits.set(today, split);
    if (ahead > 0 && dividend !== null) this.#dividends.set(today, dividend / 100);
    const actions = dates.flatMap((date): CorporateAction[] => {
      const [ratio, paid] = [this.#splits.get(date), this.#dividends.get(date)];
      return [
        ...(ratio === undefined ? [] : [splitOn(date, ratio)]),
        ...(paid === undefined ? [] : [dividendOn(date, decimal(paid / this.#splitAfter(date)))]),
      ];
    });
    return this.#answer(dates, actions);
  }

  /** By how much what is of a day is divided, for the splits since. */
  #splitAfter(date: string): number {
    return [...this.#splits].reduce(
      (product, [exDate, ratio]) => (exDate > date ? product * Number(ratio) : product),
      1,
    );
  }

  /** An answer with these days, as a source with split-adjusted bars gives them. */
  #answer(dates: readonly string[], actions: readonly CorporateAction[]) {
    const fetchedAt = this.#now();
    const readOn = this.#dateBack(0);
    const closes = new Map(
      dates.flatMap((date) => {
        const traded = this.#prices.get(date);
        return traded === undefined ? [] : [[date, decimal(traded / this.#splitAfter(date))] as const];
      }),
    );
    for (const [date, text] of closes) {
      const close = Number(text);
      // The same again says nothing new, but of a bar whose basis was in doubt.
      if (this.#bars.get(date)?.close !== close || this.#stale.delete(date))
        this.#bars.set(date, { close, readAt: fetchedAt, readOn });
      this.#stale.delete(date);
    }
    for (const { type, exDate, ratio, amount } of closes.size === 0 ? [] : actions) {
      const value = Number(ratio ?? amount);
      const known = this.#actions.get(`${type} ${exDate}`);
      if (type !== 'capital_gain' && known?.value !== value)
        this.#actions.set(`${type} ${exDate}`, { type, exDate, value, readAt: fetchedAt, readOn });
    }
    if (closes.size > 0) this.#markStale();
    const series = seriesOf(this.#listing, closes, { fetchedAt, actions });
    return {
      batch: header('yahoo', { kind: 'bars' }),
      decision: decisionOf({ bars: closes.size === 0 ? [] : [series] }),
    };
  }

  /** Notes bars that were read before a split was told that may not be in them. */
  #markStale(): void {
    for (const [date, { readAt }] of this.#bars)
      for (const split of this.#all('split'))
        if (split.exDate > date && readAt < split.readAt && readAt < Date.parse(split.exDate) + 2 * day)
          this.#stale.add(date);
  }

  #withdrawal(
    date: string,
    bars: readonly number[],
    actions: readonly { type: 'split' | 'dividend'; exDate: string }[],
  ) {
    const span = { interval: '1d', from: opening(date), to: opening(date), firstDay: date, lastDay: date } as const;
    const answered = [{ ...span, listingId: this.#listing.id, fetchedAt: this.#now(), bars, actions }];
    return { batch: header('yahoo', { kind: 'bars' }), decision: decisionOf({ answered }) };
  }

  /** The chart of all that is known, in today's shares. */
  #chart(): unknown {
    const days = [...this.#bars.keys()].sort();
    const [first, last] = [days[0], days.at(-1)];
    if (first === undefined || last === undefined) return { status: 404 };
    try {
      const closeOf = (date: string) => {
        const bar = this.#bars.get(date);
        return bar ? bar.close / this.#open(date, bar) : Number.NaN;
      };
      const paid = this.#all('dividend').map((each) => ({
        ...each,
        value: each.value / this.#open(each.exDate, each),
      }));
      const factors = paid
        .filter(({ exDate }) => exDate > first && exDate <= last)
        .map(({ exDate, value }) => {
          const before = days.filter((date) => date < exDate).at(-1) ?? '';
          return { exDate, factor: 1 - value / closeOf(before) };
        });
      if (factors.some(({ factor }) => !(factor > 0))) throw new NotDetermined();
      const bars = days.map((date) => {
        const close = closeOf(date);
        const share = factors.reduce((product, each) => (each.exDate > date ? product * each.factor : product), 1);
        return [date, near(close), near(close * share)];
      });
      return {
        bars,
        dividends: paid.map(({ exDate, value }) => [exDate, near(value)]),
        splits: this.#all('split').map(({ exDate, value }) => [exDate, value]),
        last: near([...this.#quotes].at(-1)?.[1] ?? closeOf(last)),
      };
    } catch (error) {
      if (error instanceof NotDetermined) return { status: 404 };
      throw error;
    }
  }

  #all(type: KnownAction['type']): KnownAction[] {
    return [...this.#actions.values()]
      .filter((each) => each.type === type)
      .sort((a, b) => a.exDate.localeCompare(b.exDate));
  }

  /** The splits after a date that what was read has not in it. */
  #open(date: string, read: { readonly readAt: number; readonly readOn: string }): number {
    return this.#all('split').reduce((product, split) => {
      if (split.exDate <= date) return product;
      if (split.exDate > read.readOn) return product * split.value;
      if (split.readAt <= read.readAt || read.readAt >= Date.parse(split.exDate) + 2 * day) return product;
      throw new NotDetermined();
    }, 1);
  }
}

const quoteSchema = z.object({
  quoteResponse: z.object({ result: z.array(z.object({ regularMarketPrice: z.number() })) }),
});

function decisionOf(part: Partial<Decision>): Decision {
  return {
    quotes: [],
    bars: [],
    rejected: [],
    statistics: [],
    verdict: { status: 'succeeded', reason: null, detail: null, message: null },
    ...part,
  };
}

/** As a source prints it. */
function decimal(value: number): string {
  return String(Number(value.toFixed(6)));
}

/** Adjusted prices have ten digits. */
function near(value: number): unknown {
  return expect.closeTo(value, 4);
}

function dateOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
