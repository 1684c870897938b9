import { instantIn } from '../sources/reading/date-text.ts';

const unitSeconds = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
]);
const numberWords = new Map([
  ['a', 1],
  ['an', 1],
  ['one', 1],
  ['two', 2],
  ['a couple of', 2],
  ['three', 3],
  ['five', 5],
  ['a few', 5],
  ['several', 5],
  ['ten', 10],
  ['fifteen', 15],
  ['twenty', 20],
  ['thirty', 30],
  ['half an', 0.5],
]);
const amount = String.raw`(\d{1,5}|half an|a couple of|a few|several|an?|one|two|three|five|ten|fifteen|twenty|thirty) ?(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ours?|rs?)?|d(?:ays?)?)`;
const waiting = new RegExp(
  String.raw`\b(?:in|after|for|wait|within)(?: about| at least| another| the next)? ${amount}\b(?:,? (?:and )?${amount}\b)?`,
  'i',
);
/** `14:59`, `00:14:59` */
const countdown = /\b(?:in|wait|for|after|remaining|left):? (?:(\d{1,2}):)?(\d{1,2}):(\d\d)\b(?! ?[ap]\.?m)/i;
const clock = /\b(?:until|till|at|by|after|from|before) (.{2,60})/gi;
const tomorrow = /\b(?:tomorrow|morgen|demain|mañana|the next day)\b/i;

/** The longest time that a page is believed: a month. */
const longestWait = 31 * 86_400;

/**
 * The wait that sentences name, in seconds: one in so many minutes, or until a time of the clock, which is UTC where it has no
 * zone. `null` where they name none.
 */
export function waitIn(sentences: readonly string[], now: number): number | null {
  for (const each of sentences) {
    const seconds = waitOf(each, now);
    if (seconds !== null && seconds > 0) return Math.min(longestWait, Math.ceil(seconds));
  }
  return null;
}

function waitOf(sentence: string, now: number): number | null {
  const [, first, unit, more, moreUnit] = waiting.exec(sentence) ?? [];
  if (first !== undefined && unit !== undefined)
    return secondsOf(first, unit) + (more !== undefined && moreUnit !== undefined ? secondsOf(more, moreUnit) : 0);
  const [, hours, minutes, seconds] = countdown.exec(sentence) ?? [];
  if (minutes !== undefined && seconds !== undefined)
    return Number(hours ?? 0) * 3_600 + Number(minutes) * 60 + Number(seconds);
  for (const [, text = ''] of sentence.matchAll(clock)) {
    const at = instantIn(text, 'UTC', now);
    if (at !== null && at > now) return (at - now) / 1000;
  }
  return tomorrow.test(sentence) ? 86_400 : null;
}

function secondsOf(count: string, unit: string): number {
  const number = numberWords.get(count.toLowerCase()) ?? Number(count);
  return number * (unitSeconds.get(unit.charAt(0).toLowerCase()) ?? Number.NaN);
}
