import type { ExportView } from '../../../../core/contracts/http/exports.ts';
import { formatCount, plural } from '../../text/format.ts';

/** Symbols that a line names before it counts the others. */
const named = 3;

/** What an export is of. */
export function whatOf({ symbols, exchange }: Pick<ExportView, 'symbols' | 'exchange'>): string {
  if (symbols === null) return exchange ?? 'everything';
  const others = symbols.length - named;
  return symbols.slice(0, named).join(', ') + (others > 0 ? ` and ${plural(others, 'other')}` : '');
}

/** How far it is, where that is known. */
export function progressOf({ status, parts: { done, total } }: ExportView): string {
  return status === 'running' && total !== null ? `running, ${formatCount(done)} of ${plural(total, 'part')}` : status;
}

const units = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** `1234567` as `1.2 MB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const figure = bytes / 1_000 ** power;
  return `${power > 0 && figure < 100 ? figure.toFixed(1) : formatCount(Math.round(figure))} ${units[power]}`;
}
