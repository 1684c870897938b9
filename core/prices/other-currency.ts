/** Says of a row that it is in another currency than its listing, and what to do where that has changed. */
export function otherCurrency(what: 'quote' | 'bar', symbol: string, currency: string, expected: string): string {
  return (
    `The ${what} is in ${currency.slice(0, 20)}, the listing trades in ${expected}. ` +
    `If that has changed: npx quotron listings change ${symbol.slice(0, 64)} --currency ${currency.slice(0, 20)}`
  );
}
