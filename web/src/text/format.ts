/**
 * Numbers and times as people read them. Pure: no clock, no document, so that tests need no browser.
 *
 * One locale for all (`en-US` digits), because a desk compares figures and a comma must mean the same everywhere.
 */

/** A decimal as the API gives it: a JSON number or text, `null` where there is none. */
export type DecimalValue = number | string | null | undefined;

/** Stands where a value is missing. Never 0: zero is a value. */
export const missing = '–';

const minus = '−';
const narrowSpace = ' ';

const numberFormats = new Map<number, Intl.NumberFormat>();

function fixed(value: number, decimals: number): string {
  let format = numberFormats.get(decimals);
  if (!format) {
    format = new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    numberFormats.set(decimals, format);
  }
  return format.format(value);
}

/** The number of a decimal, or `null` for what is missing or is no number. */
export function numberOf(value: DecimalValue): number | null {
  if (value === null || value === undefined || value === '') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/**
 * How many decimals an instrument's prices are shown with: as many as the longest of `values` has, between 2 and 8, so
 * that price, bid and previous close line up and 1.0850 does not shrink to 1.085 for one tick.
 */
export function decimalsOf(values: readonly DecimalValue[], atLeast = 2): number {
  let most = atLeast;
  for (const value of values) {
    const number = numberOf(value);
    if (number === null) continue;
    const [digits = '', exponent = '0'] = String(value).toLowerCase().split('e');
    const point = digits.indexOf('.');
    most = Math.max(most, (point < 0 ? 0 : digits.length - point - 1) - Number(exponent));
  }
  return Math.min(most, 8);
}

/** `1234.5` as `1,234.50`. */
export function formatPrice(value: DecimalValue, decimals: number): string {
  const number = numberOf(value);
  return number === null ? missing : fixed(number, decimals).replace('-', minus);
}

/** A change with its sign always: `+3.06`, `−1.20`. */
export function formatChange(value: DecimalValue, decimals: number): string {
  const number = numberOf(value);
  if (number === null) return missing;
  const figure = fixed(Math.abs(number), decimals);
  return (isZero(figure) ? '' : sign(number)) + figure;
}

/** A fraction as percent with its sign always: `0.0127` is `+1.27 %`. */
export function formatFraction(value: DecimalValue): string {
  const number = numberOf(value);
  if (number === null) return missing;
  const percent = fixed(Math.abs(number) * 100, 2);
  return `${isZero(percent) ? '' : sign(number)}${percent}${narrowSpace}%`;
}

/** A share as percent, without a sign: `0.0705` is `7.05 %`. */
export function formatShare(value: DecimalValue): string {
  const number = numberOf(value);
  return number === null ? missing : `${fixed(number * 100, 2)}${narrowSpace}%`;
}

/** Whether a figure rounds to zero as shown: 0.00 has no sign and no arrow. */
function isZero(figure: string): boolean {
  return !/[1-9]/.test(figure);
}

function sign(number: number): string {
  return number > 0 ? '+' : number < 0 ? minus : '';
}

/** Whether a number is up, down, neither (`flat`) or missing (`none`), as it is shown with so many decimals. */
export function directionOf(value: DecimalValue, decimals: number): 'up' | 'down' | 'flat' | 'none' {
  const number = numberOf(value);
  if (number === null) return 'none';
  if (isZero(fixed(Math.abs(number), decimals))) return 'flat';
  return number > 0 ? 'up' : number < 0 ? 'down' : 'flat';
}

const compact = new Intl.NumberFormat('en-US', {
  notation: 'compact',
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

/** A volume in few characters: `54.21M`. */
export function formatVolume(value: DecimalValue): string {
  const number = numberOf(value);
  if (number === null) return missing;
  return Math.abs(number) < 1_000 ? formatCount(number) : compact.format(number);
}

/** A count with thousands: `12,480`. */
export function formatCount(value: number): string {
  return fixed(value, 0);
}

/** `1 source`, `2 sources`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A length of time in its largest unit: `12 s`, `3 min`, `2 h`, `4 d`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min`;
  if (whole < 48 * 3_600) return `${Math.floor(whole / 3_600)} h`;
  return `${Math.floor(whole / 86_400)} d`;
}

/** Relative to now: `now`, `12 s ago`, `in 3 min`. */
export function formatRelative(epochMs: number, nowMs: number): string {
  const seconds = (nowMs - epochMs) / 1_000;
  if (Math.abs(seconds) < 1.5) return 'now';
  return seconds > 0 ? `${formatDuration(seconds)} ago` : `in ${formatDuration(-seconds)}`;
}

/** The city of an IANA zone: `America/New_York` is `New York`. */
export function cityOf(zone: string): string {
  return (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ');
}

const zonedFormats = new Map<string, Intl.DateTimeFormat>();

function zoned(epochMs: number, zone: string, options: Intl.DateTimeFormatOptions): string {
  const key = `${zone}|${Object.keys(options).join()}`;
  let format = zonedFormats.get(key);
  if (!format) {
    format = zonedFormat(zone, options);
    zonedFormats.set(key, format);
  }
  return format.format(epochMs);
}

/** Zones come from upstreams; one that the browser does not know is shown in UTC instead of breaking the page. */
function zonedFormat(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' });
  }
}

/** When, in a venue's own time: `Fri 16:00` within the last six days, `3 Nov` before, with the year when it is another. */
export function formatInZone(epochMs: number, zone: string, nowMs: number): string {
  const days = (nowMs - epochMs) / 86_400_000;
  if (days < 6) {
    return zoned(epochMs, zone, { weekday: 'short', hour: '2-digit', minute: '2-digit' }).replace(',', '');
  }
  const day = zoned(epochMs, zone, { day: 'numeric', month: 'short' });
  return days < 300 ? day : zoned(epochMs, zone, { day: 'numeric', month: 'short', year: 'numeric' });
}

/** To the second, for hovering: `2026-11-20 21:00:00 UTC`, and the venue's time where a zone is given. */
export function formatExact(epochMs: number, zone?: string): string {
  const utc = `${new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  if (zone === undefined || zone === 'UTC') return utc;
  const local = zoned(epochMs, zone, { weekday: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' });
  return `${utc} · ${local.replace(',', '')} ${cityOf(zone)}`;
}

/** `rate_limited` as `rate limited`. */
export function words(code: string): string {
  return code.replaceAll('_', ' ');
}

/** Capitalised: `rate limited` as `Rate limited`. */
export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** A currency as it is shown beside a price: an index without one is in points. */
export function currencyText(currency: string): string {
  return currency === 'XXX' ? 'points' : currency;
}
