/** Modules of `quoteSummary` about who owns a company, what its insiders do and what it files. */
import { majorPrice, marketValue, quartersOf, sharesOf } from './company.ts';
import type { SimMarket } from './market.ts';
import { chance } from './prices.ts';
import { short } from './timeseries.ts';
import type { SimInstrument } from './universe.ts';

const day = 86_400_000;

/** `{raw, fmt}` as these lists have it, whatever the request says. */
export function raw(value: number, fmt = short(value)) {
  return { raw: value, fmt };
}

/** A day in seconds, and as text. */
export function rawDay(at: number) {
  return raw(Math.floor(at / day) * 86_400, new Date(at).toISOString().slice(0, 10));
}

const institutions = ['Vanguard Group Inc', 'Blackrock Inc.', 'State Street Corporation', 'FMR, LLC', 'Geode Capital'];
const funds = ['Total Stock Market Index Fund', '500 Index Fund', 'Growth Fund', 'World Equity Fund'];
const people = [
  ['ALDER ANN', 'Chief Executive Officer'],
  ['BEACON BEN', 'Chief Financial Officer'],
  ['COBALT CATE', 'Director'],
  ['DALE DAN', 'General Counsel'],
] as const;
const forms = [
  ['10-Q', 'Periodic Financial Reports'],
  ['8-K', 'Corporate Changes & Voting Matters'],
] as const;

/** The modules of an instrument's owners; none of what is no company. `price` is the last one. */
export function ownerModules(market: SimMarket, instrument: SimInstrument, price: number, now: number) {
  const shares = sharesOf(instrument);
  const worth = marketValue(instrument, price);
  if (shares === null || worth === null) return new Map<string, Record<string, unknown>>();
  const part = (what: string, at = 0) => chance(market.seed, `${instrument.symbol}/${what}`, at);
  const lastQuarter = quartersOf(market, instrument, now).at(-1)?.end ?? now;
  const owner = (organization: string, at: number, most: number) => {
    const held = Number((most * (0.6 + 0.4 * part(organization)) * 0.75 ** at).toFixed(4));
    return {
      maxAge: 1,
      reportDate: rawDay(lastQuarter),
      organization,
      pctHeld: raw(held, `${(held * 100).toFixed(2)}%`),
      position: raw(Math.round(shares * held)),
      value: raw(Math.round(worth * held)),
      pctChange: raw(Number(((part(organization, 1) - 0.5) * 0.1).toFixed(4))),
    };
  };
  const dealt = people.map(([filerName, filerRelation], at) => {
    const count = 100 + Math.floor(part('dealt', at) * 9_900);
    const each = majorPrice(instrument, price);
    return {
      maxAge: 1,
      shares: raw(count),
      value: raw(Math.round(count * each)),
      filerUrl: '',
      transactionText: `${at % 2 === 0 ? 'Sale' : 'Purchase'} at price ${each.toFixed(2)} per share.`,
      filerName,
      filerRelation,
      moneyText: '',
      startDate: rawDay(now - (5 + at * 17) * day),
      ownership: 'D',
    };
  });
  const holders = people.map(([name, relation], at) => ({
    maxAge: 1,
    name,
    relation,
    url: '',
    transactionDescription: at % 2 === 0 ? 'Sale' : 'Purchase',
    latestTransDate: rawDay(now - (5 + at * 17) * day),
    positionDirect: raw(10_000 + Math.floor(part('position', at) * 190_000)),
    positionDirectDate: rawDay(now - (5 + at * 17) * day),
  }));
  const institutional = Number((0.4 + 0.3 * part('institutional')).toFixed(5));
  const filings = quartersOf(market, instrument, now)
    .filter(({ reportedAt }) => reportedAt <= now)
    .slice(-8)
    .reverse()
    .flatMap(({ reportedAt }) => forms.map(([type, title]) => filing(type, title, reportedAt, instrument)));
  return new Map<string, Record<string, unknown>>([
    ['institutionOwnership', { maxAge: 1, ownershipList: institutions.map((each, at) => owner(each, at, 0.09)) }],
    ['fundOwnership', { maxAge: 1, ownershipList: funds.map((each, at) => owner(each, at, 0.03)) }],
    ['majorDirectHolders', { holders: [], maxAge: 1 }],
    [
      'majorHoldersBreakdown',
      {
        maxAge: 1,
        insidersPercentHeld: Number((0.02 * part('insiders')).toFixed(5)),
        institutionsPercentHeld: institutional,
        institutionsFloatPercentHeld: Number((institutional * 1.02).toFixed(5)),
        institutionsCount: 1_000 + Math.floor(part('institutions') * 6_000),
      },
    ],
    ['insiderTransactions', { transactions: dealt, maxAge: 1 }],
    ['insiderHolders', { holders, maxAge: 1 }],
    [
      'netSharePurchaseActivity',
      {
        maxAge: 1,
        period: '6m',
        buyInfoCount: 2,
        buyInfoShares: 12_000,
        buyPercentInsiderShares: 0.003,
        sellInfoCount: 2,
        sellInfoShares: 9_000,
        sellPercentInsiderShares: 0.002,
        netInfoCount: 4,
        netInfoShares: 3_000,
        netPercentInsiderShares: 0.001,
        totalInsiderShares: 3_000_000,
        netInstSharesBuying: 4_000,
        netInstBuyingPercent: 0.001,
      },
    ],
    ['secFilings', { filings, maxAge: 86_400 }],
  ]);
}

function filing(type: string, title: string, at: number, { symbol }: SimInstrument) {
  const date = new Date(at).toISOString().slice(0, 10);
  const url = `https://example.com/filings/${symbol}/${date}/${type}`;
  return { date, epochDate: Math.floor(at / 1000), type, title, edgarUrl: url, exhibits: [{ type, url }], maxAge: 1 };
}
