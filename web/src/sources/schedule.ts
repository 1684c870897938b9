const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const list = new Intl.ListFormat('en-GB');

/**
 * A cron expression in words, where it names minutes and hours, and days of the week or none: `0 8,18 * * 1-5` is `at 08:00
 * and 18:00, Monday to Friday`. Any other as it is.
 *
 * @example
 * cronWords('30 18 * * *') // 'at 18:30'
 */
export function cronWords(cron: string): string {
  const [minutes = '', hours = '', day, month, days = ''] = cron.trim().split(/\s+/);
  const named = daysInWords(days);
  if (!/^\d+(,\d+)*$/.test(minutes) || !/^\d+(,\d+)*$/.test(hours) || day !== '*' || month !== '*' || named === null)
    return `at ${cron}`;
  const times = hours
    .split(',')
    .flatMap((hour) => minutes.split(',').map((minute) => `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`));
  return `at ${list.format(times)}${named}`;
}

/** Days of the week after a comma; nothing for all of them, `null` for what is not read here. */
function daysInWords(days: string): string | null {
  if (days === '*') return '';
  const range = /^([0-7])-([0-7])$/.exec(days);
  const name = (day: string | undefined) => dayNames[Number(day) % 7] ?? '';
  if (range) return `, ${name(range[1])} to ${name(range[2])}`;
  return /^[0-7](,[0-7])*$/.test(days) ? `, ${list.format(days.split(',').map(name))}` : null;
}
