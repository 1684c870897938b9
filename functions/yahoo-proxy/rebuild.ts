/*
 * Answers of an instant that nobody asked for then: made of the prices that Quotron had stored by it. Quotes, charts and lines
 * of several symbols (spark) only.
 */
import { type BarsAsOf, type BarsAsOfAnswer, mostQuotesAsOf } from '../../core/contracts/as-of.ts';
import { chunked } from '../../core/contracts/chunked.ts';
import type { Question } from '../../core/contracts/proxy.ts';
import type { KeyUse } from '../../core/contracts/words/licence.ts';
import { canonicalSymbol } from '../../core/market/symbol.ts';
import type { State } from '../../core/ports/state.ts';
import { lifetimeOf, phaseOf } from '../../core/proxy/lifetimes.ts';
import { chartRoute, quoteRoute, sparkRoutes } from '../../core/proxy/market-routes.ts';
import { type ChartAsked, chartAsked, rebuiltChart } from '../../core/proxy/rebuilt-chart.ts';
import { marketStateOf, rebuiltQuoteRow } from '../../core/proxy/rebuilt-quote.ts';
import { rebuiltSpark, rebuiltSparkOfCharts, type SparkLine, sparkAsked } from '../../core/proxy/rebuilt-spark.ts';
import type { ProxyRoute } from '../../core/proxy/route.ts';

/** Why there is no answer: nothing was stored, or what was asked for cannot be made of it. */
export type Gap = Exclude<BarsAsOfAnswer, { found: 'bars' }>['found'];

/** An answer that was made of what was stored. */
export interface RebuiltAnswer {
  readonly body: string;
  /** When the newest of what it is made of had been fetched. Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** Whether the proxy would not give an answer of that age any more. */
  readonly isOld: boolean;
  /** Of several symbols in one answer, those that nothing was stored of. */
  readonly missing?: readonly string[];
}

/** What was stored of one symbol, and whether the proxy would not give an answer of that age any more. */
interface Series {
  readonly symbol: string;
  readonly bars: BarsAsOf;
  readonly isOld: boolean;
}

/** Series that are looked up at once. */
const atOnce = 5;

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

  /** The bars that a question of a route asks for, of one symbol. */
  async function series(
    asked: ChartAsked,
    { route, question, symbol }: { readonly route: ProxyRoute; readonly question: Question; readonly symbol: string },
    at: number,
    use: KeyUse,
  ): Promise<Series | Gap> {
    const canonical = canonicalSymbol(symbol);
    if (canonical === null) return 'nothing';
    const { interval, span, totalReturn } = asked;
    const bars = await state.call({
      op: 'barsAsOf',
      ...{ symbol: canonical, interval, span, totalReturn, at: iso(at), use },
    });
    if (bars.found !== 'bars') return bars.found;
    const kind = route.kindOf(question.query, question.past);
    const { keep } = lifetimeOf(kind, bars.session?.isOpen ? 'open' : 'closed');
    return { symbol, bars, isOld: at > bars.fetchedAt + keep * 1000 };
  }

  async function chart(question: Question, asked: ChartAsked, at: number, use: KeyUse): Promise<RebuiltAnswer | Gap> {
    const found = await series(asked, { route: chartRoute, question, symbol: question.symbol ?? '' }, at, use);
    if (typeof found === 'string') return found;
    const { symbol, bars, isOld } = found;
    return { body: rebuiltChart(bars, asked, symbol, at), fetchedAt: bars.fetchedAt, isOld };
  }

  /** The lines of the symbols that something was stored of. Its oldest line says how old it is. */
  async function spark(
    question: Question,
    { route, asked }: { readonly route: ProxyRoute; readonly asked: ChartAsked },
    at: number,
    use: KeyUse,
  ): Promise<RebuiltAnswer | Gap> {
    const symbols = [...new Set((question.query['symbols'] ?? '').split(','))];
    const all: (Series | Gap)[] = [];
    for (const some of chunked(symbols, atOnce))
      all.push(...(await Promise.all(some.map((symbol) => series(asked, { route, question, symbol }, at, use)))));
    const lines = all.flatMap((each) => (typeof each === 'string' ? [] : [each]));
    const [gap] = all.flatMap((each) => (typeof each === 'string' ? [each] : []));
    if (lines.length === 0) return gap ?? 'nothing';
    const body = sparkBody(lines, route, asked, at);
    if (body.length > route.longest) return 'too_many';
    return {
      body,
      fetchedAt: Math.min(...lines.map(({ bars }) => bars.fetchedAt)),
      isOld: lines.some(({ isOld }) => isOld),
      missing: symbols.filter((symbol) => !lines.some((line) => line.symbol === symbol)),
    };
  }

  return async (questions, at, use) => {
    const found = new Map<string, RebuiltAnswer | Gap>();
    const ofQuotes = questions.filter(({ route }) => route === quoteRoute.name);
    if (ofQuotes.length > 0) for (const [key, answer] of await quotes(ofQuotes, at, use)) found.set(key, answer);
    for (const question of questions) {
      const route = Object.values(sparkRoutes).find(({ name }) => name === question.route);
      const asked = route ? sparkAsked(question.query) : chartAsked(question.query);
      if (asked === null) continue;
      if (route) found.set(question.key, await spark(question, { route, asked }, at, use));
      else if (question.route === chartRoute.name) found.set(question.key, await chart(question, asked, at, use));
    }
    return found;
  };
}

function sparkBody(lines: readonly SparkLine[], route: ProxyRoute, asked: ChartAsked, at: number): string {
  return route === sparkRoutes.lines ? rebuiltSpark(lines, at) : rebuiltSparkOfCharts(lines, asked, at);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
