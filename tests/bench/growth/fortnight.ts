/**
 * `npm run bench:fortnight`: ten sessions of New York over three changes of the month, played with a clock by the service's own
 * planner, scraper, `ingest`, monitor, relay, housekeeping and archive; then the bytes of each table, for 5,000 symbols.
 *
 *   npm run bench:fortnight -- [--symbols 200] [--minutes <of each session>] [--page]
 *
 * 200 symbols are one task, so that everything grows with them: 5,000 are 25 times as much. Fewer symbols and minutes show only
 * that nothing is lost: each table has pages that are hardly used, and the bars of a session count for few minutes. Without
 * `--minutes`, sessions are played as a whole, which takes half an hour. `--page` writes what was found to docs/cost.md. Ends with exit code 1 where something
 * that was stored is not found, or 5,000 symbols take more than 30 GB.
 */
import { parseArgs } from 'node:util';
import { setQuotas } from '../../../core/sources/catalogue.ts';
import { chosenSeed } from '../../support/chosen-seed.ts';
import { type PlayedMonths, playMonths } from '../../support/played-months.ts';
import { randomFrom } from '../../support/random.ts';
import { openWorld } from '../../support/world.ts';
import { writeToCostPage } from './cost-page.ts';
import { hotDays } from './stored-bytes.ts';

const { values } = parseArgs({
  options: {
    symbols: { type: 'string', default: '200' },
    minutes: { type: 'string' },
    page: { type: 'boolean', default: false },
  },
});
const symbols = Number(values.symbols);
const days = [
  ...['2026-07-30', '2026-07-31', '2026-08-28', '2026-08-31', '2026-09-01'],
  ...['2026-09-30', '2026-10-01', '2026-10-30', '2026-11-02', '2026-11-12'],
];
const until = '2026-11-16';
const hotMonths = ['2026-10', '2026-11'];
const runsFrom = '2026-08-18';
const wholeTask = 200;
const mostGb = 30;

setQuotas(new Map([['yahoo', { perMinute: 200, perDay: 300_000 }]]));
const world = await openWorld({ now: new Date('2026-07-29T00:00:00Z'), connections: 6 });
let isFine = false;
try {
  const played = await playMonths(world, {
    ...{ symbols, days, until, rowsOfFile: 100_000, instants: 100, log: console.log },
    ...(values.minutes !== undefined && { minutes: Number(values.minutes) }),
    random: randomFrom(chosenSeed('fortnight')),
  });
  const lost = [...played.stored].filter(([key, sum]) => played.found.get(key) !== sum);
  const forgotten = played.instants.filter(({ before, after }) => before !== after);
  console.log(`\n${played.rows} quotes; the archive was killed at ${[...played.killedAt].join(', ')}.`);
  // With fewer symbols, most of a table is pages that are hardly used.
  const measured = symbols === wholeTask && values.minutes === undefined ? linesOf(played) : null;
  if (measured) console.log(`\n${measured.lines.join('\n')}`);
  if (lost.length > 0) console.log(`Not as they were stored: ${lost.map(([key]) => key).join(', ')}`);
  if (forgotten.length > 0) console.log(`Not as they were known: ${forgotten.map(({ at }) => at).join(', ')}`);
  const isWhole = lost.length === 0 && forgotten.length === 0 && played.found.size === played.stored.size;
  if (values.page && measured && isWhole) writeToCostPage('played', measured.lines);
  isFine = isWhole && (measured === null || measured.gb <= mostGb);
} finally {
  setQuotas(new Map());
  await world.stop();
}
process.exit(isFine ? 0 : 1);

/** What 5,000 symbols take in the database at most, by table. */
function linesOf(played: PlayedMonths): { lines: string[]; gb: number } {
  const times = 5_000 / symbols;
  const usMinutes = 425;
  const usShare = 252 / 365;
  const minutesIn = (isIn: (date: string) => boolean) =>
    [...played.minutes].reduce((sum, [date, minutes]) => sum + (isIn(date) ? minutes : 0), 0);
  // By the quotes and not the minutes, as if each minute had another price.
  const hotQuotes = [...played.stored].reduce(
    (sum, [key, digest]) => sum + (hotMonths.some((month) => key.endsWith(month)) ? Number.parseInt(digest, 10) : 0),
    0,
  );
  const windows = new Map([
    ['quote', { days: (minutes: number) => hotDays(5_000 * minutes), played: hotQuotes / symbols }],
    ...['run', 'task', 'task_attempt', 'batch', 'batch_statistics'].map(
      (name) => [name, { days: () => 90, played: minutesIn((date) => date >= runsFrom) }] as const,
    ),
  ]);
  // Those of a month that waits to be dropped are in the days of quotes.
  const tables = [...played.most].filter(([name]) => name !== 'former months');
  const rows = tables.map(([name, most]) => {
    const window = windows.get(name);
    const atLast = played.atLast.get(name) ?? 0;
    const bytesFor = (minutes: number) =>
      window ? ((times * atLast) / window.played) * minutes * window.days(minutes) : times * most;
    return { name, us: bytesFor(usMinutes * usShare), always: bytesFor(1_440) };
  });
  const gb = (bytes: number) => (bytes / 1e9).toFixed(1);
  const sum = (of: 'us' | 'always') => rows.reduce((total, row) => total + row[of], 0);
  const large = rows.filter(({ us }) => us >= 50_000_000).toSorted((a, b) => b.us - a.us);
  const others = (of: 'us' | 'always') => sum(of) - large.reduce((total, row) => total + row[of], 0);
  const minutes = minutesIn(() => true);
  return {
    gb: sum('us') / 1e9,
    lines: [
      `Played: ${symbols} symbols in ${days.length} sessions, ${minutes.toLocaleString('en')} minutes and ${played.rows.toLocaleString('en')} quotes, over four changes of the month. By`,
      'table with its indexes, as many times that, for the days that rows stay:',
      '',
      '| 5,000 symbols, each minute | US sessions, GB | round the clock, GB |',
      '| --- | --- | --- |',
      ...large.map(({ name, us, always }) => `| \`${name}\` | ${gb(us)} | ${gb(always)} |`),
      `| others | ${gb(others('us'))} | ${gb(others('always'))} |`,
      `| **in the database at most** | **${gb(sum('us'))}** | **${gb(sum('always'))}** |`,
      '',
      'Nothing of what was stored was lost on the way to the archive, by count and checksum, and what was known at',
      `${played.instants.length} instants was the same before and afterwards. The archive was killed at ${played.killedAt.size} of its steps.`,
    ],
  };
}
