/** `/v1/finance/sectors/{key}` and `/v1/finance/industries/{key}`: companies together, with shares that add up. */
import { industryOf, majorPrice, marketValue, sectors } from './company.ts';
import { raw } from './holders.ts';
import { type SimMarket, snapshotOf } from './market.ts';
import { chance } from './prices.ts';
import type { SimInstrument } from './universe.ts';

interface Member {
  readonly instrument: SimInstrument;
  readonly worth: number;
  readonly price: number;
  readonly industry: string;
}

/** The companies of a sector or an industry, the largest first. */
function membersOf(
  market: SimMarket,
  all: readonly SimInstrument[],
  isIn: (sector: string, industry: string) => boolean,
  now: number,
): Member[] {
  return all
    .flatMap((instrument) => {
      const where = industryOf(market, instrument);
      const price = snapshotOf(market, instrument, now).close;
      const worth = marketValue(instrument, price);
      if (worth === null || !where || !isIn(where.sector.key, where.industry.key)) return [];
      return [{ instrument, worth, price: majorPrice(instrument, price), industry: where.industry.key }];
    })
    .sort((a, b) => b.worth - a.worth);
}

const worthOf = (members: readonly Member[]) => members.reduce((sum, { worth }) => sum + worth, 0);
const part = (of: number, whole: number) => (whole === 0 ? 0 : Number((of / whole).toFixed(6)));
const percent = (value: number) => raw(value, `${(value * 100).toFixed(2)}%`);

function overview(members: readonly Member[], whole: number, more: object) {
  return {
    companiesCount: members.length,
    marketCap: raw(worthOf(members)),
    messageBoardId: 'INDEXYH311',
    description: 'Companies as the simulated Yahoo knows them.',
    marketWeight: percent(part(worthOf(members), whole)),
    employeeCount: raw(members.length * 150_000),
    ...more,
  };
}

function topOf(members: readonly Member[]) {
  return members.slice(0, 10).map(({ instrument, worth }) => ({
    symbol: instrument.symbol,
    name: instrument.longName,
    rating: 'Buy',
    marketWeight: percent(part(worth, worthOf(members))),
  }));
}

/** The answer for a sector; `null` for one that there is not. */
export function sectorAnswer(market: SimMarket, all: readonly SimInstrument[], key: string, now: number) {
  const found = sectors.find((each) => each.key === key);
  if (!found) return null;
  const everyone = membersOf(market, all, () => true, now);
  const members = membersOf(market, all, (sector) => sector === key, now);
  const number = sectors.indexOf(found) + 1;
  return {
    data: {
      name: found.name,
      symbol: `^YH${300 + number}`,
      key,
      overview: overview(members, worthOf(everyone), { industriesCount: found.industries.length }),
      topCompanies: topOf(members),
      topETFs: [{ symbol: 'SPY', name: 'SPDR S&P 500' }],
      topMutualFunds: [{ symbol: '0P000071W8.TO', name: 'TD US Index e' }],
      industries: found.industries.map((industry, at) => ({
        key: industry.key,
        name: industry.name,
        symbol: `^YH${300 + number}${10 + at}`,
        marketWeight: percent(
          part(worthOf(members.filter((each) => each.industry === industry.key)), worthOf(members)),
        ),
      })),
      researchReports: [],
    },
  };
}

/** The answer for an industry; `null` for one that there is not. */
export function industryAnswer(market: SimMarket, all: readonly SimInstrument[], key: string, now: number) {
  const sector = sectors.find(({ industries }) => industries.some((each) => each.key === key));
  const industry = sector?.industries.find((each) => each.key === key);
  if (!sector || !industry) return null;
  const members = membersOf(market, all, (_sector, each) => each === key, now);
  const ofSector = membersOf(market, all, (each) => each === sector.key, now);
  const year = (symbol: string) => Number((chance(market.seed, `${symbol}/year`, 1) * 0.6 - 0.2).toFixed(4));
  return {
    data: {
      name: industry.name,
      symbol: `^YH${301 + sectors.indexOf(sector)}${10 + sector.industries.indexOf(industry)}`,
      key,
      sectorKey: sector.key,
      sectorName: sector.name,
      overview: overview(members, worthOf(ofSector), {}),
      topCompanies: topOf(members),
      topPerformingCompanies: members.map(({ instrument, price }) => ({
        symbol: instrument.symbol,
        name: instrument.longName,
        ytdReturn: percent(year(instrument.symbol)),
        lastPrice: raw(Number(price.toFixed(2))),
        targetPrice: raw(Number((price * 1.08).toFixed(2))),
      })),
      topGrowthCompanies: members.map(({ instrument }) => ({
        symbol: instrument.symbol,
        name: instrument.longName,
        ytdReturn: percent(year(instrument.symbol)),
        growthEstimate: percent(0.06),
      })),
      researchReports: [],
    },
  };
}
