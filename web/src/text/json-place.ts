type Place = readonly [from: number, to: number];

/** A part of a path: `name`, `[3]` or `["name"]`. */
const parts = /\[("(?:[^"\\]|\\.)*")\]|\[(\d+)\]|([^.[\]]+)/g;
const space = /[\s,:]*/y;
const string = /"(?:[^"\\]|\\.)*"/y;
const scalar = /[^\s,\]}]+/y;
/** Up to the next bracket that is not in a string. */
const token = /[[{]|[\]}]|"(?:[^"\\]|\\.)*"|[^[\]{}"]+/y;

/**
 * Where the value at a path of a quarantined row (`quoteResponse.result[3]`) stands in a text of JSON, or `null` where the
 * text has no such value, is cut, or is no JSON.
 */
export function placeInJson(text: string, path: string): Place | null {
  let at = after(space, text, 0);
  for (const [, quoted, index, name] of path.matchAll(parts)) {
    const found = child(text, at, quoted ?? (name === undefined ? null : JSON.stringify(name)), index ?? name);
    if (found === null) return null;
    at = found;
  }
  const to = endOf(text, at);
  return to > at ? [at, to] : null;
}

/** Where the value of a key or index begins. A number may be either. */
function child(text: string, from: number, key: string | null, index: string | undefined): number | null {
  const inObject = text[from] === '{';
  if (!inObject && text[from] !== '[') return null;
  let at = after(space, text, from + 1);
  for (let n = 0; at < text.length && text[at] !== ']' && text[at] !== '}'; n += 1) {
    let isIt = String(n) === index;
    if (inObject) {
      const to = after(string, text, at);
      if (to === at) return null;
      isIt = text.slice(at, to) === key;
      at = after(space, text, to);
    }
    if (isIt) return at;
    const to = endOf(text, at);
    if (to === at) return null;
    at = after(space, text, to);
  }
  return null;
}

/** The end of the value that begins here; here itself where there is none. */
function endOf(text: string, from: number): number {
  if (text[from] === '"') return after(string, text, from);
  if (text[from] !== '{' && text[from] !== '[') return after(scalar, text, from);
  let depth = 0;
  for (let at = from; at < text.length; ) {
    const to = after(token, text, at);
    if (to === at) return from;
    if (text[at] === '{' || text[at] === '[') depth += 1;
    else if (text[at] === '}' || text[at] === ']') depth -= 1;
    if (depth === 0) return to;
    at = to;
  }
  return from;
}

function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/**
 * What is marked in a raw answer, in order and apart: a text wherever it stands, at most `most` times, and in the row at
 * `path` the names of `fields` with their values, or the value at the path itself where that is no row.
 */
export function markedPlaces(
  text: string,
  { mark, path, fields, most }: { mark: string; path: string | null; fields: readonly string[]; most: number },
): Place[] {
  const places: Place[] = [];
  for (let at = 0; mark !== '' && places.length < most; at += mark.length) {
    at = text.indexOf(mark, at);
    if (at === -1) break;
    places.push([at, at + mark.length]);
  }
  const row = path === null || path === '' ? null : placeInJson(text, path);
  if (row !== null && !'{['.includes(text[row[0]] ?? '')) places.push(row);
  else if (row !== null)
    for (const field of fields) {
      const value = placeInJson(text.slice(row[0], row[1]), field);
      if (value === null) continue;
      const key = JSON.stringify(field.slice(field.lastIndexOf('.') + 1));
      const name = text.lastIndexOf(key, row[0] + value[0]);
      places.push([name < row[0] ? row[0] + value[0] : name, row[0] + value[1]]);
    }
  const apart: Place[] = [];
  for (const place of places.toSorted((a, b) => a[0] - b[0]))
    if (place[0] >= (apart.at(-1)?.[1] ?? 0)) apart.push(place);
  return apart;
}
