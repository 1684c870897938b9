/** An HTML form as far as a login or a consent needs it. */
export interface HtmlForm {
  /** As it is written: may be relative, or empty for the page's own address. */
  readonly action: string;
  readonly method: 'GET' | 'POST';
  /** Inputs with a name, in order; buttons too, which count only when they are pressed. */
  readonly fields: readonly { readonly name: string; readonly value: string; readonly type: string }[];
}

/** Longer pages are cut: no login form is farther down. */
const longestPage = 2_000_000;
/** No tag of a login form is longer. Bounds the search for a tag's end, so that no page takes long to read. */
const longestTag = 4_000;

/**
 * The forms of a page. Total, and linear in the page's length: any text gives a list, soon. Reads markup as generators of
 * such pages write it; it is no browser, and what it overlooks shows as a form without its field.
 */
export function readForms(page: string): HtmlForm[] {
  const text = withoutComments(page.slice(0, longestPage));
  const forms: { action: string; method: 'GET' | 'POST'; fields: HtmlForm['fields'][number][] }[] = [];
  let inForm = false;
  const tag = /<(\/?)(form|input|button)\b/gi;
  for (let found = tag.exec(text); found; found = tag.exec(text)) {
    const [, closing, name = ''] = found;
    const kind = name.toLowerCase();
    if (closing) {
      if (kind === 'form') inForm = false;
      continue;
    }
    const inside = text.slice(tag.lastIndex, tag.lastIndex + longestTag);
    const end = inside.indexOf('>');
    if (end < 0) continue;
    tag.lastIndex += end + 1;
    const attributes = attributesOf(inside.slice(0, end));
    if (kind === 'form') {
      inForm = true;
      const method = attributes.get('method')?.toUpperCase() === 'POST' ? 'POST' : 'GET';
      forms.push({ action: attributes.get('action') ?? '', method, fields: [] });
    } else if (inForm && attributes.get('name')) {
      const type = (attributes.get('type') ?? (kind === 'button' ? 'submit' : 'text')).toLowerCase();
      forms.at(-1)?.fields.push({ name: attributes.get('name') ?? '', value: attributes.get('value') ?? '', type });
    }
  }
  return forms;
}

function withoutComments(text: string): string {
  const parts: string[] = [];
  let at = 0;
  for (let open = text.indexOf('<!--'); open >= 0; open = text.indexOf('<!--', at)) {
    parts.push(text.slice(at, open));
    const close = text.indexOf('-->', open + 4);
    if (close < 0) return parts.join('');
    at = close + 3;
  }
  return parts.join('') + text.slice(at);
}

/** What a browser would send without anybody typing: hidden and filled-in fields, no buttons, no unticked boxes. */
export function filledFields(form: HtmlForm): [string, string][] {
  return form.fields
    .filter(({ type }) => !['submit', 'button', 'reset', 'image', 'checkbox', 'radio', 'file'].includes(type))
    .map(({ name, value }) => [name, value]);
}

function attributesOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', double, single, bare] of text.matchAll(
    /([a-z][\w:-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gi,
  )) {
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, decoded(double ?? single ?? bare ?? ''));
  }
  return found;
}

const named = new Map(Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }));

function decoded(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return named.get(String(name).toLowerCase()) ?? whole;
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
