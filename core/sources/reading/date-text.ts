/** Dates and times as people write them on pages, in figures, in English and with the months of some other languages. */
import { dateInZone, isZone, offsetMinutes, startOfDate } from '../../market/zoned-date.ts';

/** The names of the months, which may be cut off after three letters: in English, and in some other languages. */
const months: readonly (readonly string[])[] = [
  ['january', 'januar', 'janvier', 'enero', 'gennaio', 'janeiro', 'januari', '\u044f\u043d\u0432\u0430\u0440\u044f'],
  [
    'february',
    'februar',
    'f\u00e9vrier',
    'febrero',
    'febbraio',
    'fevereiro',
    'februari',
    '\u0444\u0435\u0432\u0440\u0430\u043b\u044f',
  ],
  ['march', 'm\u00e4rz', 'mars', 'marzo', 'mar\u00e7o', 'maart', 'mrt', '\u043c\u0430\u0440\u0442\u0430'],
  ['april', 'avril', 'abril', 'aprile', '\u0430\u043f\u0440\u0435\u043b\u044f'],
  ['may', 'mai', 'mayo', 'maggio', 'maio', 'mei', 'maj', '\u043c\u0430\u044f'],
  ['june', 'juni', 'juin', 'junio', 'giugno', 'junho', '\u0438\u044e\u043d\u044f'],
  ['july', 'juli', 'juillet', 'julio', 'luglio', 'julho', '\u0438\u044e\u043b\u044f'],
  ['august', 'ao\u00fbt', 'agosto', 'augustus', '\u0430\u0432\u0433\u0443\u0441\u0442\u0430'],
  [
    'september',
    'sept',
    'septembre',
    'septiembre',
    'settembre',
    'setembro',
    '\u0441\u0435\u043d\u0442\u044f\u0431\u0440\u044f',
  ],
  ['october', 'oktober', 'octobre', 'octubre', 'ottobre', 'outubro', '\u043e\u043a\u0442\u044f\u0431\u0440\u044f'],
  ['november', 'novembre', 'noviembre', 'novembro', '\u043d\u043e\u044f\u0431\u0440\u044f'],
  [
    'december',
    'dezember',
    'd\u00e9cembre',
    'diciembre',
    'dicembre',
    'dezembro',
    '\u0434\u0435\u043a\u0430\u0431\u0440\u044f',
  ],
];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const dayMs = 86_400_000;
const unitMs = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', dayMs],
  ['w', 7 * dayMs],
]);

const time = String.raw`(\d{1,2}):(\d\d)(?::\d\d(?:\.\d+)?)?(?:\s*([ap])\.?m\b\.?)?\s*(Z\b|[+-]\d\d:?\d\d|[A-Z]{2,4}\b)?`;
const clock = String.raw`(?:,?\s*(?:at\s+|T)?${time})?`;
const dayName = String.raw`(?:(?:sun|mon|tue|wed|thu|fri|sat)[a-z]*\.?,?\s+)?`;
/** What may stand before a date. */
const lead = String.raw`^(?:[:,-]\s*)?(?:the\s+)?(?:(?:market\s+)?(?:close|closing)\s+(?:of|on)\s+|end\s+of\s+(?:day\s+)?|on\s+)?${dayName}`;
const ordinal = '(?:st|nd|rd|th)?';
/** Eight figures that are a date. */
const dense = String.raw`((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])`;
/** Each with where its year, month and day are; a year of 0 is not said. */
const forms: readonly (readonly [RegExp, readonly [number, number, number]])[] = [
  [new RegExp(String.raw`${lead}(\d{4})[-/.](\d\d)[-/.](\d\d)${clock}`, 'i'), [1, 2, 3]],
  [new RegExp(String.raw`${lead}${dense}T?(\d\d):?(\d\d)(?::?\d\d)?()(Z\b|[+-]\d\d:?\d\d)?(?!\d)`, 'i'), [1, 2, 3]],
  [new RegExp(String.raw`${lead}${dense}(?!\d|[.,]\d|%)${clock}`, 'i'), [1, 2, 3]],
  [new RegExp(String.raw`${lead}([a-z]{3,9})\.?\s+(\d{1,2})${ordinal},?\s+(\d{4})${clock}`, 'i'), [3, 1, 2]],
  [
    new RegExp(
      String.raw`${lead}(\d{1,2})(?:${ordinal}|er|\u00ba)\.?[\s-](?:(?:of|de)\s+)?(\p{L}{3,10})\.?,?[\s-](?:de\s+)?(\d{4})${clock}`,
      'iu',
    ),
    [3, 2, 1],
  ],
  [/^(?:[:,-]\s*)?(\d{4})\s?[\u5e74\ub144]\s?(\d{1,2})\s?[\u6708\uc6d4]\s?(\d{1,2})\s?[\u65e5\uc77c]/, [1, 2, 3]],
  [new RegExp(String.raw`${lead}(\d{1,2})\.(\d{1,2})\.(\d{4}|\d\d\b)${clock}`, 'i'), [3, 2, 1]],
  [new RegExp(String.raw`${lead}(\d{1,2})/(\d{1,2})/(\d{4}|\d\d\b)${clock}`, 'i'), [3, 1, 2]],
  [new RegExp(String.raw`${lead}([a-z]{3,9})\.?\s+(\d{1,2})${ordinal}\b(?!:)${clock}`, 'i'), [0, 1, 2]],
  [new RegExp(String.raw`${lead}(\d{1,2})${ordinal}\.?\s+(?:of\s+)?([a-z]{3,9})\b${clock}`, 'i'), [0, 2, 1]],
];
const timeFirst = new RegExp(String.raw`^(?:[:,-]\s*)?(?:at\s+)?${time},?\s+(?:on\s+)?(.{6,40})`, 'i');
const timeAlone = new RegExp(
  String.raw`^(?:[:,-]\s*)?(?:about\s+)?(?:${time}|(\d{1,2})\s*([ap])\.?m\b\.?\s*([A-Z]{2,4}\b)?)`,
  'i',
);
const ago =
  /^(?:[:,-]\s*)?(?:about |over |more than )?(\d{1,4}|an?|one|two|three|several) ?(s(?:ec(?:ond)?)?|m(?:in(?:ute)?)?|h(?:(?:ou)?r)?|d(?:ay)?|w(?:ee)?k?)s? ago\b/i;
const agoElsewhere =
  /^(?:[:,-]\s*)?(?:vor|il y a|hace|h\u00e1) (\d{1,4}) ?(s|sek(?:unden?)?|secondes?|segundos?|min(?:uten?|utes?|utos?)?|h|heures?|horas?|stunden?|d[i\u00ed]as?|tag(?:en)?|j(?:ours?)?|wochen?|semaines?|semanas?)(?!\p{L})/iu;
/** The letters of a unit's name that tell it from others. */
const unitsElsewhere: readonly (readonly [RegExp, string])[] = [
  [/^(?:stunde|h)/i, 'h'],
  [/^(?:tag|j|d)/i, 'd'],
  [/^(?:w|semai?n)/i, 'w'],
  [/^m/i, 'm'],
  [/^s/i, 's'],
];
const countWords = new Map([
  ['a', 1],
  ['an', 1],
  ['one', 1],
  ['two', 2],
  ['three', 3],
  ['several', 3],
]);
const yesterday = new RegExp(
  String.raw`^(?:[:,-]\s*)?(?:yesterday|gestern|hier|ayer|ieri|ontem|gisteren)\b(?:[''\u2019]s close)?${clock}`,
  'i',
);
const weekday = new RegExp(
  String.raw`^(?:[:,-]\s*)?(?:the\s+)?(?:close\s+(?:of|on)\s+)?(sun|mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?)(?:day)?\b(?:['\u2019]s close|,?\s+(?:at\s+)?)?${clock}`,
  'i',
);

/**
 * The instant that a text begins with, in milliseconds since the epoch: a date with or without a time, of a date alone its
 * last; so long before `now`; a weekday, the last one there was. A time alone is the next there is. Without a zone of its own
 * it is of `zone`. `null` where the text begins with none.
 */
export function instantIn(text: string, zone: string, now: number): number | null {
  for (const [form, [year, month, day]] of forms) {
    const found = form.exec(text);
    if (!found) continue;
    const at = dated(
      [found[year], found[month], found[day]],
      year !== 0,
      found.slice(4 - (year === 0 ? 1 : 0)),
      zone,
      now,
    );
    if (at !== null) return at;
  }
  const [, hours, minutes, half, named, rest] = timeFirst.exec(text) ?? [];
  if (rest !== undefined)
    for (const [form, [year, month, day]] of forms) {
      const found = form.exec(rest);
      const at =
        found && dated([found[year], found[month], found[day]], year !== 0, [hours, minutes, half, named], zone, now);
      if (at != null) return at;
    }
  const [, count, unit = ''] = ago.exec(text) ?? [];
  if (count !== undefined) {
    const each = unitMs.get(unit.charAt(0).toLowerCase()) ?? 0;
    return now - (countWords.get(count.toLowerCase()) ?? Number(count)) * each;
  }
  const [, counted, unitName = ''] = agoElsewhere.exec(text) ?? [];
  if (counted !== undefined) {
    const letter = unitsElsewhere.find(([name]) => name.test(unitName))?.[1] ?? '';
    return now - Number(counted) * (unitMs.get(letter) ?? 0);
  }
  const dayBefore = yesterday.exec(text);
  if (dayBefore) return onDate(dateInZone(now - dayMs, zone), dayBefore.slice(1), zone);
  const named7 = weekday.exec(text);
  if (named7) {
    const wanted = days.indexOf((named7[1] ?? '').slice(0, 3).toLowerCase());
    for (let back = 0; back < 7; back++) {
      const date = dateInZone(now - back * dayMs, zone);
      if (new Date(`${date}T00:00:00Z`).getUTCDay() === wanted) return onDate(date, named7.slice(2), zone);
    }
  }
  return nextTime(text, zone, now);
}

/** The next time that a clock shows this. */
function nextTime(text: string, zone: string, now: number): number | null {
  const found = timeAlone.exec(text);
  if (!found) return null;
  const [, hours, minutes, half, named, hour, halfOfHour, zoneOfHour] = found;
  const parts = hour === undefined ? [hours, minutes, half, named] : [hour, '00', halfOfHour, zoneOfHour];
  const at = onDate(dateInZone(now, zone), parts, zone);
  if (at === null) return null;
  return at > now ? at : at + dayMs;
}

function dated(
  [year, month, day]: readonly (string | undefined)[],
  hasYear: boolean,
  rest: readonly (string | undefined)[],
  zone: string,
  now: number,
): number | null {
  if (month === undefined || day === undefined) return null;
  let [monthAt, dayAt] = /^\d/.test(month) ? [Number(month), Number(day)] : [monthOf(month), Number(day)];
  // 27/11: no month has that number.
  if (monthAt > 12 && dayAt <= 12) [monthAt, dayAt] = [dayAt, monthAt];
  if (!(monthAt >= 1)) return null;
  const of = (each: number) => onDate(`${each}-${two(monthAt)}-${two(dayAt)}`, rest, zone);
  if (hasYear && year !== undefined) return of(Number(year.length === 2 ? `20${year}` : year));
  // The last such day.
  const thisYear = new Date(now).getUTCFullYear();
  const at = of(thisYear);
  return at !== null && at - dayMs > now ? of(thisYear - 1) : at;
}

function monthOf(name: string): number {
  const small = name.toLowerCase();
  return small.length < 3 ? 0 : months.findIndex((names) => names.some((each) => each.startsWith(small))) + 1;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

function onDate(
  date: string,
  [hours, minutes, half, named]: readonly (string | undefined)[],
  zone: string,
): number | null {
  const start = startOfDate(date, zone);
  if (start === null) return null;
  if (hours === undefined || minutes === undefined) return start + dayMs - 1;
  const hour = (Number(hours) % (half ? 12 : 24)) + (half?.toLowerCase() === 'p' ? 12 : 0);
  const local = Date.parse(`${date}T00:00:00Z`) + (hour * 60 + Number(minutes)) * 60_000;
  return local - offsetOf(named, local, zone) * 60_000;
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
