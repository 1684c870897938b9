import type { Alias } from '../../core/market/instrument.ts';
import type { SaidName } from '../../core/prices/rules/names.ts';
import type { Parsed, Subject } from '../../core/sources/parser.ts';

/**
 * The symbols that answers call otherwise than before, that are called as before again after a doubt, or of which no name
 * is known yet. Each once, by its last answer. What was fetched after `latest`, by a clock that is ahead, was fetched then.
 */
export function namesToJudge(
  answers: readonly { readonly parsed: Parsed; readonly fetchedAt: number }[],
  aliases: ReadonlyMap<string, readonly Alias[]>,
  latest: number,
): SaidName[] {
  const said = new Map<string, SaidName>();
  const look = ({ symbol, name, assetClass, listing, firstTraded }: Subject, fetchedAt: number, price: Price) => {
    if (name === null || listing === null) return;
    const alias = aliases.get(symbol)?.at(-1);
    if (alias?.to !== Number.POSITIVE_INFINITY || (alias.name === name && !alias.doubted)) return;
    // What is no time or no price is judged later, and says nothing of the name.
    const before = said.get(symbol);
    if (before && before.fetchedAt > fetchedAt) return;
    said.set(symbol, {
      symbol,
      name,
      assetClass,
      listing,
      firstTraded: firstTraded ?? null,
      price: price() ?? null,
      fetchedAt,
    });
  };
  for (const { parsed, fetchedAt } of answers) {
    const at = Math.min(fetchedAt, latest);
    for (const { subject, quote } of parsed.quotes)
      look(subject, at, () => {
        const { price, previousClose, asOf } = quote;
        return {
          price: Number(price),
          previousClose: previousClose === null ? null : Number(previousClose),
          at: asOf,
        };
      });
    for (const { subject, witnesses } of parsed.bars)
      look(subject, at, () => witnesses?.market && { ...witnesses.market, previousClose: null });
  }
  return [...said.values()];
}

type Price = () => SaidName['price'] | undefined;
