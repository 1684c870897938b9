import type { DiagnosedSource, Diagnosis, Finding } from '../contracts/http/diagnostics.ts';
import { minute } from './instants.ts';

/** So many faults are told in full; the others are below. */
const mostTold = 3;

/**
 * What one would send to a colleague, in a paragraph: what is wrong, since when and for how many minutes, how many symbols
 * it affects, how old the source's own prices became, and what was done. `null` where nothing is wrong.
 */
export function openingOf({ createdAt, sources }: Diagnosis, faults: readonly Finding[]): string | null {
  if (faults.length === 0) return null;
  const told = faults.slice(0, mostTold).map((fault) => {
    const [only] = fault.sources.length === 1 ? sources.filter(({ id }) => id === fault.sources[0]) : [];
    return [
      `${fault.title}${timeOf(fault, createdAt)}.`,
      affectedOf(fault),
      only === undefined ? null : ageOf(only, createdAt),
      doneOf(fault),
    ];
  });
  const more = faults.length - Math.min(mostTold, faults.length);
  const rest = more === 0 ? [] : [`${more} more ${more === 1 ? 'fault is' : 'faults are'} below.`];
  return [...told.flat(), ...rest].filter((sentence) => sentence !== null).join(' ');
}

function timeOf({ firstSeenAt }: Finding, now: string): string {
  return firstSeenAt === null ? '' : ` since ${minute(firstSeenAt)}, for ${minutesBetween(firstSeenAt, now)} by now`;
}

function affectedOf({ symbols }: Finding): string | null {
  return symbols === null || symbols.asked === 0
    ? null
    : `It affects ${symbols.hit} of the ${symbols.asked} symbols that were requested.`;
}

function ageOf({ lastSuccessAt }: DiagnosedSource, now: string): string {
  if (lastSuccessAt === null) return 'The source has never answered well.';
  return `The source answered well last at ${minute(lastSuccessAt)}: where no other source has a price, it is ${minutesBetween(lastSuccessAt, now)} old.`;
}

const ends: ReadonlyMap<string, string> = new Map([
  ['verified', 'and proved that it works'],
  ['mitigated', 'and another source gives its rows meanwhile'],
  ['failed', 'without success'],
]);

function doneOf({ recovery }: Finding): string | null {
  if (recovery === null) return null;
  return `It was recovered last at ${minute(recovery.requestedAt)}, ${ends.get(recovery.status) ?? 'which is under way'}.`;
}

function minutesBetween(from: string, to: string): string {
  const minutes = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 60_000));
  return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
}
