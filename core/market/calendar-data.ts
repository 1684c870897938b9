/** The data of the calendars (`calendars/data.ts`), read: hours as minutes, days one by one. */
import { type CalendarData, calendarData, type OwnDays, validFrom, validThrough } from './calendars/data.ts';

/** Minutes of the session's date in the venue's zone; negative on the day before. */
export interface Hours {
  readonly opens: number;
  readonly closes: number;
  readonly pause: readonly [from: number, until: number] | null;
}

/** What each weekday has, Sunday first; `null` is a day without trading. */
export type UsualWeek = readonly (Hours | null)[];

/** A calendar in the form in which its days are looked up. */
export interface DayTable {
  /** IANA zone. */
  readonly zone: string;
  /** First and last date (`yyyy-mm-dd`) of the data. */
  readonly validFrom: string;
  readonly validThrough: string;
  /** The usual week and since when, oldest first; never empty. */
  readonly weeks: readonly (readonly [since: string, week: UsualWeek])[];
  /** What differs from the usual week, by date. */
  readonly days: ReadonlyMap<string, Hours | null>;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const dayMs = 86_400_000;
const known: ReadonlyMap<string, CalendarData> = new Map(Object.entries(calendarData));

/** The ids of all calendars that have data. */
export const calendarIds: readonly string[] = [...known.keys()];

/** The zone of a calendar, its last date, and the calendar whose days it takes, if it has none of its own. */
export function calendarOutline(
  id: string,
): { zone: string; validThrough: string; nearest: string | null } | undefined {
  const data = known.get(id);
  if (data === undefined) return undefined;
  const own = ownDaysOf(data);
  return {
    zone: data.zone,
    validThrough: own.through ?? validThrough,
    nearest: 'sameAs' in data && data.nearest ? data.sameAs : null,
  };
}

/** The calendar of an id of the data, or `undefined`. */
export function readDayTable(id: string): DayTable | undefined {
  const data = known.get(id);
  return data && dayTableOf({ ...ownDaysOf(data), zone: data.zone });
}

/** Reads days and hours as `data.ts` writes them. */
export function dayTableOf(data: OwnDays): DayTable {
  const weeks = data.hours.map(([since, hours, week = {}]) => {
    const special = new Map(Object.entries(week));
    const usual = weekdays.map((name, day) =>
      readHours(special.get(name) ?? (day === 0 || day === 6 ? 'closed' : hours)),
    );
    return [since, usual] as const;
  });
  return {
    zone: data.zone,
    validFrom: data.from ?? validFrom,
    validThrough: data.through ?? validThrough,
    weeks,
    days: new Map(daysOf(data, weeks)),
  };
}

/** The usual week at a date; before the first known one that one. */
export function usualWeek(weeks: DayTable['weeks'], date: string): UsualWeek {
  return (weeks.findLast(([since]) => since <= date) ?? weeks[0])?.[1] ?? [];
}

function ownDaysOf(data: CalendarData): OwnDays {
  if (!('sameAs' in data)) return data;
  const other = known.get(data.sameAs);
  if (other === undefined || 'sameAs' in other) throw new Error(`The calendar ${data.sameAs} has no days of its own.`);
  return other;
}

function* daysOf(data: OwnDays, weeks: DayTable['weeks']): Generator<readonly [string, Hours | null]> {
  const years = yearsBetween(data.from ?? validFrom, data.through ?? validThrough);
  for (const [what, dates] of Object.entries(data.days)) {
    const hours = readHours(what);
    let when = '';
    for (const word of dates.split(' ')) {
      const [first = '', second] = word.split(':');
      if (second !== undefined) when = first;
      const day = second ?? first;
      if (when !== 'every' && when !== 'easter') yield [dateOf(when, day), hours];
      else
        for (const year of years) {
          const date = when === 'every' ? dateOf(String(year), day) : afterEaster(year, Number(day));
          if (usualWeek(weeks, date)[new Date(`${date}T00:00:00Z`).getUTCDay()]) yield [date, hours];
        }
    }
  }
}

function dateOf(year: string, day: string): string {
  return `${year}-${day.slice(0, 2)}-${day.slice(2)}`;
}

function yearsBetween(from: string, through: string): number[] {
  const first = Number(from.slice(0, 4));
  return Array.from({ length: Number(through.slice(0, 4)) - first + 1 }, (_, index) => first + index);
}

/**
 * The date some days after Easter Sunday of the western churches.
 *
 * @example
 * afterEaster(2026, -2) // '2026-04-03'
 */
export function afterEaster(year: number, days: number): string {
  // The method of Meeus, Jones and Butcher, for the Gregorian calendar.
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const rest = year % 100;
  const correction = Math.floor((8 * century + 13) / 25);
  const epact = (19 * golden + century - Math.floor(century / 4) - correction + 15) % 30;
  const weekday = (32 + 2 * (century % 4) + 2 * Math.floor(rest / 4) - epact - (rest % 4)) % 7;
  const late = Math.floor((golden + 11 * epact + 22 * weekday) / 451);
  const march = epact + weekday - 7 * late + 22;
  return new Date(Date.UTC(year, 2, march) + days * dayMs).toISOString().slice(0, 10);
}

/** `09:00-11:30,12:30-15:30`; `<17:00` is on the day before; `closed` is `null`. */
function readHours(text: string): Hours | null {
  if (text === 'closed') return null;
  const stretches = text.split(',').map((stretch) => stretch.split('-').map(readMinutes));
  const first = stretches[0] ?? [];
  const second = stretches[1];
  const opens = first[0] ?? 0;
  const closes = (second ?? first)[1] ?? 0;
  return { opens, closes, pause: second ? [first[1] ?? opens, second[0] ?? closes] : null };
}

function readMinutes(text: string): number {
  const [hours = 0, minutes = 0] = text.replace('<', '').split(':').map(Number);
  return hours * 60 + minutes - (text.startsWith('<') ? 1440 : 0);
}
