import { shownAfter, shownBefore } from '../../contracts/words/shown-marks.ts';
import { isMarkedPage, isNeverShown, marksOf, noMarks, unseenOf } from './unseen.ts';

/** Longer texts of cells are cut. */
const longestCell = 2_000;
/** No footnote's mark is longer. */
const longestRaised = 12;

/** What an open element is to the text in it. */
export interface Open {
  /** Nothing in it is displayed. */
  readonly unseen: boolean;
  /** Nor does it take any room. */
  readonly gone: boolean;
  /** Its own text is not displayed; elements in it may be. */
  readonly muted: boolean;
  /** A superscript, or within one. */
  readonly raised: boolean;
  readonly letters: ((text: string) => string) | null;
  /** Written when it is closed. */
  readonly ending: string;
  readonly startsRaised: boolean;
}

/** Where in the text of the page a cell stands. */
export interface Cell {
  /** A `th`. */
  readonly isHeading: boolean;
  /** How many columns and rows it takes. */
  readonly columns: number;
  readonly rows: number;
  readonly shown: Span;
  /** The same with what is for screen readers only. */
  readonly whole: Span;
}

interface Span {
  readonly from: number;
  to: number;
}

/** What stands on lines of its own, unless a mark says otherwise. */
const blocks = new Set(
  'address article aside blockquote br caption dd details div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr img li main nav ol p pre section summary svg table tbody td tfoot th thead tr ul'.split(
    ' ',
  ),
);
/** These divide whatever the marks say: marks are of texts within one cell. */
const divides = new Set('br hr img svg table tbody td tfoot th thead tr'.split(' '));
/** The text of a page as it is displayed, written while the page is parsed. */
export class ShownText {
  /** Joined once: a text that is appended to and looked at in turn is copied each time. */
  readonly #shown: string[] = [];
  readonly #whole: string[] = [];
  #shownLength = 0;
  #wholeLength = 0;
  #marked = false;
  /** Heading cells that are open. */
  #headings = 0;
  /** The superscript that is open, and what was written last before it. */
  #raised = '';
  #last = '';
  #joined: { readonly shown: string; readonly whole: string } | null = null;

  /** An element begins. */
  open(name: string, attributes: Readonly<Record<string, string>>, parent: Open | undefined): Open {
    const marks = marksOf(attributes);
    if (isMarkedPage(name, attributes)) this.#marked = true;
    const apart = this.#marked ? divides.has(name) : blocks.has(name);
    if (
      this.#marked &&
      parent &&
      marks === noMarks &&
      !isNeverShown(name, attributes) &&
      name !== 'sup' &&
      name !== 'sub' &&
      attributes['role'] !== noteRole &&
      !hasWritten(attributes)
    )
      return this.#openPlain(parent, apart);
    const itself = unseenOf(name, attributes, this.#marked);
    const gone = parent?.unseen === true ? parent.gone : itself === 'gone';
    const unseen = parent?.unseen === true || itself === 'gone' || itself === 'none';
    const isNote = name === 'sup' || name === 'sub' || attributes['role'] === noteRole;
    const raised = parent?.raised === true || isNote || marks.includes('raised');
    if (!unseen && (apart || marks.includes('gap-before'))) this.#append(' ');
    const opened: Open = {
      unseen,
      gone,
      muted: marks.includes('inner'),
      raised,
      startsRaised: raised && parent?.raised !== true,
      letters: lettersOf(marks) ?? null,
      ending: `${unseen ? '' : (attributes[shownAfter] ?? '')}${!unseen && (apart || marks.includes('gap-after')) ? ' ' : ''}`,
    };
    if (opened.startsRaised) this.#raised = '';
    const start = attributes[shownBefore];
    // Seen although the element's own text may not be.
    if (start !== undefined && !unseen) this.write(start, { ...opened, muted: false });
    return opened;
  }

  /** An element that says nothing of itself: it is as what it is in. */
  #openPlain({ unseen, gone, raised }: Open, apart: boolean): Open {
    const divided = apart && !unseen;
    if (divided) this.#append(' ');
    return { unseen, gone, raised, muted: false, startsRaised: false, letters: null, ending: divided ? ' ' : '' };
  }

  /** Text in an element. */
  write(text: string, within: Open | undefined): void {
    // Only headings are looked up by what is for screen readers.
    if (this.#headings > 0) {
      this.#whole.push(text);
      this.#wholeLength += text.length;
    }
    if (within?.unseen || within?.muted) return;
    const written = within?.letters?.(text) ?? text;
    if (within?.raised !== true) this.#append(written);
    else if (this.#raised.length < longestRaised) this.#raised += written.slice(0, longestRaised);
  }

  /** An element ends. */
  close(closed: Open): void {
    if (closed.startsRaised && !closed.unseen) this.#append(footnoteOr(this.#raised.trim(), this.#last));
    if (closed.ending !== '') {
      if (closed.raised && !closed.startsRaised) this.#raised += closed.ending;
      else this.#append(closed.ending);
    }
  }

  begin({ isHeading, columns, rows }: Pick<Cell, 'isHeading' | 'columns' | 'rows'>): Cell {
    this.#last = '';
    if (isHeading) this.#headings++;
    return {
      isHeading,
      columns,
      rows,
      shown: { from: this.#shownLength, to: this.#shownLength },
      whole: { from: this.#wholeLength, to: this.#wholeLength },
    };
  }

  end(cell: Cell): void {
    if (cell.isHeading) this.#headings--;
    cell.shown.to = this.#shownLength;
    cell.whole.to = this.#wholeLength;
  }

  /** A cell as people see it: in one line, without icons and the marks of footnotes. */
  of({ shown }: Cell): string {
    return cellText(cut(this.#text().shown, shown));
  }

  /** The text of the page from its start, of this length. */
  start(length: number): string {
    return this.#text().shown.slice(0, length);
  }

  /** A cell with what is for screen readers only. */
  wholeOf({ whole }: Cell): string {
    return cellText(cut(this.#text().whole, whole));
  }

  #append(text: string): void {
    this.#shown.push(text);
    this.#shownLength += text.length;
    if (text.trim() !== '') this.#last = text.length > longestCell ? text.slice(-longestCell) : text;
  }

  #text(): { readonly shown: string; readonly whole: string } {
    this.#joined ??= { shown: this.#shown.join(''), whole: this.#whole.join('') };
    return this.#joined;
  }
}

/** The role of the mark of a footnote. */
const noteRole = 'doc-noteref';

function hasWritten(attributes: Readonly<Record<string, string>>): boolean {
  return attributes[shownBefore] !== undefined || attributes[shownAfter] !== undefined;
}

function lettersOf(marks: readonly string[]): Open['letters'] | undefined {
  if (marks.length === 0) return null;
  if (marks.includes('uppercase')) return (text) => text.toUpperCase();
  if (marks.includes('lowercase')) return (text) => text.toLowerCase();
  return marks.includes('capitalize') ? (text) => text.replace(/(?<!\S)\p{L}/gu, (it) => it.toUpperCase()) : null;
}

/**
 * What a superscript adds to the text before it. Usually nothing: it is the mark of a footnote. Two digits after a whole
 * number may be its cents and may be no part of it, and figures amid decimals count zeros: kept apart, so that it is read as
 * no number.
 */
function footnoteOr(raised: string, before: string): string {
  if (/^\d{1,2}$/.test(raised) && /\d\.\d*$/.test(before.slice(-30))) return `^${raised}`;
  return /^\d{2}$/.test(raised) && /(^|[^.\d])\d[\d,]*$/.test(before.slice(-30)) ? `^${raised}` : '';
}

function cut(text: string, { from, to }: Span): string {
  return text.slice(from, Math.min(to, from + longestCell));
}

/** Pictures in letters' clothing, but for the triangles and arrows that say where a price went. */
const icons =
  /(?:\ufe0f|[\p{Co}\u2980-\u2aff\u2600-\u27bf\u2b50\u2b55\u{1f000}-\u{1f539}\u{1f53c}-\u{1faff}\u{f0000}-\u{10ffff}])+/gu;
const footnotes = /[\s*\u2020\u2021\u00a7\u00b6\u00b9\u00b2\u00b3\u2070-\u2079]+$/;

/** What nobody sees, characters that are blank among them. */
const unseen = /[\p{Cf}\p{Default_Ignorable_Code_Point}]+/gu;
const reversed = /\u202e([^\u202c\u202d\u202e]*)\u202c?/g;

/** Letters as they are displayed: wide ones as the others, reversed ones in their order, and no icons. */
function withoutTricks(text: string): string {
  return text
    .replaceAll(reversed, (_, inside: string) => [...inside].reverse().join(''))
    .replaceAll(unseen, '')
    .replaceAll(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replaceAll(/[\u2800\u3000]+/g, ' ')
    .replaceAll(icons, ' ');
}

/** Text as displayed: without what nobody sees, and runs of spaces, breaking or not, are one space. */
function cellText(text: string): string {
  if (/^[\w.,%()&/-]*$/.test(text)) return text;
  // Plain letters are most of what pages have.
  const plain = /[^\0-\xff]/.test(text) || text.includes('\u00ad') ? withoutTricks(text) : text;
  return plain.replaceAll(/\s+/g, ' ').replace(footnotes, '').trim();
}
