/** An HTML form as far as a login or a consent needs it. */
export interface HtmlForm {
  /** As it is written: may be relative, or empty for the page's own address. */
  readonly action: string;
  readonly method: 'GET' | 'POST';
  /** Inputs with a name, in order; buttons too, which count only when they are pressed. */
  readonly fields: readonly { readonly name: string; readonly value: string; readonly type: string }[];
}

/** Longer pages are cut: a form that is farther down is none of a login. */
const longestPage = 2_000_000;

/**
 * The forms of a page. Total: any text gives a list. Reads markup as generators of such pages write it; it is no browser,
 * and what it overlooks shows as a form without its field.
 */
export function readForms(page: string): HtmlForm[] {
  const text = page.slice(0, longestPage).replaceAll(/<!--[\s\S]*?-->/g, '');
  const forms: HtmlForm[] = [];
  for (const [, head = '', inside = ''] of text.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form\s*>/gi)) {
    const form = attributesOf(head);
    const fields: { name: string; value: string; type: string }[] = [];
    for (const [, tag = '', rest = ''] of inside.matchAll(/<(input|button)\b([^>]*)>/gi)) {
      const { name, value = '', type } = attributesOf(rest);
      if (name === undefined || name === '') continue;
      fields.push({ name, value, type: (type ?? (tag.toLowerCase() === 'button' ? 'submit' : 'text')).toLowerCase() });
    }
    forms.push({
      action: form['action'] ?? '',
      method: form['method']?.toUpperCase() === 'POST' ? 'POST' : 'GET',
      fields,
    });
  }
  return forms;
}

/** What a browser would send without anybody typing: hidden and filled-in fields, no buttons, no unticked boxes. */
export function filledFields(form: HtmlForm): [string, string][] {
  return form.fields
    .filter(({ type }) => !['submit', 'button', 'reset', 'image', 'checkbox', 'radio', 'file'].includes(type))
    .map(({ name, value }) => [name, value]);
}

function attributesOf(text: string): Record<string, string> {
  const found: Record<string, string> = Object.create(null);
  for (const [, name = '', double, single, bare] of text.matchAll(
    /([a-z][\w:-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gi,
  )) {
    found[name.toLowerCase()] ??= decoded(double ?? single ?? bare ?? '');
  }
  return found;
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return named[String(name).toLowerCase()] ?? whole;
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
