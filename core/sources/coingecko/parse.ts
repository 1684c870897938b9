import { chunked } from '../../contracts/chunked.ts';
import type { Failure } from '../../contracts/failure.ts';
import { decimalFromNumber } from '../../market/decimal.ts';
import { pseudoMics } from '../../market/exchange.ts';
import type { Parsed, ParsedQuote, Rejection, SourceAnswer, SourceParser } from '../parser.ts';
import { driftOf, failed, fieldsOf, invalidFields, readBody } from '../reading/json.ts';
import { currency } from './coins.ts';
import { coinSchema, coinsSchema, refusalSchema } from './schema.ts';

/** CoinGecko: up to 250 coins a request, by id. */
export const coingeckoParser: SourceParser = {
  version: 'coingecko-1',
  requests: ({ symbols }) =>
    chunked(symbols, perPage).map((ids) => ({
      path: '/api/v3/coins/markets',
      query: { vs_currency: currency.toLowerCase(), ids: ids.join(','), per_page: String(perPage), precision: 'full' },
      symbols: ids,
    })),
  parse: (_kind, answer) => parseCoins(answer),
  failureIn(_kind, answer) {
    const opened = openCoins(answer);
    return 'failure' in opened ? opened.failure : null;
  },
};

const perPage = 250;

/**
 * Reads an answer of `/api/v3/coins/markets`. The currency is the one that was requested: an answer to a request that
 * named another, or none, is not read. There is no close of a market that never closes, so no previous close.
 */
function parseCoins(answer: SourceAnswer): Parsed {
  const opened = openCoins(answer);
  if ('failure' in opened) return failed(opened.failure);
  const quotes: ParsedQuote[] = [];
  const rejections: Rejection[] = [];
  const answered = new Set<string>();
  for (const [index, raw] of opened.coins.entries()) {
    const coin = coinSchema.safeParse(raw);
    const price = coin.success ? decimalFromNumber(coin.data.current_price) : null;
    if (!coin.success || price === null) {
      const id = coinSchema.pick({ id: true }).safeParse(raw).data?.id ?? null;
      if (id !== null) answered.add(id);
      const fields = coin.error ? fieldsOf(coin.error) : ['current_price'];
      rejections.push({
        symbol: id,
        reason: 'schema',
        finding: invalidFields(fields),
        detail: `Missing or of another type: ${fields.join(', ')}.`,
        path: `[${index}]`,
      });
      continue;
    }
    const { id, name, total_volume: volume, last_updated: updated } = coin.data;
    answered.add(id);
    quotes.push({
      subject: {
        symbol: id,
        name: name ?? null,
        assetClass: 'crypto',
        listing: { mic: pseudoMics.crypto, currency, minorFactor: 1, zone: 'UTC' },
      },
      quote: {
        price,
        previousClose: null,
        bid: null,
        ask: null,
        volume: volume == null ? null : decimalFromNumber(volume),
        currency,
        minorFactor: 1,
        session: null,
        delaySeconds: null,
        asOf: Date.parse(updated),
        asOfBasis: 'exchange',
      },
    });
  }
  const missing = answer.request.symbols.filter((id) => !answered.has(id));
  return { quotes, bars: [], rejections, failure: null, missing };
}

/** The coins of an answer, unread, or why there are none. */
function openCoins(answer: SourceAnswer): { coins: readonly unknown[] } | { failure: Failure } {
  const read = readBody(answer);
  if ('failure' in read) return read;
  const parsed = coinsSchema.safeParse(read.json);
  if (!parsed.success) return { failure: refusalOf(read.json) ?? driftOf(parsed.error) };
  if (askedCurrency(answer.request.url) !== currency)
    return {
      failure: {
        reason: 'bad_request',
        detail: { code: 'request_unsupported' },
        message: 'The request did not say in which currency it wants prices.',
      },
    };
  if (parsed.data.length > 0) return { coins: parsed.data };
  return {
    failure: { reason: 'no_data', detail: { code: 'no_rows' }, message: 'The source has none of the coins asked for.' },
  };
}

function refusalOf(json: unknown): Failure | null {
  const parsed = refusalSchema.safeParse(json);
  if (!parsed.success) return null;
  if ('status' in parsed.data && parsed.data.status.error_code === 429)
    return {
      reason: 'rate_limited',
      detail: { code: 'rate_limit_notice' },
      message: 'The source says, inside a 200, that it is asked too often.',
    };
  return {
    reason: 'bad_request',
    detail: { code: 'unknown_error' },
    message: 'The source answered an error in place of coins.',
  };
}

function askedCurrency(url: string | undefined): string | null {
  return url !== undefined && URL.canParse(url)
    ? (new URL(url).searchParams.get('vs_currency')?.toUpperCase() ?? null)
    : null;
}
