/** Coverage as characters: a line a month with one for each day, or one for each month. */
import type { CoverageView } from '../core/contracts/http/coverage.ts';
import type { MissingReason, NoSessionReason } from '../core/contracts/words/coverage.ts';
import { calendarFor, tradesOn } from '../core/market/calendar.ts';
import { tinted } from './output.ts';

type Mark = 'present' | MissingReason | NoSessionReason;

const marks: Readonly<Record<Mark, string>> = {
  present: '■',
  not_collected: 'c',
  not_yet_due: '…',
  source_failed: 'f',
  held_back: 'h',
  quota: 'q',
  withdrawn: 'w',
  not_traded: '-',
  unexplained: '?',
  closed: ' ',
  before_first: '·',
  after_last: '·',
  calendar_unknown: ' ',
};

/** The days from the first to the last one as lines of a month each, and what the characters mean. */
export function pictureOf(row: CoverageView): string {
  const months = Map.groupBy(marksOf(row), ([day]) => day.slice(0, 7));
  const lines = [...months].map(([month, days]) => {
    const before = ' '.repeat(Number(days[0]?.[0].slice(8)) - 1);
    return `${tinted('dim', month)}  ${before}${days.map(([, mark]) => shown(mark)).join('')}`.trimEnd();
  });
  const used = new Set([...months.values()].flat().map(([, mark]) => mark));
  const legend = [...used].filter((mark) => marks[mark] !== ' ').map((mark) => `${shown(mark)} ${mark}`);
  return [...lines, tinted('dim', legend.join('   '))].join('\n');
}

/** A character a month: `■` all there, `▪` some missing, `□` all missing, `·` no session. */
export function monthsOf(row: CoverageView): string {
  const months = Map.groupBy(marksOf(row), ([day]) => day.slice(0, 7));
  return [...months.values()]
    .map((days) => {
      const present = days.filter(([, mark]) => mark === 'present').length;
      const missing = days.filter(([, mark]) => isMissing(mark)).length;
      if (present > 0) return missing > 0 ? '▪' : '■';
      return missing > 0 ? '□' : '·';
    })
    .join('');
}

/** Each day with its mark. Between two sessions of a range there are closed days. */
function marksOf({ instrument, interval, from, to, ranges }: CoverageView): [day: string, mark: Mark][] {
  const calendar = interval === '1wk' || interval === '1mo' ? null : calendarFor(instrument);
  const days: [string, Mark][] = [];
  let at = 0;
  for (let day = from; day <= to; day = next(day)) {
    while (at < ranges.length && (ranges[at]?.to ?? '') < day) at += 1;
    const range = ranges[at];
    const within = range !== undefined && range.from <= day;
    const isClosed = !within || (calendar !== null && tradesOn(calendar, day) === false);
    days.push([day, isClosed ? 'closed' : (range.reason ?? 'present')]);
  }
  return days;
}

function isMissing(mark: Mark): boolean {
  return !['present', 'closed', 'before_first', 'after_last', 'calendar_unknown', 'not_yet_due'].includes(mark);
}

function shown(mark: Mark): string {
  if (mark === 'present') return tinted('good', marks[mark]);
  return isMissing(mark) && mark !== 'not_traded' ? tinted('bad', marks[mark]) : marks[mark];
}

function next(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
