/**
 * What of a page's HTML a person does not see: the one answer for tables, for pages that stand in for others, and for what
 * comes after a password. A page that the browser marked (`shown-marks.ts`) says it itself. Of any other its markup gives
 * hints: styles of other files are not known.
 */
import { shownAttribute } from '../../contracts/words/shown-marks.ts';

/**
 * `gone`: it takes no room either. `none`: nothing in it is displayed. `inner`: its own text is not; elements in it may be.
 * `null`: it is as what it stands in.
 */
export type Unseen = 'gone' | 'none' | 'inner' | null;

type Attributes = Readonly<Record<string, string>>;

/** What no reader sees as text, in any page. */
const neverShown: ReadonlySet<string> = new Set(
  'head script style template noscript svg math select datalist textarea iframe object canvas video audio rt rp'.split(
    ' ',
  ),
);
/** Names that everybody gives to text for screen readers. */
const forScreenReaders = /(^|\s)(sr-only|visually-?hidden|screen-reader-text)(\s|$)/;
/** Longer styles and lists of classes are cut. */
const longestHint = 2_000;

/** Whether text in such an element is none that is read. The content of a shadow root is written in a template. */
export function isNeverShown(name: string, attributes: Attributes): boolean {
  return neverShown.has(name) && !(name === 'template' && attributes['shadowrootmode'] !== undefined);
}

/** Whether a page, by its `html` element, was marked by the browser. */
export function isMarkedPage(name: string, attributes: Attributes): boolean {
  return name === 'html' && marksOf(attributes).includes('page');
}

/** What the browser wrote of an element. */
export function marksOf(attributes: Attributes): readonly string[] {
  const given = attributes[shownAttribute];
  return given === undefined ? noMarks : given.split(' ');
}

export const noMarks: readonly string[] = [];

/** How an element hides itself. */
export function hiddenBy(attributes: Attributes, isMarked: boolean): Unseen {
  const marks = marksOf(attributes);
  const hint = isMarked ? null : hintOf(attributes);
  if (hint === 'gone' || marks.includes('gone')) return 'gone';
  if (hint === 'none' || marks.includes('none')) return 'none';
  return marks.includes('inner') ? 'inner' : null;
}

/** How text in an element is not seen: it is hidden, or no element of its name shows any. */
export function unseenOf(name: string, attributes: Attributes, isMarked: boolean): Unseen {
  const hidden = hiddenBy(attributes, isMarked);
  return hidden !== 'gone' && isNeverShown(name, attributes) ? 'none' : hidden;
}

/** What a page that was kept without marks says itself of an element. */
function hintOf(attributes: Attributes): 'gone' | 'none' | null {
  if (Object.hasOwn(attributes, 'hidden')) return 'gone';
  const style = attributes['style']?.slice(0, longestHint);
  if (style !== undefined && /(^|[;\s])display\s*:\s*none/i.test(style)) return 'gone';
  if (style !== undefined && /(^|[;\s])visibility\s*:\s*hidden/i.test(style)) return 'none';
  const names = attributes['class'];
  return names !== undefined && forScreenReaders.test(names.slice(0, longestHint)) ? 'none' : null;
}
