import { Parser } from 'htmlparser2';
import { isMarkedPage, unseenOf } from '../sources/reading/unseen.ts';
import type { LoginView, ViewedField } from './login-view.ts';

/** Longer pages are cut, and deeper ones are left where they exceed it: no login page is either. */
const longestPage = 2_000_000;
const mostDepth = 512;

/** Elements that do not begin a line of their own. */
const inline: ReadonlySet<string> = new Set([
  ...['a', 'abbr', 'b', 'bdi', 'bdo', 'big', 'cite', 'code', 'em', 'font', 'i', 'kbd', 'mark', 'q', 's', 'small'],
  ...['span', 'strong', 'sub', 'sup', 'time', 'tt', 'u', 'var', 'wbr'],
]);

/**
 * What a person would see of a page that came without a browser, as far as its markup says (`unseen.ts`). In a time that
 * grows with the page's length and no faster.
 */
export function viewOfHtml(html: string, url: URL, form: { username: string; password: string }): LoginView {
  const lines: string[] = [];
  const fields: ViewedField[] = [];
  let line = '';
  /** Of the open elements, whether nothing in it is seen, or only its own text is not. */
  const open: ('all' | 'own' | null)[] = [];
  let isMarked = false;
  const endLine = () => {
    const text = line.replaceAll(/\s+/g, ' ').trim();
    if (text !== '') lines.push(text);
    line = '';
  };
  const parser = new Parser({
    onopentag(name, attributes) {
      if (isMarkedPage(name, attributes)) isMarked = true;
      const itself = unseenOf(name, attributes, isMarked);
      const isUnseen = open.at(-1) === 'all' || itself === 'gone' || itself === 'none' || isLayerAway(attributes);
      open.push(isUnseen ? 'all' : itself === 'inner' ? 'own' : null);
      if (open.length > mostDepth) parser.pause();
      if (isUnseen) return;
      if (!inline.has(name)) endLine();
      if (name === 'input' && attributes['type']?.toLowerCase() !== 'hidden') fields.push(fieldOf(attributes));
    },
    ontext(data) {
      if (!open.at(-1)) line += data;
    },
    onclosetag(name) {
      if (open.pop() !== 'all' && !inline.has(name)) endLine();
    },
  });
  parser.write(html.slice(0, longestPage));
  if (open.length <= mostDepth) parser.end();
  endLine();
  const has = (name: string) => fields.some((field) => field.name === name);
  return {
    paths: [url.pathname],
    lines,
    dialogLines: [],
    fields,
    refusal: null,
    signedIn: false,
    form: has(form.username) && has(form.password),
    half: has(form.username) === has(form.password) ? null : has(form.username) ? 'username' : 'password',
    faces: [],
  };
}

function fieldOf(attributes: Readonly<Record<string, string>>): ViewedField {
  return {
    type: (attributes['type'] ?? 'text').toLowerCase(),
    name: attributes['name'] ?? attributes['id'] ?? '',
    autocomplete: attributes['autocomplete'] ?? '',
    label: `${attributes['placeholder'] ?? ''} ${attributes['aria-label'] ?? ''}`.trim(),
  };
}

/** Dialogs that are not open say so to screen readers; the style that hides them is in another file. */
function isLayerAway(attributes: Readonly<Record<string, string>>): boolean {
  return attributes['aria-hidden'] === 'true';
}
