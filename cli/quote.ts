import { type Command, Option } from 'commander';
import * as z from 'zod';
import { chunked } from '../core/contracts/chunked.ts';
import { batchItemSchema, type QuoteBatchItem, type QuoteView } from '../core/contracts/http/market.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { instantOption } from './options.ts';
import { distance, safe, table, tinted } from './output.ts';
import { exitCodes } from './problems.ts';
import { howToAdd } from './symbols.ts';

interface Options extends Common {
  readonly source?: string;
  readonly knownAt?: string;
}

/** Symbols in one request: as many as the API takes. */
const atOnce = 500;

/** `quotron quote`: what symbols cost now. */
export function quoteCommand(): Command {
  return newCommand('quote', 'Prices of symbols: which source, how old, how sure', [
    'quote AAPL',
    "quote AAPL VOD.L BTC-USD '^GSPC'",
    'quote AAPL --source yahoo --json',
  ])
    .argument('<symbols...>', "canonical symbols, as Yahoo writes them: AAPL, VOD.L, BTC-USD, '^GSPC'")
    .option('--source <source>', 'the price of this source, instead of the chosen one')
    .addOption(new Option('--known-at <time>', 'as it was known at this time').argParser(instantOption))
    .action((symbols: string[], options: Options) =>
      carryOut(options, async ({ api, out }) => {
        const query = new URLSearchParams();
        if (options.source !== undefined) query.set('source', options.source);
        if (options.knownAt !== undefined) query.set('knownAt', options.knownAt);
        const items: QuoteBatchItem[] = [];
        for (const some of chunked([...new Set(symbols)], atOnce))
          items.push(
            ...(await api.request(
              'POST',
              `/quotes/batch${query.size > 0 ? `?${query}` : ''}`,
              z.array(batchItemSchema),
              {
                symbols: some,
              },
            )),
          );
        const quotes = items.flatMap(({ quote }) => quote ?? []);
        if (quotes.length > 0 || out.json) out.result(items, () => shown(quotes));
        for (const { symbol, error } of items) {
          if (error === null) continue;
          out.progress(`${safe(symbol)}: ${safe(error.detail)}`);
          if (error.code === 'unknown_symbol') out.progress(`  ${howToAdd(symbol)}`);
        }
        return codeOf(items);
      }),
    );
}

function codeOf(items: readonly QuoteBatchItem[]) {
  const codes = items.flatMap(({ error }) => error?.code ?? []);
  if (codes.length === 0) return exitCodes.ok;
  return codes.every((code) => code === 'unknown_symbol' || code === 'invalid_symbol')
    ? exitCodes.usage
    : exitCodes.failed;
}

function shown(quotes: readonly QuoteView[]): string {
  return table(
    ['symbol', 'price', '', 'change', 'session', 'age', 'source', '', 'name'],
    quotes.map((quote) => [
      safe(quote.instrument.symbol),
      String(quote.price),
      safe(quote.currency),
      change(quote.changeFraction),
      quote.session ?? '–',
      distance(quote.asOf),
      safe(quote.source),
      doubts(quote),
      safe(quote.instrument.name ?? ''),
    ]),
    40,
    ['price', 'change'],
  );
}

/** A fraction in percent, with its sign. */
function change(fraction: number | string | null): string {
  if (fraction === null) return '–';
  const value = Number(fraction);
  const text = `${value > 0 ? '+' : ''}${(value * 100).toFixed(2)} %`;
  return value === 0 ? text : tinted(value > 0 ? 'good' : 'bad', text);
}

function doubts({ stale, confidence, provisional }: QuoteView): string {
  const words = [...(stale ? ['stale'] : []), ...(provisional ? ['provisional'] : [])];
  if (confidence === 'disputed') words.push('disputed');
  return words.length === 0 ? '' : tinted('fair', words.join(', '));
}
