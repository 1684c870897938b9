import { isZone, offsetMinutes, startOfDate } from '../../market/zoned-date.ts';
import type { SourceAnswer } from '../parser.ts';
import type { HtmlPage } from './html.ts';

/** Where the pages of a source say when they were true. */
export interface PageDates {
  /** What stands before the date, in the page's text. */
  readonly words: readonly string[];
  /** Attributes of elements that have it. */
  readonly attributes: readonly { readonly selector: string; readonly name: string }[];
  /** The zone of times without one, and of dates. */
  readonly zone: string;
}

/** When a page was true, in milliseconds since the epoch, and what says so: `fetch` where nothing says otherwise. */
export interface PageTime {
  readonly at: number;
  readonly said: 'fetch' | 'cache' | 'server' | 'page';
}

/** A server's clock may be off by so much. */
const clockTolerance = 10 * 60_000;

/**
 * When a page was true: the earliest of what its headers and the page itself say. A time after the fetch is none, and a
 * page that says nothing was true when it was fetched.
 */
export function pageTime({ response, fetchedAt }: SourceAnswer, page: HtmlPage, dates: PageDates): PageTime {
  const fetched = Date.parse(fetchedAt);
  const headers = response?.headers ?? {};
  const age = Number(headers['age'] ?? 0);
  const sent = Date.parse(headers['date'] ?? '');
  const times: PageTime[] = [
    { at: Number.isFinite(age) && age > 0 ? fetched - age * 1000 : fetched, said: 'cache' },
    { at: fetched - sent > clockTolerance ? sent : fetched, said: 'cache' },
    { at: Date.parse(headers['last-modified'] ?? ''), said: 'server' },
    ...datesOf(page, dates).map((at): PageTime => ({ at, said: 'page' })),
  ];
  return times
    .filter(({ at }) => Number.isFinite(at) && at > 0 && at < fetched)
    .reduce<PageTime>((earliest, each) => (each.at < earliest.at ? each : earliest), { at: fetched, said: 'fetch' });
}

/** The times that a page says itself. */
function datesOf(page: HtmlPage, { words, attributes, zone }: PageDates): number[] {
  const texts = attributes.flatMap(({ selector, name }) => page.attributes(selector, name));
  if (words.length > 0) {
    const said = new RegExp(`\\b(?:${words.join('|')}):?\\s+(.{8,60})`, 'gi');
    for (const [, text = ''] of page.text.matchAll(said)) texts.push(text);
  }
  return texts.flatMap((text) => instantOf(text, zone) ?? []);
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const clock = String.raw`(?:,?\s*(?:at\s+|T)?(\d{1,2}):(\d\d)(?::\d\d(?:\.\d+)?)?(?:\s*([ap])\.?m\b\.?)?\s*(Z|[+-]\d\d:?\d\d|[A-Z]{2,4}\b)?)?`;
const weekday = String.raw`^(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?`;
const isoDate = new RegExp(String.raw`${weekday}(\d{4})-(\d\d)-(\d\d)${clock}`, 'i');
const monthFirst = new RegExp(
  String.raw`${weekday}([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})${clock}`,
  'i',
);
const dayFirst = new RegExp(String.raw`${weekday}(\d{1,2})\.?\s+([a-z]{3,9})\.?,?\s+(\d{4})${clock}`, 'i');
const american = new RegExp(String.raw`${weekday}(\d{1,2})/(\d{1,2})/(\d{4})${clock}`, 'i');

/** The instant that a text begins with; of a date alone, its last. `null` where it begins with none. */
function instantOf(text: string, zone: string): number | null {
  const iso = isoDate.exec(text);
  if (iso) return instant([iso[1], iso[2], iso[3]], iso.slice(4), zone);
  const first = monthFirst.exec(text);
  if (first) return instant([first[3], monthOf(first[1]), first[2]], first.slice(4), zone);
  const second = dayFirst.exec(text);
  if (second) return instant([second[3], monthOf(second[2]), second[1]], second.slice(4), zone);
  const third = american.exec(text);
  return third ? instant([third[3], third[1], third[2]], third.slice(4), zone) : null;
}

function monthOf(name = ''): string | undefined {
  const at = months.indexOf(name.slice(0, 3).toLowerCase());
  return at === -1 ? undefined : String(at + 1);
}

function instant(
  [year, month, day]: readonly (string | undefined)[],
  [hours, minutes, half, named]: readonly (string | undefined)[],
  zone: string,
): number | null {
  if (year === undefined || month === undefined || day === undefined) return null;
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const start = startOfDate(date, zone);
  if (start === null) return null;
  if (hours === undefined || minutes === undefined) return start + 86_400_000 - 1;
  const hour = (Number(hours) % (half ? 12 : 24)) + (half?.toLowerCase() === 'p' ? 12 : 0);
  const local = Date.parse(`${date}T00:00:00Z`) + (hour * 60 + Number(minutes)) * 60_000;
  const offset = offsetOf(named, local, zone);
  return local - offset * 60_000;
}

const zonesOf: ReadonlyMap<string, string> = new Map([
  ['ET', 'America/New_York'],
  ['EST', 'America/New_York'],
  ['EDT', 'America/New_York'],
  ['CT', 'America/Chicago'],
  ['CST', 'America/Chicago'],
  ['CDT', 'America/Chicago'],
  ['PT', 'America/Los_Angeles'],
  ['PST', 'America/Los_Angeles'],
  ['PDT', 'America/Los_Angeles'],
  ['CET', 'Europe/Berlin'],
  ['CEST', 'Europe/Berlin'],
  ['BST', 'Europe/London'],
]);

/** Minutes by which the clock of a text is ahead of UTC. */
function offsetOf(named: string | undefined, local: number, zone: string): number {
  const name = named?.toUpperCase();
  if (name === 'Z' || name === 'UTC' || name === 'GMT') return 0;
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(name ?? '') ?? [];
  if (hours !== undefined) return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  const known = (name && zonesOf.get(name)) ?? zone;
  return isZone(known) ? offsetMinutes(local, known) : 0;
}
