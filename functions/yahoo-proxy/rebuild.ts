/*
 * Answers of an instant that nobody asked for then: made of the prices that Quotron had stored by it. Quotes and charts only.
 */
import { type BarsAsOfAnswer, mostQuotesAsOf } from '../../core/contracts/as-of.ts';
import { chunked } from '../../core/contracts/chunked.ts';
import type { Question } from '../../core/contracts/proxy.ts';
import type { KeyUse } from '../../core/contracts/words/licence.ts';
import { canonicalSymbol } from '../../core/market/symbol.ts';
import type { State } from '../../core/ports/state.ts';
import { lifetimeOf, phaseOf } from '../../core/proxy/lifetimes.ts';
import { chartRoute, quoteRoute } from '../../core/proxy/market-routes.ts';
import { type ChartAsked, chartAsked, rebuiltChart } from '../../core/proxy/rebuilt-chart.ts';
import { marketStateOf, rebuiltQuoteRow } from '../../core/proxy/rebuilt-quote.ts';

/** Why there is no answer: nothing was stored, or what was asked for cannot be made of it. */
export type Gap = Exclude<BarsAsOfAnswer, { found: 'bars' }>['found'];

/** An answer that was made of what was stored. */
export interface RebuiltAnswer {
  readonly body: string;
  /** When the newest of what it is made of had been fetched. Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** Whether the proxy would not give an answer of that age any more. */
  readonly isOld: boolean;
}

/** Rebuilds answers to questions as of an instant, by key, for a key of a use. */
export type Rebuild = (
  questions: readonly Question[],
  at: number,
  use: KeyUse,
) => Promise<ReadonlyMap<string, RebuiltAnswer | Gap>>;

export function rebuilder(state: State): Rebuild {
  async function quotes(questions: readonly Question[], at: number, use: KeyUse) {
    const asked = questions.flatMap((question) => {
      const canonical = canonicalSymbol(question.symbol ?? '');
      return canonical === null ? [] : [{ question, canonical }];
    });
    const found = new Map<string, RebuiltAnswer>();
    for (const some of chunked([...new Set(asked.map(({ canonical }) => canonical))], mostQuotesAsOf)) {
      const answer = await state.call({ op: 'quotesAsOf', symbols: some, at: iso(at), use });
      const bySymbol = new Map(answer.quotes.map((quote) => [quote.instrument.symbol, quote]));
      for (const { question, canonical } of asked) {
        const quote = bySymbol.get(canonical);
        if (!quote) continue;
        const form = { symbol: question.symbol ?? canonical, formatted: question.query['formatted'] === 'true', at };
        const { keep } = lifetimeOf('quote', phaseOf(marketStateOf(quote)));
        const { fetchedAt } = quote;
        const isOld = at > fetchedAt + keep * 1000;
        found.set(question.key, { body: rebuiltQuoteRow(quote, form), fetchedAt, isOld });
      }
    }
    return found;
  }

  async function chart(question: Question, asked: ChartAsked, at: number, use: KeyUse): Promise<RebuiltAnswer | Gap> {
    const symbol = canonicalSymbol(question.symbol ?? '');
    if (symbol === null) return 'nothing';
    const { interval, span, totalReturn } = asked;
    const bars = await state.call({ op: 'barsAsOf', symbol, interval, span, totalReturn, at: iso(at), use });
    if (bars.found !== 'bars') return bars.found;
    const kind = chartRoute.kindOf(question.query, question.past);
    const { keep } = lifetimeOf(kind, bars.session?.isOpen ? 'open' : 'closed');
    const { fetchedAt } = bars;
    const isOld = at > fetchedAt + keep * 1000;
    return { body: rebuiltChart(bars, asked, question.symbol ?? symbol, at), fetchedAt, isOld };
  }

  return async (questions, at, use) => {
    const found = new Map<string, RebuiltAnswer | Gap>();
    const ofQuotes = questions.filter(({ route }) => route === quoteRoute.name);
    if (ofQuotes.length > 0) for (const [key, answer] of await quotes(ofQuotes, at, use)) found.set(key, answer);
    for (const question of questions) {
      if (question.route !== chartRoute.name) continue;
      const asked = chartAsked(question.query);
      if (asked) found.set(question.key, await chart(question, asked, at, use));
    }
    return found;
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
