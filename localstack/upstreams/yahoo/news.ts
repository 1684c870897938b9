/** News of the simulated names: an item every few hours, the same at each request. */
import type { SimMarket } from './market.ts';
import { chance } from './prices.ts';
import type { SimInstrument } from './universe.ts';

const every = 6 * 3_600_000;
const happened = [
  'opens a factory',
  'names a new chief',
  'buys a rival',
  'sells bonds',
  'raises its forecast',
  'cuts jobs',
];
const papers = ['The Simulated Times', 'Market Post', 'Ticker Wire'];

interface Item {
  readonly id: string;
  readonly title: string;
  readonly publisher: string;
  readonly link: string;
  readonly at: number;
}

/** The last items of an instrument, the newest first. */
function itemsOf(market: SimMarket, { symbol, shortName }: SimInstrument, count: number, now: number): Item[] {
  const newest = Math.floor(now / every);
  return Array.from({ length: Math.min(count, 50) }, (_, back) => {
    const number = newest - back;
    const part = (what: string) => chance(market.seed, `${symbol}/news/${what}`, number);
    const hex = (from: string) =>
      Math.floor(part(from) * 0xffff_ffff)
        .toString(16)
        .padStart(8, '0');
    const tail = hex('c');
    const id = `${hex('a')}-${tail.slice(0, 4)}-3${tail.slice(1, 4)}-8${tail.slice(5, 8)}-${hex('b')}${hex('d').slice(0, 4)}`;
    return {
      id,
      title: `${shortName} ${happened[Math.floor(part('what') * happened.length)] ?? ''}`,
      publisher: papers[Math.floor(part('paper') * papers.length)] ?? '',
      link: `https://example.com/news/${id}`,
      at: number * every,
    };
  });
}

/** As `/v1/finance/search` has it. */
export function searchNews(market: SimMarket, instrument: SimInstrument | undefined, count: number, now: number) {
  if (!instrument) return [];
  return itemsOf(market, instrument, count, now).map(({ id, title, publisher, link, at }) => ({
    uuid: id,
    title,
    publisher,
    link,
    providerPublishTime: Math.floor(at / 1000),
    type: 'STORY',
    relatedTickers: [instrument.symbol],
  }));
}

/** As `/xhr/ncp` has it. */
export function newsStream(market: SimMarket, instrument: SimInstrument | undefined, count: number, now: number) {
  const stream = (instrument ? itemsOf(market, instrument, count, now) : []).map(
    ({ id, title, publisher, link, at }) => ({
      id,
      content: {
        id,
        contentType: 'STORY',
        title,
        description: '',
        summary: title,
        pubDate: new Date(at).toISOString(),
        displayTime: new Date(at).toISOString(),
        isHosted: false,
        bypassModal: false,
        previewUrl: null,
        provider: { displayName: publisher, url: 'https://example.com/' },
        canonicalUrl: { url: link, site: 'finance', region: 'US', lang: 'en-US' },
      },
    }),
  );
  return { data: { tickerStream: { nextPage: false, pagination: { uuids: '' }, stream } }, status: 'OK' };
}
