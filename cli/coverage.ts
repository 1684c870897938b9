import { type Command, Option } from 'commander';
import { type CoverageView, coverageSchema, seriesWithin } from '../core/contracts/http/coverage.ts';
import { coverageStates } from '../core/contracts/words/coverage.ts';
import { type BarInterval, barIntervals } from '../core/market/bar.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { monthsOf, pictureOf } from './coverage-picture.ts';
import { dateOption, numberOption } from './options.ts';
import { count, safe, table } from './output.ts';
import { exitCodes } from './problems.ts';

interface Options extends Common {
  readonly source?: string;
  readonly interval: BarInterval;
  readonly from?: string;
  readonly to?: string;
  readonly state?: string;
  readonly limit: number;
}

const dayMs = 86_400_000;

/** `quotron coverage`: which sessions have bars, and why others have none. */
export function coverageCommand(): Command {
  return newCommand('coverage', 'Which sessions have bars, and why others have none', [
    'coverage',
    'coverage AAPL --from 2024-01-01',
    'coverage --state missing --json',
  ])
    .argument('[symbol]', 'a picture of one symbol: a character for each day')
    .option('--source <source>', 'bars of one source')
    .addOption(new Option('--interval <interval>', 'length of a bar').choices(barIntervals).default('1d'))
    .addOption(new Option('--from <date>', 'the first day (default: a year ago)').argParser(dateOption))
    .addOption(new Option('--to <date>', 'the last day (default: today)').argParser(dateOption))
    .addOption(new Option('--state <state>', 'what is of one state').choices(coverageStates))
    .addOption(
      new Option('--limit <series>', 'how many listings and sources').argParser(numberOption(10_000)).default(50),
    )
    .action((symbol: string | undefined, options: Options) =>
      carryOut(options, async ({ api, out }) => {
        const { source, interval, from, to, state, limit } = options;
        const query = { symbol, source, interval, from, to, state };
        const rows = await api.list('/coverage', query, coverageSchema, limit, pageSize(options));
        out.result(rows, () => {
          if (rows.length === 0) return 'There are no such bars.';
          return symbol === undefined ? summary(rows) : rows.map(picture).join('\n\n');
        });
        return exitCodes.ok;
      }),
    );
}

function pageSize({ interval, from, to }: Options): number {
  if (from === undefined) return seriesWithin(interval, 366);
  const last = to === undefined ? Date.now() : Date.parse(to);
  return seriesWithin(interval, Math.max(1, Math.floor((last - Date.parse(from)) / dayMs) + 2));
}

function summary(rows: readonly CoverageView[]): string {
  return table(
    ['symbol', 'source', 'from', 'sessions', 'present', 'missing', 'why', 'doubtful', 'months'],
    rows.map((row) => [
      safe(row.instrument.symbol),
      row.source,
      row.from,
      String(row.sessions),
      String(row.present),
      String(row.missing),
      reasonsOf(row),
      String(row.doubtful),
      monthsOf(row),
    ]),
    60,
  );
}

function picture(row: CoverageView): string {
  const { instrument, source, interval, from, to, sessions, present, missing, rangesLeftOut } = row;
  const head = `${safe(instrument.symbol)} ${source} ${interval}, ${from} to ${to}: ${sessions} sessions, ${present} present, ${missing} missing${missing > 0 ? ` (${reasonsOf(row)})` : ''}`;
  const left =
    rangesLeftOut > 0 ? [`${count(rangesLeftOut, 'range')} before ${row.ranges[0]?.from} are not shown.`] : [];
  const isLong = interval === '1wk' || interval === '1mo';
  const body = isLong
    ? table(
        ['from', 'to', 'state', 'reason', interval === '1wk' ? 'weeks' : 'months'],
        row.ranges.map((range) => [range.from, range.to, range.state, range.reason ?? '–', String(range.sessions)]),
      )
    : pictureOf(row);
  return [head, body, ...left].join('\n');
}

function reasonsOf({ reasons }: CoverageView): string {
  return reasons
    .filter(({ state }) => state === 'missing')
    .map(({ reason, sessions }) => `${sessions} ${reason}`)
    .join(', ');
}
