import { InvalidArgumentError, Option } from 'commander';

const units: ReadonlyMap<string, number> = new Map(Object.entries<number>({ m: 60_000, h: 3600_000, d: 86_400_000 }));

/** Parses an instant: ISO 8601, or a duration from now (`30m`, `2h`, `3d`). Gives ISO 8601 in UTC. */
export function instantOption(text: string): string {
  const relative = /^(\d{1,4})([mhd])$/.exec(text);
  const at = relative
    ? Date.now() + Number(relative[1]) * (units.get(relative[2] ?? '') ?? 0)
    : /^\d{4}-\d{2}-\d{2}(T|$)/.test(text)
      ? Date.parse(text)
      : Number.NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError('Give a time such as 2026-11-23T08:00Z, or a duration: 30m, 2h, 3d.');
  return new Date(at).toISOString();
}

/** Parses a duration until now, such as `90d`. Gives when it began, as ISO 8601 in UTC. */
export function pastOption(text: string): string {
  const found = /^(\d{1,4})([mhd])$/.exec(text);
  if (!found) throw new InvalidArgumentError('Give a duration: 30m, 12h, 90d.');
  return new Date(Date.now() - Number(found[1]) * (units.get(found[2] ?? '') ?? 0)).toISOString();
}

/** Parses an ISO 8601 date. */
export function dateOption(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('Give a date such as 2026-01-31.');
}

/** A parser of whole numbers from `least` to `most`. */
export function numberOption(most: number, least = 1): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

/** How many rows of a list a command gets. */
export function limitOption(usual: number, most = 10_000): Option {
  return new Option('--limit <rows>', 'how many').argParser(numberOption(most)).default(usual);
}
