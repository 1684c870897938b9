/** The replacement for a secret. */
export const mask = '[redacted]';

/** Headers whose values are credentials, whatever they hold. */
const secretHeaders = new Set([
  'cookie',
  'set-cookie',
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'x-cg-demo-api-key',
]);

/**
 * A function that masks every occurrence of some secrets in a text: as they are, URL-encoded, escaped as in JSON and HTML,
 * and in base64 and base64url, also where the secret is only a part of what was encoded.
 * Texts under six characters are no secrets: masking them would spoil prices.
 *
 * @example
 * redactor(['s3cret-key'])('https://example.com/?apikey=s3cret-key') // 'https://example.com/?apikey=[redacted]'
 * redactor(['short'])('a short text') // 'a short text'
 */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < 6) continue;
    for (const form of writings(secret)) {
      forms.add(form);
      for (const encoded of base64Forms(form)) forms.add(encoded);
    }
  }
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((masked, form) => masked.replaceAll(form, mask), text);
}

/** A secret as URLs, forms, HTML and JSON of several makers write it. */
function writings(secret: string): Set<string> {
  const encoded = encodeURIComponent(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const lower = (text: string) => text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const form = new URLSearchParams([['', secret]]).toString().slice(1);
  const escaped = (text: string) =>
    text.replaceAll(/[<>&'=+/]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const htmlText = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return new Set([
    secret,
    encoded,
    lower(encoded),
    encodeURI(secret),
    form,
    lower(form),
    encodeURIComponent(encoded),
    json,
    json.replaceAll('/', '\\/'),
    escaped(json),
    htmlText,
    htmlText.replaceAll('"', '&quot;'),
    htmlText.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    secret.replaceAll('&', '&amp;').replaceAll('"', '&quot;'),
  ]);
}

/**
 * What stands in base64 for a text that begins at any place of what was encoded. Three letters make four, so there are
 * three ways to begin; the first and last letters, which depend on the surroundings, are left out.
 */
function base64Forms(text: string): Set<string> {
  const bytes = Buffer.from(text, 'utf8');
  const found = new Set<string>();
  for (const lead of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(lead), bytes]);
    const sure = Math.floor((whole.length * 8) / 6);
    const part = whole.toString('base64').slice(Math.ceil((lead * 8) / 6), sure);
    found.add(part);
    found.add(part.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return found;
}

/** Headers with the values of credentials masked, and all others passed through `redact`. */
export function redactHeaders(
  headers: Readonly<Record<string, string>>,
  redact: (text: string) => string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      secretHeaders.has(name.toLowerCase()) ? mask : redact(value),
    ]),
  );
}
