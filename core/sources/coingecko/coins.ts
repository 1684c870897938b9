/** CoinGecko's ids of coins by the ticker of the canonical symbol. Tickers are not unique there; ids are. */
const ids: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    BTC: 'bitcoin',
    ETH: 'ethereum',
    SOL: 'solana',
    XRP: 'ripple',
    BNB: 'binancecoin',
    ADA: 'cardano',
    DOGE: 'dogecoin',
    TRX: 'tron',
    AVAX: 'avalanche-2',
    LINK: 'chainlink',
    DOT: 'polkadot',
    LTC: 'litecoin',
    BCH: 'bitcoin-cash',
    XLM: 'stellar',
    ATOM: 'cosmos',
    ETC: 'ethereum-classic',
    XMR: 'monero',
    USDT: 'tether',
    USDC: 'usd-coin',
  }),
);
const tickers = new Map([...ids].map(([ticker, id]) => [id, ticker]));

/** The currency of the prices that are requested. The answer does not repeat it, so it is read from the request. */
export const currency = 'USD';

export function toSource(canonical: string): string | null {
  const ticker = /^([A-Z0-9]+)-USD$/.exec(canonical)?.[1];
  return ticker === undefined ? null : (ids.get(ticker) ?? null);
}

export function toCanonical(id: string): string {
  const ticker = tickers.get(id);
  return ticker === undefined ? id : `${ticker}-${currency}`;
}
