import type { LoginView, ViewedField } from './login-view.ts';
import { readTags } from './read-form.ts';

/** Elements whose text nobody sees. */
const unseen: ReadonlySet<string> = new Set([
  ...['head', 'script', 'style', 'template', 'noscript', 'svg', 'select', 'textarea', 'object', 'iframe', 'title'],
]);
/** Elements without an end tag. */
const empty: ReadonlySet<string> = new Set([
  ...['area', 'base', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'source', 'track', 'wbr'],
]);
/** Elements that do not begin a line of their own. */
const inline: ReadonlySet<string> = new Set([
  ...['a', 'abbr', 'b', 'bdi', 'bdo', 'big', 'cite', 'code', 'em', 'font', 'i', 'kbd', 'mark', 'q', 's', 'small'],
  ...['span', 'strong', 'sub', 'sup', 'time', 'tt', 'u', 'var', 'wbr'],
]);

/**
 * What a person would see of a page that came without a browser, as far as its markup says: hidden elements and their
 * content are left out, styles of other files are not known. Linear in the page's length.
 */
export function viewOfHtml(html: string, url: URL, form: { username: string; password: string }): LoginView {
  const lines: string[] = [];
  const fields: ViewedField[] = [];
  let line = '';
  /** The element that hides what is in it, and how many of its name are open within. */
  let hidden: { name: string; depth: number } | null = null;
  const endLine = () => {
    const text = line.replaceAll(/\s+/g, ' ').trim();
    if (text !== '') lines.push(text);
    line = '';
  };
  for (const { text, name, closing, attributes } of readTags(html)) {
    if (hidden === null) line += text;
    if (name === '') continue;
    if (hidden !== null) {
      if (name === hidden.name) hidden.depth += closing ? -1 : 1;
      if (hidden.depth === 0) hidden = null;
      continue;
    }
    if (!inline.has(name)) endLine();
    if (closing) continue;
    if (unseen.has(name) || isHidden(attributes)) {
      if (!empty.has(name)) hidden = { name, depth: 1 };
    } else if (name === 'input' && attributes.get('type')?.toLowerCase() !== 'hidden') {
      fields.push({
        type: (attributes.get('type') ?? 'text').toLowerCase(),
        name: attributes.get('name') ?? attributes.get('id') ?? '',
        autocomplete: attributes.get('autocomplete') ?? '',
        label: `${attributes.get('placeholder') ?? ''} ${attributes.get('aria-label') ?? ''}`.trim(),
      });
    }
  }
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

function isHidden(attributes: ReadonlyMap<string, string>): boolean {
  if (attributes.has('hidden') || attributes.get('aria-hidden') === 'true') return true;
  return /display\s*:\s*none|visibility\s*:\s*hidden/i.test(attributes.get('style') ?? '');
}
