import type { Failure } from '../../contracts/failure.ts';
import type { SourceAnswer } from '../parser.ts';
import { instantIn } from './date-text.ts';
import type { HtmlPage } from './html.ts';

/** Where the pages of a source say when they were true. */
export interface PageDates {
  /** What stands before the date, in the page's text: the first that has one counts. */
  readonly words: readonly string[];
  /** Attributes of elements that have it. */
  readonly attributes: readonly { readonly selector: string; readonly name: string }[];
  /** The zone of times without one, and of dates. */
  readonly zone: string;
}

/** When a page was true, in milliseconds since the epoch, and what says so: `fetch` where nothing says otherwise. */
export interface PageTime {
  readonly at: number;
  readonly said: 'fetch' | 'cache' | 'server' | 'page';
}

/** A server's clock may be off by so much. */
const clockTolerance = 10 * 60_000;

/**
 * When a page was true: the earliest of what its headers and the page itself say. A time after the fetch is none, and a
 * page that says nothing was true when it was fetched.
 */
export function pageTime({ response, fetchedAt }: SourceAnswer, page: HtmlPage, dates: PageDates): PageTime {
  const fetched = Date.parse(fetchedAt);
  const headers = response?.headers ?? {};
  // One number for each cache on the way, where they are joined.
  const age = Math.max(
    0,
    ...(headers['age'] ?? '').split(',').map((each) => (/^\s*\d+\s*$/.test(each) ? Number(each) : 0)),
  );
  const sent = Date.parse(headers['date'] ?? '');
  const times: PageTime[] = [
    { at: age > 0 ? fetched - age * 1000 : fetched, said: 'cache' },
    { at: fetched - sent > clockTolerance ? sent : fetched, said: 'cache' },
    { at: Date.parse(headers['last-modified'] ?? ''), said: 'server' },
    ...datesOf(page, dates, fetched).map((at): PageTime => ({ at, said: 'page' })),
  ];
  return times
    .filter(({ at }) => Number.isFinite(at) && at > 0 && at < fetched)
    .reduce<PageTime>((earliest, each) => (each.at < earliest.at ? each : earliest), { at: fetched, said: 'fetch' });
}

/** Why a page is too old for a job that reads it so often, or `null`. */
export function tooOld({ at, said }: PageTime, fetchedAt: number, periodSeconds: number): Failure | null {
  const ageSeconds = Math.round((fetchedAt - at) / 1000);
  if (ageSeconds <= periodSeconds) return null;
  const code = said === 'cache' ? 'cached_page' : 'old_page';
  const age = ageSeconds < 7_200 ? `${Math.floor(ageSeconds / 60)} minutes` : `${Math.floor(ageSeconds / 3600)} hours`;
  return { reason: 'stale', detail: { code, ageSeconds }, message: `The page was true ${age} ago.` };
}

/** Before such a date it is one of something else: of a document, or of when a change takes effect. */
const ofSomethingElse =
  /\b(terms|conditions|policy|policies|privacy|cookies?|agreement|disclaimer|disclosures?|copyright|effective|effect|founded|established|joined|inception|methodology|rules|prospectus|news|article|posted|published)\b[^.!?]{0,30}$/i;
const contextLength = 60;

/**
 * The times that a page says itself, of which words that name its data come before words that any text may have: "prices as
 * of" before "as of".
 */
function datesOf(page: HtmlPage, { words, attributes, zone }: PageDates, fetched: number): number[] {
  const given = attributes.flatMap(({ selector, name }) =>
    page.attributes(selector, name).flatMap((text) => instantIn(text, zone, fetched) ?? []),
  );
  const { text } = page;
  const inText = (word: string) => {
    const found: number[] = [];
    for (const match of text.matchAll(new RegExp(String.raw`\b(?:${word})\b[:,]?\s+(.{4,70})`, 'gi'))) {
      const before = text.slice(Math.max(0, match.index - contextLength), match.index);
      const at = ofSomethingElse.test(before) ? null : instantIn(match[1] ?? '', zone, fetched);
      if (at !== null) found.push(at);
    }
    return found;
  };
  for (const word of words) {
    const found = inText(word);
    if (found.length > 0) return [...given, ...found];
  }
  return given;
}
