/** Something that people are told, in the forms that services take. Pure. */
export interface Notice {
  readonly title: string;
  readonly text: string;
  /** Something is wrong now, or is over. */
  readonly kind: 'wrong' | 'over' | 'note';
}

const longest = { title: 200, text: 3_000 };

/** A notice as long as every service takes. */
export function cut({ title, text, kind }: Notice): Notice {
  return { title: title.slice(0, longest.title), text: text.slice(0, longest.text), kind };
}

/** A request that tells a notice to a webhook. */
export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const ntfy = {
  wrong: { priority: 4, tags: ['rotating_light'] },
  over: { priority: 2, tags: ['white_check_mark'] },
  note: { priority: 3, tags: [] },
} as const;

/**
 * The request in the form of the service. Slack reads `&`, `<` and `>` as markup, so they are escaped, and nobody is mentioned.
 * ntfy gets JSON at the root of its server, with the topic that the path names: headers take no text but ASCII.
 */
export function requestOf(
  { form, url }: { readonly form: 'slack' | 'ntfy'; readonly url: string },
  { title, text, kind }: Notice,
): WebhookRequest {
  const headers = { 'content-type': 'application/json' };
  if (form === 'slack') {
    const escaped = (value: string) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    return { url, headers, body: JSON.stringify({ text: `*${escaped(title)}*\n${escaped(text)}` }) };
  }
  const address = new URL(url);
  const topic = address.pathname.replace(/^\/+/, '');
  address.pathname = '/';
  return { url: address.href, headers, body: JSON.stringify({ topic, title, message: text, ...ntfy[kind] }) };
}
