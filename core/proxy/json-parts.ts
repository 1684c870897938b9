/** A part of a JSON text, as it stands there. */
export interface JsonPart {
  /** Of a member of an object; `null` for an element of a list. */
  readonly name: string | null;
  readonly text: string;
}

/**
 * The members of an object, or the elements of a list, each as it stands in the text: what is parsed and written again has
 * other spaces, escapes and numbers (`1.0` becomes `1`). For a text that is known to be JSON; a value of another kind has
 * no parts.
 *
 * @example
 * jsonParts('[1.0, {"a": 2}]') // [{ name: null, text: '1.0' }, { name: null, text: '{"a": 2}' }]
 */
export function jsonParts(json: string): JsonPart[] {
  const parts: JsonPart[] = [];
  let depth = 0;
  let from = 0;
  let name: string | null = null;
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case '"':
        at = endOfString(json, at);
        if (depth === 0) return [];
        break;
      case '[':
      case '{':
        depth++;
        if (depth === 1) from = at + 1;
        break;
      case ':':
        if (depth !== 1) break;
        name = String(JSON.parse(json.slice(from, at)));
        from = at + 1;
        break;
      case ',':
      case ']':
      case '}': {
        if (depth === 1) {
          const text = json.slice(from, at).trim();
          if (text !== '') parts.push({ name, text });
          name = null;
          from = at + 1;
        }
        if (json[at] !== ',') depth--;
        break;
      }
    }
  }
  return parts;
}

/** The part of a name. Of several, as JSON has it, the last. */
export function jsonMember(json: string, wanted: string): string {
  return jsonParts(json).findLast(({ name }) => name === wanted)?.text ?? '';
}

/** Where the string that begins here ends. */
function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    if (json[at] === '\\') at++;
    else if (json[at] === '"') return at;
  }
  return json.length;
}
