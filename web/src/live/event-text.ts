/** A block of an event stream: what stands between two empty lines. */
export interface EventBlock {
  readonly id: string | null;
  readonly event: string | null;
  readonly data: string | null;
  readonly retryMs: number | null;
}

/** Reads an event stream as it comes: gives the blocks that are whole with each piece of text. */
export function eventTextReader(): (piece: string) => EventBlock[] {
  let rest = '';
  return (piece) => {
    const parts = (rest + piece).split('\n\n');
    rest = parts.pop() ?? '';
    return parts.map(blockOf);
  };
}

function blockOf(text: string): EventBlock {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    // A line that begins with a colon is a comment.
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''));
  }
  const retry = Number(fields.get('retry'));
  return {
    id: fields.get('id') ?? null,
    event: fields.get('event') ?? null,
    data: fields.get('data') ?? null,
    retryMs: Number.isInteger(retry) && retry > 0 ? retry : null,
  };
}
