import type { Exchange } from '../../contracts/blob.ts';
import type { Failure } from '../../contracts/failure.ts';
import { factsOf, leastCells, mostStandInText, type PageFacts } from './page-facts.ts';
import { consentMarks, limitSentences, limitTexts, type WallFace, wallFaces } from './wall-faces.ts';

type Response = Pick<NonNullable<Exchange['response']>, 'status' | 'headers' | 'body'>;

/** A page with a widget and more text than this has the widget for something of its own, such as comments. */
const mostWidgetText = 1_500;
const mostBareText = 100;
/** With this many cells there are data: a layout of the wall has fewer. */
const leastDataCells = 5;
/** A wall is a short page. */
const longestWall = 500_000;
const longestJsonPage = 20_000;

/** Statuses with which a widget may be the page: with others, such as 404, it stands on an error page. */
const widgetStatuses: ReadonlySet<number> = new Set([200, 202, 401, 403, 405, 429, 503]);

/** A wall, and whether its maker's own signs say it: words and boxes of captchas are on good pages, too. */
export interface FoundWall {
  readonly face: WallFace;
  readonly isCertain: boolean;
}

/**
 * The bot wall that an answer is in place of what was asked for, whatever its status; `null` where it is none. A page that
 * has data, or more text than any wall, is none, whatever scripts and widgets it embeds.
 */
export function wallOf(response: Response): WallFace | null {
  return wallIn(response)?.face ?? null;
}

/** As `wallOf`, with how certain it is: a page that is still to be filled may only look like one. */
export function wallIn(response: Response): FoundWall | null {
  const byHeader = wallFaces.find(({ headers = [] }) => headers.some((each) => saysHeader(response, each)));
  if (byHeader) return { face: byHeader, isCertain: true };
  const { status, body } = response;
  if (body === '' || body.length > longestWall) return null;
  const start = startOf(body);
  if (isJson(start)) return certain(jsonWall(start));
  if (!start.includes('<') || hasData(body)) return null;
  // A browser shows JSON as a page of one text.
  if (body.length < longestJsonPage && body.includes('<pre')) {
    const { text } = factsOf(body);
    if (text.startsWith('{')) return certain(jsonWall(text));
  }
  const small = body.toLowerCase().replaceAll('’', "'");
  const possible = wallFaces.filter((face) => !face.notWith?.includes(status) && mayBe(face, body, small));
  if (possible.length === 0) return null;
  const facts = factsOf(body);
  if (facts.cells >= leastDataCells || facts.text.length > mostStandInText) return null;
  for (const face of possible) {
    const isCertain = saysItself(face, body, facts);
    if (isCertain || looksLike(face, body, facts, status)) return { face, isCertain };
  }
  return null;
}

function certain(face: WallFace | null): FoundWall | null {
  return face && { face, isCertain: true };
}

/** The failure that a wall, a consent page or a limiter's notice in place of an answer is; `null` where it is none of them. */
export function wallFailure(response: Response): Failure | null {
  const wall = wallOf(response);
  if (wall)
    return {
      reason: 'blocked',
      detail: { code: 'bot_challenge', wall: wall.name },
      message: `The source answered ${response.status} with a wall against robots (${wall.name}) in place of what was asked for.`,
    };
  const { status, body } = response;
  if (status !== 200 || body.length > longestWall) return null;
  if (isLimit(body))
    return {
      reason: 'rate_limited',
      detail: { code: 'rate_limit_notice' },
      message: 'The source says "Too Many Requests" inside a 200.',
    };
  // A page that a person is to agree on is none of data, which may be long.
  if (!isJson(startOf(body)) && consentMarks.some((mark) => body.includes(mark)) && hasLittle(factsOf(body)))
    return {
      reason: 'auth_expired',
      detail: { code: 'consent_page' },
      message: 'The source asks for consent in place of what was asked for: a new session gives it.',
    };
  return null;
}

function startOf(body: string): string {
  return body.slice(0, 200).trimStart();
}

function isJson(start: string): boolean {
  return start.startsWith('{') || start.startsWith('[');
}

/** What starts with it, in a short answer, or a page of little text with a sentence of it. */
function isLimit(body: string): boolean {
  if (body.length >= 2_000 && (isJson(startOf(body)) || hasData(body))) return false;
  const small = body.toLowerCase().replaceAll('’', "'");
  const sentence = limitSentences.some((each) => small.includes(each));
  if (!sentence && (body.length >= 2_000 || !limitTexts.some((each) => small.includes(each)))) return false;
  if (!body.includes('<')) return limitTexts.some((each) => small.trim().startsWith(each));
  if (hasData(body)) return false;
  const { text, title, cells } = factsOf(body);
  const said = [title, text].map((each) => each.toLowerCase().replaceAll('’', "'"));
  if (limitTexts.some((each) => said.some((words) => words.startsWith(each)))) return true;
  const isAll = cells < leastDataCells && text.length < mostWidgetText;
  return isAll && limitSentences.some((each) => said.some((words) => words.includes(each)));
}

function hasLittle({ cells, text }: PageFacts): boolean {
  return cells < leastCells && text.length < mostStandInText;
}

function saysHeader({ headers }: Response, [name, texts]: readonly [string, readonly string[]]): boolean {
  const value = Object.hasOwn(headers, name) ? headers[name]?.toLowerCase() : undefined;
  return value !== undefined && texts.some((text) => value.includes(text));
}

/** Whether there are cells of a table, without reading the page: that of data is long. */
function hasData(body: string): boolean {
  let at = -1;
  for (let cells = 0; cells < leastCells; cells++) {
    at = body.indexOf('<td', at + 1);
    if (at === -1) return false;
  }
  return true;
}

/** White space of JSON does not matter. */
function jsonWall(text: string): WallFace | null {
  const dense = text.slice(0, 200).replaceAll(/\s/g, '');
  return wallFaces.find(({ json = [] }) => json.some((each) => dense.startsWith(each))) ?? null;
}

function mayBe(
  { marks = [], widgets = [], frames = [], bare = [], titles = [], texts = [] }: WallFace,
  body: string,
  small: string,
): boolean {
  return (
    [...marks, ...bare, ...frames].some((each) => body.includes(each)) ||
    [...widgets, ...titles, ...texts].some((each) => small.includes(each.replace('&', '&amp;')) || small.includes(each))
  );
}

function saysItself({ marks = [], titles = [] }: WallFace, body: string, facts: PageFacts): boolean {
  const heads = [facts.title, facts.heading].map(plain);
  return (
    marks.some((each) => body.includes(each)) || titles.some((each) => heads.some((head) => head.startsWith(each)))
  );
}

function looksLike(face: WallFace, body: string, facts: PageFacts, status: number): boolean {
  const { widgets = [], frames = [], bare = [], texts = [] } = face;
  const text = plain(facts.text);
  if (!facts.asksForPassword && texts.some((each) => text.includes(each))) return true;
  if (text.length < mostBareText && bare.some((each) => body.includes(each))) return true;
  const isAll = facts.cells === 0 && text.length < mostWidgetText && !facts.asksForPassword;
  if (!widgetStatuses.has(status) || !isAll) return false;
  // Those of the invisible kind are on every page.
  const shown = facts.frames.filter((each) => !/[?&;]size=invisible\b/.test(each));
  return (
    widgets.some((each) => facts.names.has(each)) || frames.some((each) => shown.some((frame) => frame.includes(each)))
  );
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll('’', "'");
}
