import type { ListedQuote } from '../market/listed-quote.ts';
import type { QuotesEvent } from './of-batch.ts';

/**
 * The rows of an event of quotes as JSON. It is put together as text: an object of each row, which `JSON.stringify` reads
 * again, costs several times as much, and nearly all events of a day are of quotes. Decimals hold nothing to be escaped.
 */
export function quoteRowsText({ quotes, symbols }: Pick<QuotesEvent, 'quotes' | 'symbols'>): string {
  let text = '';
  const isoTime = isoTimes();
  // Of one answer, the rows have one fetch, and mostly one currency.
  let [fetchedAt, fetched, currency, money] = [Number.NaN, '', '', '""'];
  for (const [at, row] of quotes.entries()) {
    const { quote } = row;
    if (row.fetchedAt !== fetchedAt) {
      fetchedAt = row.fetchedAt;
      fetched = isoTime(fetchedAt);
    }
    if (quote.currency !== currency) {
      currency = quote.currency;
      money = JSON.stringify(currency);
    }
    text += `${at === 0 ? '' : ','}{"listingId":${row.listing.id},"symbol":${JSON.stringify(symbols[at] ?? '')},"asOf":"${isoTime(quote.asOf)}","asOfBasis":"${quote.asOfBasis}","fetchedAt":"${fetched}","price":"${quote.price}","previousClose":${decimal(quote.previousClose)},"bid":${decimal(quote.bid)},"ask":${decimal(quote.ask)},"volume":${decimal(quote.volume)},"currency":${money},"session":${word(quote.session)},"delaySeconds":${quote.delaySeconds},"provisional":${row.provisional === true}}`;
  }
  return `[${text}]`;
}

/** Times of milliseconds since the epoch. The rows of an answer are mostly of one minute, which is written once. */
function isoTimes(): (ms: number) => string {
  let [minute, text] = [Number.NaN, ''];
  return (ms) => {
    const past = ((ms % 60_000) + 60_000) % 60_000;
    if (ms - past !== minute) {
      minute = ms - past;
      text = new Date(minute).toISOString().slice(0, -'00.000Z'.length);
    }
    const thousandths = String(100_000 + past);
    return `${text}${thousandths.slice(1, 3)}.${thousandths.slice(3)}Z`;
  };
}

const decimal = (text: ListedQuote['quote']['price'] | null) => (text === null ? 'null' : `"${text}"`);
const word = (text: ListedQuote['quote']['session']) => (text === null ? 'null' : `"${text}"`);
