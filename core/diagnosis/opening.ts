import type { Affected, DiagnosedSource, Diagnosis, Ended, Finding } from '../contracts/http/diagnostics.ts';
import { causeWords } from '../contracts/words/causes.ts';
import { minute } from './instants.ts';
import { code } from './markdown.ts';

/** So many faults are told in full; the others are below. */
const mostTold = 3;

/**
 * What one would send to a colleague, a paragraph for each fault: what is wrong, since when and for how many minutes, which
 * symbols and markets it affects, which of them another source gave a price of, how old the other served prices became,
 * and what was done. Then what has ended. Empty where there is nothing to tell.
 */
export function openingOf(diagnosis: Diagnosis, faults: readonly Finding[]): string[] {
  const { ended } = diagnosis;
  const told = faults.slice(0, mostTold).map((fault) => faultText(fault, diagnosis));
  const more = faults.length - told.length;
  return [
    ...told,
    ...(more > 0 ? [`${more} more ${more === 1 ? 'fault is' : 'faults are'} below.`] : []),
    ...(faults.length === 0 && ended.length > 0 ? ['Nothing is wrong now.'] : []),
    ...ended.slice(0, mostTold).map((each) => endedText(each, diagnosis)),
    ...(ended.length > mostTold ? [`${ended.length - mostTold} more have ended since the last report.`] : []),
  ];
}

function faultText(fault: Finding, diagnosis: Diagnosis): string {
  const { createdAt, sources } = diagnosis;
  const [only] = fault.sources.length === 1 ? sources.filter(({ id }) => id === fault.sources[0]) : [];
  const isOver = fault.healedAt !== null;
  return [
    `**${fault.title}**${timeOf(fault, createdAt)}.`,
    fault.symbols && symbolsText(fault.symbols, isOver),
    fault.symbols?.served
      ? servedText(fault.symbols.served, fault.symbols.hit, diagnosis)
      : only && ageOf(only, createdAt),
    doneOf(fault, only),
  ]
    .filter((sentence) => typeof sentence === 'string')
    .join(' ');
}

function timeOf({ firstSeenAt, healedAt }: Finding, now: string): string {
  if (firstSeenAt === null) return '';
  if (healedAt === null) return ` since ${minute(firstSeenAt)}, for ${minutesBetween(firstSeenAt, now)} by now`;
  return ` from ${minute(firstSeenAt)}; it works again since ${minute(healedAt)}, after ${minutesBetween(firstSeenAt, healedAt)}`;
}

/** `It affects all 24 symbols that were requested (AAPL, MSFT and 22 more), on Nasdaq, NYSE and 2 other markets.` */
function symbolsText({ hit, asked, names, markets, otherMarkets }: Affected, isOver: boolean): string {
  const verb = isOver ? 'It affected' : 'It affects';
  const list =
    names.length === 0
      ? ''
      : ` (${named(
          names.map((name) => code(name)),
          hit - names.length,
        )})`;
  const places = markets.map(({ name }) => name);
  const others = `other ${otherMarkets === 1 ? 'market' : 'markets'}`;
  const where = places.length === 0 ? '' : `, on ${named(places, otherMarkets, others)}`;
  return `${verb} ${shareInWords({ hit, asked })} requested${list}${where}.`;
}

/** Which of the symbols: `the one symbol that was`, `all 24 symbols that were`, `3 of the 24 symbols that were`. */
export function shareInWords({ hit, asked }: { readonly hit: number; readonly asked: number }): string {
  if (asked === 1) return 'the one symbol that was';
  return `${hit >= asked ? `all ${asked}` : `${hit} of the ${asked}`} symbols that were`;
}

function servedText(
  { byOthers, others, oldestMinutes }: NonNullable<Affected['served']>,
  hit: number,
  { sources }: Diagnosis,
): string {
  const titles = others.map((id) => sources.find((source) => source.id === id)?.title ?? id);
  const old =
    oldestMinutes === null
      ? null
      : oldestMinutes === 0
        ? 'was never older than a minute'
        : `became up to ${inMinutes(oldestMinutes)} old`;
  if (byOthers === 0)
    return `No other source gave a price meanwhile${old === null ? '' : `; the price that is served ${old}`}.`;
  if (byOthers >= hit) return `${named(titles, 0)} gave a price of ${hit === 1 ? 'it' : 'each of them'} meanwhile.`;
  const rest = hit - byOthers === 1 ? 'the other one' : 'the others';
  return `${named(titles, 0)} gave a price of ${byOthers} of them meanwhile${old === null ? '' : `; the served price of ${rest} ${old}`}.`;
}

function ageOf({ lastSuccessAt }: DiagnosedSource, now: string): string {
  if (lastSuccessAt === null) return 'The source has never answered well.';
  return `The source answered well last at ${minute(lastSuccessAt)}, ${minutesBetween(lastSuccessAt, now)} ago; what it gave then is served.`;
}

const ends: ReadonlyMap<string, string> = new Map([
  ['verified', 'and proved that it works'],
  ['mitigated', 'and another source gives its rows meanwhile'],
  ['failed', 'without success'],
]);

/** Where nothing has failed, as when a person stopped something, there is nothing to recover. */
function doneOf({ recovery, sources, firstSeenAt }: Finding, only: DiagnosedSource | undefined): string | null {
  const held = only?.heldUntil ? ` It gets no request until ${minute(only.heldUntil)}.` : '';
  if (sources.length === 0 || firstSeenAt === null) return held === '' ? null : held.trim();
  if (recovery === null) return `No recovery was tried yet.${held}`;
  const end = ends.get(recovery.status);
  if (end === undefined) return `A recovery is under way since ${minute(recovery.requestedAt)}.${held}`;
  return `It was recovered last at ${minute(recovery.requestedAt)}, ${end}.${held}`;
}

function endedText(
  { title, cause, reason, openedAt, resolvedAt, minutes, symbols, recovery }: Ended,
  of: Diagnosis,
): string {
  const why = cause === null ? reason.replaceAll('_', ' ') : causeWords[cause];
  return [
    `**Ended: ${title}, ${why}**, from ${minute(openedAt)} to ${minute(resolvedAt)}, ${inMinutes(minutes)}.`,
    symbols && symbolsText(symbols, true),
    symbols?.served ? servedText(symbols.served, symbols.hit, of) : null,
    recovery === null ? 'It ended by itself.' : `The recovery of ${minute(recovery.requestedAt)} proved that it works.`,
  ]
    .filter((sentence) => sentence !== null)
    .join(' ');
}

/** `A, B and 3 more`, or `A and B`. */
function named(names: readonly string[], rest: number, more = 'more'): string {
  const all = rest > 0 ? [...names, `${rest} ${more}`] : names;
  const last = all.at(-1) ?? '';
  return all.length < 2 ? last : `${all.slice(0, -1).join(', ')} and ${last}`;
}

/** How long it was between two times, in minutes. */
export function minutesBetween(from: string, to: string): string {
  return inMinutes(Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 60_000)));
}

function inMinutes(minutes: number): string {
  return minutes === 0 ? 'less than a minute' : `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
}
