/** Which symbols the answer to a POST is confined to, by what its body asks for. */
import * as z from 'zod';

/** Names of fields whose value is a symbol. */
const symbolFields = new Set(['ticker', 'symbol']);
/** As deep as a body may be. */
const deepest = 20;

/** A payload beside it may ask for more. */
const newsBody = z.strictObject({ serviceConfig: z.object({ s: z.array(z.string()).min(1) }) });
const queryBody = z.object({ query: z.unknown() });
const nodeSchema = z.object({ operator: z.string(), operands: z.array(z.unknown()) });

/** The symbols that news are asked of; none where the body does not say. */
export function symbolsOfNews(body: unknown): readonly string[] {
  const read = newsBody.safeParse(body);
  return read.success ? read.data.serviceConfig.s.flatMap((text) => text.split(',')) : [];
}

/**
 * The symbols that a query of a screen or a calendar can find; none where it may find any.
 *
 * @example
 * symbolsOfQuery({ query: { operator: 'EQ', operands: ['ticker', 'AAPL'] } }) // ['AAPL']
 * symbolsOfQuery({ query: { operator: 'GT', operands: ['percentchange', 3] } }) // []
 */
export function symbolsOfQuery(body: unknown): readonly string[] {
  const read = queryBody.safeParse(body);
  return (read.success ? confinedTo(read.data.query, 0) : null) ?? [];
}

/** `null` where a part of a query does not confine what is found. */
function confinedTo(part: unknown, depth: number): readonly string[] | null {
  const node = nodeSchema.safeParse(part);
  if (!node.success || depth > deepest) return null;
  const { operands } = node.data;
  const [field, ...values] = operands;
  switch (node.data.operator.toUpperCase()) {
    case 'EQ':
    case 'IS-IN': {
      const symbols = z.array(z.string()).min(1).safeParse(values);
      return typeof field === 'string' && symbolFields.has(field) && symbols.success ? symbols.data : null;
    }
    // Everything that it finds is found by each of its parts.
    case 'AND':
      return operands.map((each) => confinedTo(each, depth + 1)).find((each) => each !== null) ?? null;
    case 'OR': {
      const parts = operands.map((each) => confinedTo(each, depth + 1));
      return parts.length > 0 && parts.every((each) => each !== null) ? parts.flat() : null;
    }
    default:
      return null;
  }
}
