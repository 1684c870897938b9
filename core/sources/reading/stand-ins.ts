/**
 * Pages that stand in for the wanted one for a while: maintenance, a queue, an error with a 200, "not found" with a 200, and a
 * page that is still loading. They are told from a page that was rebuilt, of which a person must make sense: these will be
 * right soon.
 */
import type { Failure } from '../../contracts/failure.ts';
import { factsOf, leastCells, mostStandInText, type PageFacts } from './page-facts.ts';
import { type StandIn, standIns } from './stand-in-faces.ts';

/** Text of a page that says one thing. */
const mostShortText = 1_500;

/**
 * What stands in for a page that was wanted; `null` where nothing is known to. For pages that could not be read as what they
 * should be: one that has its data is never asked.
 */
export function standInOf(html: string): Failure | null {
  const found = standInFace(html);
  return found ? { reason: 'down', detail: { code: found.code }, message: found.message } : null;
}

/** The same as a face, with whether its title or heading says so: a text or a name may be in a corner of any page. */
export function standInFace(
  html: string,
): (Pick<StandIn, 'code' | 'message'> & { readonly isHeading: boolean }) | null {
  const facts = factsOf(html);
  // With data, a story or a login it is another page, and not one in its place.
  if (facts.filled >= leastCells || facts.text.length > mostStandInText || facts.asksForPassword) return null;
  const said = [facts.title, facts.heading].map(plain);
  const heading = standIns.find(
    ({ heads, starts = [] }) =>
      heads.some((each) => said.some((text) => text.includes(each))) ||
      starts.some((each) => said.some((text) => text.startsWith(each))),
  );
  if (heading) return { ...heading, isHeading: true };
  const found = standIns.find((each) => says(each, facts)) ?? (isEmpty(facts) ? loading : undefined);
  return found ? { ...found, isHeading: false } : null;
}

const loading = standIns.find(({ code }) => code === 'still_loading');

function says({ texts, names }: StandIn, facts: PageFacts): boolean {
  const text = plain(facts.text);
  if (text.length >= mostShortText) return false;
  if (texts.some((each) => text.includes(each))) return true;
  return names !== undefined && [...facts.names].some((name) => names.test(name));
}

/** A page that says nothing, or a table whose cells are all blank: a shell that its script has not filled. */
function isEmpty({ text, cells, filled, scripts }: PageFacts): boolean {
  return (text === '' && scripts) || (cells >= leastCells && filled === 0);
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll('’', "'");
}
