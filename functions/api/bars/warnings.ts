import type { Warning } from '../../../core/contracts/http/envelope.ts';
import { isImport } from '../../../core/contracts/words/imports.ts';
import type { StoredBar } from '../../../core/market/stored-bar.ts';
import type { BarReader } from '../../../core/ports/bar-reader.ts';
import type { StoredFinding } from '../../../core/ports/finding-records.ts';
import type { PageCoverage } from './completeness.ts';

/** Days that a warning names, at the most. */
const mostDays = 20;

function namesOf(days: readonly string[]): string {
  return days.length > mostDays ? `${days.slice(0, mostDays).join(', ')} …` : days.join(', ');
}

/** Bars that are not in the page because they are wrong. */
export function leftOutWarning(days: readonly string[]): Warning[] {
  if (days.length === 0) return [];
  return [
    {
      code: 'wrong_bars',
      message: `${days.length} bars are left out because a finding calls them wrong: ${namesOf(days)}. GET /findings says why, quality=raw gives them as they came.`,
    },
  ];
}

/** Bars in whose place an earlier answer's stand. */
export function earlierWarning(days: readonly string[]): Warning[] {
  if (days.length === 0) return [];
  return [
    {
      code: 'earlier_bars',
      message: `${days.length} bars are as they were told before, because a finding calls what came later wrong: ${namesOf(days)}. quality=raw gives what came last.`,
    },
  ];
}

/** Dividends in doubt, or that the vendor's own adjusted close contradicts, after the first of the bars. */
export function doubtfulDividends(findings: readonly StoredFinding[], page: readonly StoredBar[]): Warning[] {
  const first = page.map((bar) => bar.day).sort()[0];
  const doubted = findings.filter(
    ({ rule, severity, status, date }) =>
      (rule === 'dividends' || rule === 'adjusted_close') &&
      severity !== 'info' &&
      status === 'open' &&
      first !== undefined &&
      date !== null &&
      date > first,
  );
  const days = [...new Set(doubted.flatMap(({ date }) => date ?? []))].sort();
  if (days.length === 0) return [];
  return [
    {
      code: 'doubtful_dividends',
      message: `What was paid on ${days.slice(0, mostDays).join(', ')} is in doubt, and so are these prices. GET /findings says why.`,
    },
  ];
}

/** The source calls the symbol by another name by now: the bars may be of two instruments. */
export function anotherName(findings: readonly StoredFinding[], symbol: string): Warning[] {
  return findings.some(({ rule, status }) => rule === 'names' && status === 'open') ? [anotherNameOf(symbol)] : [];
}

export function anotherNameOf(symbol: string): Warning {
  return {
    code: 'another_name',
    message: `The source has another name for ${symbol} by now, which may be another instrument: GET /findings?rule=names says which.`,
  };
}

/** On what stands on another basis than the rest of the page. */
export function basisWarnings(
  page: readonly StoredBar[],
  symbol: string,
  repairs: Awaited<ReturnType<BarReader['repairs']>>,
): Warning[] {
  const stale = page.filter((bar) => bar.stale);
  const reread = stale.filter(({ day }) => repairs.some(({ from, to }) => from <= day && day <= to)).length;
  const all = reread === stale.length ? 'They' : `${reread} of them`;
  const bases = new Set(page.map((bar) => bar.basis));
  return [
    ...(stale.length > 0
      ? [
          {
            code: 'stale_basis',
            message: `${stale.length} of these bars were read before a split of ${symbol} and stand on another basis than later ones.${reread === 0 ? '' : ` ${all} are being read again.`}`,
          },
        ]
      : []),
    ...(bases.size > 1
      ? [
          {
            code: 'mixed_basis',
            message: `These bars have several bases: ${[...bases].join(', ')}. basis and basisAt are those of the first.`,
          },
        ]
      : []),
  ];
}

/** So many gaps are named in a warning; `meta.coverage` has more. */
const mostNamedGaps = 3;

/** Sessions that have no bar: a line that is drawn over them is wrong. */
export function gapWarning(coverage: PageCoverage | null, symbol: string, source: string): Warning[] {
  if (coverage === null || coverage.gaps.length === 0) return [];
  const longest = coverage.gaps.toSorted((a, b) => b.sessions - a.sessions).slice(0, mostNamedGaps);
  const named = longest.map(({ from, to, sessions }) =>
    from === to ? from : `${from} to ${to} (${sessions} sessions)`,
  );
  const more = coverage.gaps.length > longest.length ? ' and more' : '';
  return [
    {
      code: 'gaps',
      message: `${coverage.missing} of ${coverage.expected} sessions have no bar: ${named.join(', ')}${more}. GET /coverage?symbol=${encodeURIComponent(symbol)}&source=${source} says why${isImport(source) ? '' : '; a backfill loads what the source has'}.`,
    },
  ];
}
