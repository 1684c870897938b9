import { LRUCache } from 'lru-cache';
import { type Decoded, decodeEscapes, joinLines } from './decode-writings.ts';
import { type Span, type TextFinder, textFinder, unitsOf } from './find-texts.ts';

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

/** The shortest text that counts as a secret: masking shorter ones would spoil prices. */
export const shortestSecret = 6;

/** `encoded` stands for the whole run of base64 or hex letters that it is found in. */
type Kind = 'plain' | 'encoded';

/** Layers of escapes that are taken off: JSON in JSON in a URL has three. */
const mostLayers = 4;

/**
 * A function that masks every occurrence of some secrets in a text, in upper or lower case: as they are, behind the escapes
 * of URLs, HTML and JSON in any mixture and up to four layers deep, in hex, and in base64 and base64url, also broken into
 * lines, twice, or where the secret is only a part of what was encoded. What stands for the secret is masked whole.
 *
 * One pass over the text for each layer that it has, whatever the number of secrets. Texts under six characters are no
 * secrets: masking them would spoil prices.
 *
 * @example
 * redactor(['s3cret-key'])('https://example.com/?apikey=s3cret-key') // 'https://example.com/?apikey=[redacted]'
 * redactor(['Pa55/w0rd'])('pa55&#x2F;w0rd') // '[redacted]'
 * redactor(['short'])('a short text') // 'a short text'
 */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  const long = [...new Set(secrets)].filter((secret) => secret.length >= shortestSecret);
  if (long.length === 0) return (text) => text;
  const id = long.join('\n');
  const finder = recent.get(id) ?? finderOf(long);
  recent.set(id, finder);
  return (text) => (text.length < shortestSecret ? text : masked(text, finder));
}

/** A container works with the same few sessions all day. */
const recent = new LRUCache<string, TextFinder<Kind>>({ max: 10 });

function finderOf(secrets: readonly string[]): TextFinder<Kind> {
  const looked = new Map<string, Kind>();
  for (const secret of secrets) {
    for (const text of encodings(secret)) looked.set(text, 'encoded');
    const bare = withoutEscapes(secret);
    // A secret's last character may begin an escape with what follows it.
    const whole = bare.replace(/[\\%&]$/, '');
    for (const text of [...writings(secret), bare, withoutEscapes(secret.replaceAll(' ', '+')), whole])
      if (text.length >= shortestSecret - 1) looked.set(text, 'plain');
  }
  return textFinder(looked);
}

function masked(text: string, finder: TextFinder<Kind>): string {
  let layer = { units: unitsOf(text), length: text.length };
  const spans: Span[] = wholeMatches(finder, layer);
  const sources: Decoded[] = [];
  const look = (decoded: Decoded) => {
    layer = decoded;
    sources.unshift(decoded);
    for (const match of wholeMatches(finder, decoded))
      spans.push(sources.reduce((span, source) => source.sourceOf(span), match));
  };
  for (let turn = 0; turn < mostLayers; turn++) {
    const decoded = decodeEscapes(layer.units, layer.length);
    if (decoded === null) break;
    look(decoded);
  }
  const joined = joinLines(layer.units, layer.length);
  if (joined !== null) look(joined);
  if (spans.length === 0) return text;
  spans.sort((a, b) => a.from - b.from);
  const parts: string[] = [];
  let done = 0;
  for (const { from, to } of spans) {
    if (to <= done) continue;
    if (from >= done) parts.push(text.slice(done, from), mask);
    done = to;
  }
  return parts.join('') + text.slice(done);
}

/** The matches in a layer; each encoded one with all that was encoded with it. */
function wholeMatches(finder: TextFinder<Kind>, { units, length }: { units: Uint16Array; length: number }): Span[] {
  const spans: Span[] = [];
  let done = 0;
  for (const { from, to, kind } of finder.find(units, length)) {
    if (kind === 'plain') {
      spans.push({ from, to });
      continue;
    }
    if (to <= done) continue;
    let first = from;
    while (first > done && isEncodingLetter(units[first - 1] ?? 0)) first--;
    let end = to;
    while (end < length && (isEncodingLetter(units[end] ?? 0) || units[end] === 61)) end++;
    spans.push({ from: first, to: end });
    done = end;
  }
  return spans;
}

/** A letter of base64 or base64url, and so of hex. */
function isEncodingLetter(unit: number): boolean {
  const lower = unit | 32;
  return (
    (lower >= 97 && lower <= 122) ||
    (unit >= 48 && unit <= 57) ||
    unit === 43 ||
    unit === 47 ||
    unit === 45 ||
    unit === 95
  );
}

/** A secret without what looks like an escape in it, as it is found in a text that all layers are taken off. */
function withoutEscapes(secret: string): string {
  let layer = { units: unitsOf(secret), length: secret.length };
  for (let turn = 0; turn < mostLayers; turn++) {
    const decoded = decodeEscapes(layer.units, layer.length);
    if (decoded === null) break;
    layer = decoded;
  }
  return String.fromCharCode(...layer.units.subarray(0, layer.length));
}

/** Characters of a secret by which its encodings are found. They are masked as far as they go, so the others need no look. */
const encodedStart = 40;

/** How hex and base64, once and twice, begin for a secret and for its writings. */
function encodings(secret: string): Set<string> {
  const start = [...secret.slice(0, 2 * encodedStart)].slice(0, encodedStart).join('');
  const found = new Set<string>([Buffer.from(start, 'utf8').toString('hex')]);
  for (const writing of writings(start))
    for (const once of base64Forms(writing)) {
      found.add(once);
      for (const variant of [once, once.replaceAll('+', '-').replaceAll('/', '_')])
        for (const twice of base64Forms(variant)) found.add(twice);
    }
  return found;
}

/** A secret as URLs, forms, HTML and JSON of several makers write it. */
function writings(secret: string): Set<string> {
  const encoded = encodeURIComponent(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const lower = (text: string) => text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const form = new URLSearchParams([['', secret]]).toString().slice(1);
  const escaped = (text: string) =>
    text.replaceAll(/[<>&'=+/]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const ascii = (text: string) =>
    text.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
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
    ascii(json),
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
 * three ways to begin; the first and last letters, which depend on the surroundings, are left out. base64url is found by the
 * same forms.
 */
function base64Forms(text: string): Set<string> {
  const bytes = Buffer.from(text, 'utf8');
  const found = new Set<string>();
  for (const lead of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(lead), bytes]);
    const sure = Math.floor((whole.length * 8) / 6);
    const part = whole.toString('base64').slice(Math.ceil((lead * 8) / 6), sure);
    found.add(part);
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
