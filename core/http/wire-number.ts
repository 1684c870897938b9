import type { DecimalText } from '../market/decimal.ts';

declare global {
  interface JSON {
    /**
     * A piece of JSON that `JSON.stringify` writes unchanged (ECMAScript proposal "JSON.parse source text access", in
     * Node since 22). Typed as the number that it is on the wire.
     */
    rawJSON(text: string): number;
  }
}

/** How decimals are written in one answer. */
export interface DecimalWriter {
  (text: DecimalText): number | string;
  (text: DecimalText | null): number | string | null;
}

/**
 * A JSON number with every digit of the text: no double is involved between Postgres and the wire.
 *
 * @example
 * JSON.stringify({ price: asNumber('0.10') }) // '{"price":0.10}'
 */
export const asNumber: DecimalWriter = writer((text) => JSON.rawJSON(text));

/** The text itself, for clients whose JSON parser makes doubles (`?decimals=string`). */
export const asText: DecimalWriter = writer((text) => text);

function writer(write: (text: DecimalText) => number | string): DecimalWriter {
  function given(text: DecimalText): number | string;
  function given(text: DecimalText | null): number | string | null;
  function given(text: DecimalText | null): number | string | null {
    return text === null ? null : write(text);
  }
  return given;
}
