import { type Command, Option } from 'commander';
import { type BarsView, type BarView, barsSchema } from '../core/contracts/http/market.ts';
import { barBases, barIntervals } from '../core/market/bar.ts';
import type { Api } from './api.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { instantOption, numberOption, pastOption } from './options.ts';
import { safe, table } from './output.ts';
import { CommandError, exitCodes, usageError } from './problems.ts';
import { howToAdd, quoted } from './symbols.ts';

interface Options extends Common {
  readonly from?: string;
  readonly to?: string;
  readonly range?: string;
  readonly interval: string;
  readonly adjustment: string;
  readonly source?: string;
  readonly knownAt?: string;
  readonly csv?: boolean;
  readonly limit?: number;
}

/** Bars in one request: as many as the API gives at once. */
const pageSize = 10_000;
/** Bars that people see unless they ask for more: the newest. */
const shownBars = 30;

/** `quotron bars`: open, high, low, close and volume. */
export function barsCommand(): Command {
  return newCommand('bars', 'Open, high, low, close and volume of a symbol over time', [
    'bars AAPL',
    'bars AAPL --from 2024-01-01 --to 2025-01-01 --adjustment splits_and_dividends --csv > aapl.csv',
    'bars BTC-USD --range 2d --interval 1h --json',
  ])
    .argument('<symbol>', 'a canonical symbol, as Yahoo writes it')
    .addOption(new Option('--from <time>', 'the first bar, inclusive: a date or time').argParser(instantOption))
    .addOption(new Option('--to <time>', 'the end, exclusive: a date or time').argParser(instantOption))
    .addOption(
      new Option('--range <duration>', 'the last so many minutes, hours or days: 30m, 12h, 90d')
        .argParser(pastOption)
        .conflicts('from'),
    )
    .addOption(new Option('--interval <interval>', 'length of a bar').choices(barIntervals).default('1d'))
    .addOption(
      new Option('--adjustment <adjustment>', 'none: as the source gives them')
        .choices(['none', ...barBases])
        .default('none'),
    )
    .option('--source <source>', 'bars of this source')
    .addOption(new Option('--known-at <time>', 'as they were known at this time').argParser(instantOption))
    .addOption(new Option('--csv', 'print CSV').conflicts('json'))
    .addOption(
      new Option('--limit <bars>', `the newest so many (default: ${shownBars} at a terminal, else all)`).argParser(
        numberOption(1_000_000),
      ),
    )
    .action((symbol: string, options: Options) =>
      carryOut(options, async ({ api, out }) => {
        if (options.from !== undefined && options.to !== undefined && options.from >= options.to)
          throw usageError('--from must be before --to.');
        const { json = false, csv = false } = options;
        const limit = options.limit ?? (json || csv || !process.stdout.isTTY ? Number.POSITIVE_INFINITY : shownBars);
        const found = await read(api, symbol, options, limit).catch((error: unknown) => {
          if (error instanceof CommandError && error.code === 'unknown_symbol') out.progress(howToAdd(symbol));
          if (error instanceof CommandError && error.code === 'no_bars')
            out.progress(
              `To load them: quotron backfill create ${options.source === undefined ? '<source>' : quoted(options.source)} ${quoted(symbol)} --from <date> --interval ${options.interval}`,
            );
          throw error;
        });
        const { series, more } = found;
        if (csv) process.stdout.write(csvOf(series));
        else out.result(series, () => shown(series));
        if (more) out.progress('There are older ones: --limit, or --from and --to.');
        return exitCodes.ok;
      }),
    );
}

/** Pages from the newest back, so that a limit cuts at the old end. Gives them oldest first. */
async function read(
  api: Api,
  symbol: string,
  options: Options,
  limit: number,
): Promise<{ series: BarsView; more: boolean }> {
  const query = {
    interval: options.interval,
    adjustment: options.adjustment,
    from: options.range ?? options.from,
    to: options.to,
    source: options.source,
    knownAt: options.knownAt,
    order: 'desc',
  };
  const bars: BarView[] = [];
  let series: BarsView | undefined;
  const actions: BarsView['actions'] = [];
  let more = false;
  for await (const page of api.pages(`/bars/${encodeURIComponent(symbol)}`, query, barsSchema, () =>
    Math.min(pageSize, limit - bars.length),
  )) {
    series ??= page.data;
    bars.push(...page.data.bars);
    actions.unshift(...page.data.actions);
    more = page.more;
    if (bars.length >= limit) break;
  }
  if (!series) throw new CommandError(`There are no bars of ${safe(symbol)}.`);
  return { series: { ...series, bars: bars.reverse(), actions }, more };
}

function shown({ instrument, interval, basis, adjustment, source, currency, bars }: BarsView): string {
  const prices = adjustment === 'none' ? `as the source gives them (${basis})` : `adjusted: ${adjustment}`;
  return [
    `${safe(instrument.symbol)} ${safe(instrument.name ?? '')} ${interval} bars of ${safe(source)} in ${safe(currency)}, ${prices}`,
    table(
      [timeOf(bars), 'open', 'high', 'low', 'close', 'volume', ''],
      bars.map((bar) => [
        bar.date ?? bar.startsAt.slice(0, 16).replace('T', ' '),
        ...[bar.open, bar.high, bar.low, bar.close, bar.volume].map((value) => (value === null ? '–' : String(value))),
        [...(bar.final ? [] : ['not final']), ...(bar.findings.length > 0 ? ['doubtful'] : [])].join(', '),
      ]),
      40,
      ['open', 'high', 'low', 'close', 'volume'],
    ),
  ].join('\n');
}

function timeOf(bars: readonly BarView[]): string {
  return bars[0]?.date === null ? 'starts (UTC)' : 'date';
}

/** CSV with a line for each bar. What came from a source stands in no cell that a spreadsheet takes for a formula. */
function csvOf({ instrument, source, currency, adjustment, basis, bars }: BarsView): string {
  const head = 'symbol,startsAt,date,open,high,low,close,volume,currency,source,adjustment,final,basis';
  const symbol = csvCell(instrument.symbol);
  const lines = bars.map((bar) =>
    [
      symbol,
      bar.startsAt,
      bar.date ?? '',
      ...[bar.open, bar.high, bar.low, bar.close, bar.volume].map((value) => (value === null ? '' : String(value))),
      csvCell(currency),
      csvCell(source),
      adjustment,
      String(bar.final),
      basis,
    ].join(','),
  );
  return `${[head, ...lines].join('\r\n')}\r\n`;
}

function csvCell(text: string): string {
  const told = /^[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(told) ? `"${told.replaceAll('"', '""')}"` : told;
}
