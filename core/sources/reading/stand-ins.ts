/**
 * Pages that stand in for the wanted one for a while: maintenance, a page that is still loading, and "not found" with a 200.
 * They are told from a page that was rebuilt, of which a person must make sense: these will be right soon.
 */
import type { Failure } from '../../contracts/failure.ts';
import type { PlainFailureCode } from '../../contracts/words/failure-details.ts';
import { factsOf, leastCells, mostStandInText, type PageFacts } from './page-facts.ts';

interface StandIn {
  readonly code: Extract<PlainFailureCode, 'maintenance' | 'still_loading' | 'page_not_found'>;
  readonly message: string;
  /** Pieces of the title or the first heading, in small letters. */
  readonly heads: readonly string[];
  /** Pieces of what the page says, in small letters: for a page with very little text. */
  readonly texts: readonly string[];
  /** Words of `class` and `id`. */
  readonly names: readonly string[];
}

/** Text of a page that says one thing. */
const mostShortText = 1_500;

const standIns: readonly StandIn[] = [
  {
    code: 'maintenance',
    message: 'The source is under maintenance, as its page says.',
    heads: [
      'maintenance',
      'be right back',
      'be back soon',
      'back shortly',
      'temporarily unavailable',
      'temporarily closed',
      'temporarily down',
      'service unavailable',
      'site is down',
      'we are upgrading',
      'wartung',
    ],
    texts: [
      'down for maintenance',
      'under maintenance',
      'scheduled maintenance',
      'undergoing maintenance',
      'maintenance in progress',
      'maintenance mode',
      'performing maintenance',
      'currently performing scheduled',
      'be right back',
      'be back soon',
      'be back shortly',
      'temporarily unavailable',
      'temporarily down',
      'wartungsarbeiten',
      'en maintenance',
      'en mantenimiento',
    ],
    names: ['maintenance', 'maintenance-mode', 'maintenance-page'],
  },
  {
    code: 'page_not_found',
    message: 'The page says that there is nothing at its address, with a status that says the opposite.',
    heads: [
      'page not found',
      '404',
      'not found',
      "page doesn't exist",
      'page does not exist',
      'no longer available',
      'seite nicht gefunden',
    ],
    texts: [
      'page not found',
      'page you requested could not be found',
      'page you are looking for',
      "page you're looking for",
      'this page does not exist',
      "this page doesn't exist",
      "this page isn't available",
      'nothing was found at this',
    ],
    names: ['error-404', 'error404', 'not-found', 'page-not-found'],
  },
  {
    code: 'still_loading',
    message: 'The page is still loading its data: rows or a sign in their place say so.',
    heads: [],
    texts: [
      'loading...',
      'loading…',
      'loading data',
      'please wait',
      'is loading',
      'wird geladen',
      'laden...',
      'chargement',
      'cargando',
    ],
    names: [
      'aria-busy',
      'loading',
      'is-loading',
      'loader',
      'loading-row',
      'loading-indicator',
      'loading-spinner',
      'spinner',
      'spinner-border',
      'spinner-grow',
      'skeleton',
      'skeleton-row',
      'placeholder-glow',
      'react-loading-skeleton',
      'shimmer',
      'progress-indicator',
    ],
  },
];

/**
 * What stands in for a page that was wanted; `null` where nothing is known to. For pages that could not be read as what they
 * should be: one that has its data is never asked.
 */
export function standInOf(html: string): Failure | null {
  const facts = factsOf(html);
  // With data, a story or a login it is another page, and not one in its place.
  if (facts.cells >= leastCells || facts.text.length > mostStandInText || facts.asksForPassword) return null;
  const found = standIns.find((each) => is(each, facts));
  return found ? { reason: 'down', detail: { code: found.code }, message: found.message } : null;
}

function is({ heads, texts, names }: StandIn, facts: PageFacts): boolean {
  const plain = (text: string) => text.toLowerCase().replaceAll('’', "'");
  const said = [facts.title, facts.heading].map(plain);
  if (heads.some((each) => said.some((text) => text.includes(each)))) return true;
  const text = plain(facts.text);
  if (text.length >= mostShortText) return false;
  return names.some((name) => facts.names.has(name)) || texts.some((each) => text.includes(each));
}
