import { Parser } from 'htmlparser2';
import { hiddenBy, isMarkedPage, isNeverShown } from './unseen.ts';

/** What tells a page of data from one that stands in its place, without reading either. */
export interface PageFacts {
  readonly title: string;
  /** The first large heading. */
  readonly heading: string;
  /** What is not markup, script or style: the beginning of it. */
  readonly text: string;
  /** Cells of tables, as many as were counted. */
  readonly cells: number;
  /** Cells of them with more than a dash, other than headings. */
  readonly filled: number;
  /** It has a script. */
  readonly scripts: boolean;
  readonly asksForPassword: boolean;
  /** Addresses of frames that are shown, of a captcha as a rule. */
  readonly frames: readonly string[];
  /** Words of `class` and `id`, in small letters, and what an element says of itself by `aria-busy`. */
  readonly names: ReadonlySet<string>;
}

/** A page with more text than this stands for itself. */
export const mostStandInText = 5_000;
/** A page with as many cells of a table has data. */
export const leastCells = 20;
const mostNames = 2_000;
const mostCellText = 500;
const mostFrames = 20;
const longestAddress = 1_000;
/** What stands in for a page is short; the rest of a long one is not looked at. */
const mostLength = 300_000;

/** A table whose cells are blank is still to be filled: longer ones are not counted to their end. */
const mostCells = 3_000;

/** The facts of a page, in one pass, in a time that grows with its length and no faster. */
export function factsOf(html: string): PageFacts {
  let title = '';
  let heading = '';
  let text = '';
  let cells = 0;
  let filled = 0;
  let scripts = false;
  let cell: 'blank' | 'filled' | null = null;
  let asksForPassword = false;
  /** Of the open elements, whether nothing in it is seen, or only its own text is not. */
  const hidden: ('all' | 'own' | null)[] = [];
  let isMarked = false;
  let within: 'title' | 'heading' | null = null;
  let headings = 0;
  const names = new Set<string>();
  const frames: string[] = [];
  const parser = new Parser({
    onopentag(name, attributes) {
      if (name === 'td' || name === 'th') {
        cells++;
        cell = name === 'td' ? 'blank' : null;
      }
      if (name === 'script') scripts = true;
      if (isMarkedPage(name, attributes)) isMarked = true;
      const isWithin = hidden.at(-1) === 'all';
      const itself = hiddenBy(attributes, isMarked);
      const isSeen = !isWithin && itself !== 'gone' && itself !== 'none';
      hidden.push(!isSeen || isNeverShown(name, attributes) ? 'all' : itself === 'inner' ? 'own' : null);
      if (name === 'title' && title === '') within = 'title';
      if (/^h[12]$/.test(name) && headings++ === 0) within = 'heading';
      if (name === 'input' && attributes['type'] === 'password' && isSeen) asksForPassword = true;
      if (name === 'iframe' && isSeen && frames.length < mostFrames)
        frames.push((attributes['src'] ?? '').slice(0, longestAddress));
      if (names.size < mostNames && isSeen) {
        const said = `${attributes['class'] ?? ''} ${attributes['id'] ?? ''}`.toLowerCase();
        for (const each of said.split(/\s+/)) if (each !== '') names.add(each);
        if (attributes['aria-busy'] === 'true') names.add('aria-busy');
      }
      // Data, or a page of its own: nothing stands in for it.
      if (filled >= leastCells || cells >= mostCells || text.length > mostStandInText) parser.pause();
    },
    ontext(data) {
      if (within === 'title' && title.length < 300) title += data;
      else if (within === 'heading' && heading.length < 300) heading += data;
      if (hidden.at(-1)) return;
      if (text.length <= mostStandInText) text += data;
      if (cell === 'blank' && /[\p{L}\p{N}]/u.test(data.slice(0, mostCellText))) {
        cell = 'filled';
        filled++;
      }
    },
    onclosetag(name) {
      hidden.pop();
      if (name === 'title' || /^h[12]$/.test(name)) within = null;
      if (name === 'td') cell = null;
    },
  });
  parser.write(html.slice(0, mostLength));
  return {
    title: spaced(title),
    heading: spaced(heading),
    text: spaced(text),
    cells,
    filled,
    scripts,
    asksForPassword,
    frames,
    names,
  };
}

function spaced(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
