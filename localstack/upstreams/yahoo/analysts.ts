/** Modules of `quoteSummary` about what a company earned, what analysts expect of it, and when it reports. */
import { lastYear, majorPrice, quartersOf, type Report, reportsOf, rounded, sharesOf } from './company.ts';
import { raw, rawDay } from './holders.ts';
import type { SimMarket } from './market.ts';
import { chance } from './prices.ts';
import type { SimInstrument } from './universe.ts';

const day = 86_400_000;
/** Earnings by generally accepted accounting principles, or adjusted. */
const defaultMethodology = 'gaap';
const firms = ['Alder Research', 'Beacon Capital', 'Cobalt Securities', 'Dale Partners'];
const grades = ['Buy', 'Hold', 'Overweight', 'Outperform'];

/** The modules of an instrument's analysts; none of what is no company. `price` is the last one. */
export function analystModules(market: SimMarket, instrument: SimInstrument, price: number, now: number) {
  const shares = sharesOf(instrument);
  const year = lastYear(market, instrument, now);
  if (shares === null || year === null) return new Map<string, Record<string, unknown>>();
  const part = (what: string, at = 0) => chance(market.seed, `${instrument.symbol}/${what}`, at);
  const of = (name: string) => year.get(name) ?? 0;
  const currency = instrument.currency.toUpperCase();
  const reports = reportsOf(market, instrument, now);
  const done = reports.filter(({ actual }) => actual !== null).slice(-4);
  const coming = reports.filter(({ actual }) => actual === null);
  const votes = { strongBuy: 4 + Math.floor(part('votes', 1) * 6), buy: 12, hold: 9, sell: 1, strongSell: 1 };
  const last = majorPrice(instrument, price);
  const target = (times: number) => Number((last * times).toFixed(2));
  return new Map<string, Record<string, unknown>>([
    [
      'financialData',
      {
        maxAge: 86_400,
        currentPrice: last,
        targetHighPrice: target(1.3),
        targetLowPrice: target(0.8),
        targetMeanPrice: target(1.08),
        targetMedianPrice: target(1.07),
        recommendationMean: 2.1,
        recommendationKey: 'buy',
        numberOfAnalystOpinions: Object.values(votes).reduce((sum, each) => sum + each, 0),
        totalCash: of('CashAndCashEquivalents'),
        totalCashPerShare: rounded(of('CashAndCashEquivalents') / shares),
        ebitda: of('EBITDA'),
        totalDebt: of('TotalDebt'),
        currentRatio: rounded(of('CurrentAssets') / of('CurrentLiabilities')),
        totalRevenue: of('TotalRevenue'),
        revenuePerShare: rounded(of('TotalRevenue') / shares),
        returnOnEquity: rounded(of('NetIncome') / of('StockholdersEquity')),
        returnOnAssets: rounded(of('NetIncome') / of('TotalAssets')),
        grossProfits: of('GrossProfit'),
        freeCashflow: of('FreeCashFlow'),
        operatingCashflow: of('OperatingCashFlow'),
        grossMargins: rounded(of('GrossProfit') / of('TotalRevenue')),
        operatingMargins: rounded(of('OperatingIncome') / of('TotalRevenue')),
        profitMargins: rounded(of('NetIncome') / of('TotalRevenue')),
        financialCurrency: currency,
      },
    ],
    [
      'recommendationTrend',
      { trend: ['0m', '-1m', '-2m', '-3m'].map((period) => ({ period, ...votes })), maxAge: 86_400 },
    ],
    [
      'upgradeDowngradeHistory',
      {
        history: firms.map((firm, at) => ({
          epochGradeDate: Math.floor(now / day - 10 - at * 30) * 86_400,
          firm,
          toGrade: grades[Math.floor(part('to', at) * grades.length)] ?? 'Buy',
          fromGrade: grades[Math.floor(part('from', at) * grades.length)] ?? 'Hold',
          action: 'main',
          priceTargetAction: 'Maintains',
          currentPriceTarget: target(1.05 + at / 20),
          priorPriceTarget: target(1 + at / 20),
        })),
        maxAge: 86_400,
      },
    ],
    [
      'earningsHistory',
      { history: done.map((each, at) => told(each, at - done.length, currency)), defaultMethodology, maxAge: 86_400 },
    ],
    [
      'earningsTrend',
      { trend: trendsOf(coming, of('TotalRevenue'), of('DilutedEPS'), currency), defaultMethodology, maxAge: 1 },
    ],
    ['indexTrend', { maxAge: 1, symbol: 'SP5', estimates: growths(0.12) }],
    ['sectorTrend', { maxAge: 1, symbol: null, estimates: [] }],
    ['industryTrend', { maxAge: 1, symbol: null, estimates: [] }],
    ['earnings', earningsChart(market, instrument, done, coming, now)],
    ['calendarEvents', calendarOf(instrument, coming, of('TotalRevenue'), now)],
  ]);
}

function told({ quarterEnd, estimate, actual }: Report, period: number, currency: string) {
  const earned = actual ?? 0;
  const surprise = rounded(earned / estimate - 1);
  return {
    maxAge: 1,
    epsActual: raw(earned),
    epsEstimate: raw(estimate),
    epsDifference: raw(rounded(earned - estimate)),
    surprisePercent: raw(surprise, `${(surprise * 100).toFixed(2)}%`),
    quarter: rawDay(quarterEnd),
    currency,
    period: `${period}q`,
  };
}

const periods = [
  ['0q', 0.25],
  ['+1q', 0.26],
  ['0y', 1.06],
  ['+1y', 1.14],
] as const;

function trendsOf(coming: readonly Report[], revenue: number, earned: number, currency: string) {
  return periods.map(([period, times], at) => {
    const eps = at < 2 ? (coming[at]?.estimate ?? earned * times) : earned * times;
    const sales = Math.round(revenue * times);
    const about = (value: number) => ({
      avg: raw(rounded(value)),
      low: raw(rounded(value * 0.93)),
      high: raw(rounded(value * 1.05)),
    });
    const growth = raw(0.06, '6.00%');
    const days = ['7daysAgo', '30daysAgo', '60daysAgo', '90daysAgo'];
    return {
      maxAge: 1,
      period,
      endDate: new Date(coming[at]?.quarterEnd ?? 0).toISOString().slice(0, 10),
      growth,
      earningsEstimate: {
        ...about(eps),
        yearAgoEps: raw(rounded(eps / 1.06)),
        numberOfAnalysts: raw(27),
        growth,
        earningsCurrency: currency,
      },
      revenueEstimate: {
        ...about(sales),
        numberOfAnalysts: raw(27),
        yearAgoRevenue: raw(Math.round(sales / 1.06)),
        growth,
        revenueCurrency: currency,
      },
      epsTrend: {
        current: raw(rounded(eps)),
        ...Object.fromEntries(days.map((name, back) => [name, raw(rounded(eps * (1 + 0.004 * back)))])),
        epsTrendCurrency: currency,
      },
      epsRevisions: {
        upLast7days: raw(1),
        upLast30days: raw(3),
        downLast30days: raw(2),
        downLast7Days: raw(0),
        downLast90days: {},
        epsRevisionsCurrency: currency,
      },
    };
  });
}

function growths(yearly: number) {
  return periods.map(([period], at) => ({ period, growth: rounded(at < 2 ? yearly / 4 : yearly) }));
}

function earningsChart(
  market: SimMarket,
  instrument: SimInstrument,
  done: readonly Report[],
  coming: readonly Report[],
  now: number,
) {
  const quarter = (end: number) =>
    `${Math.floor(new Date(end).getUTCMonth() / 3) + 1}Q${new Date(end).getUTCFullYear()}`;
  const [next] = coming;
  const quarters = quartersOf(market, instrument, now).filter(({ reportedAt }) => reportedAt <= now);
  const years = [...Map.groupBy(quarters, ({ end }) => new Date(end).getUTCFullYear())].filter(
    ([, each]) => each.length === 4,
  );
  const sum = (each: typeof quarters, name: string) =>
    each.reduce((total, { flows }) => total + (flows.get(name) ?? 0), 0);
  const earned = (each: typeof quarters) => {
    const [revenue, earnings] = [sum(each, 'TotalRevenue'), sum(each, 'NetIncome')];
    return { revenue, earnings, profitMargin: rounded(earnings / revenue) };
  };
  return {
    maxAge: 86_400,
    earningsChart: {
      quarterly: done.map(({ quarterEnd, at, actual, estimate }) => ({
        date: quarter(quarterEnd),
        fiscalQuarter: quarter(quarterEnd),
        calendarQuarter: quarter(quarterEnd),
        periodEndDate: Math.floor(quarterEnd / 1000),
        reportedDate: Math.floor(at / 1000),
        actual,
        estimate,
        difference: String(rounded((actual ?? 0) - estimate)),
        surprisePct: String(rounded(((actual ?? 0) / estimate - 1) * 100)),
      })),
      currentQuarterEstimate: next?.estimate,
      currentQuarterEstimateDate: next && quarter(next.quarterEnd).slice(0, 2),
      currentQuarterEstimateYear: next && new Date(next.quarterEnd).getUTCFullYear(),
      earningsDate: next ? [Math.floor(next.at / 1000)] : [],
      isEarningsDateEstimate: true,
    },
    financialsChart: {
      yearly: years.slice(-4).map(([date, each]) => ({ date, ...earned(each) })),
      quarterly: quarters.slice(-4).map((each) => ({
        date: quarter(each.end),
        fiscalQuarter: quarter(each.end),
        ...earned([each]),
      })),
    },
    defaultMethodology,
    financialCurrency: instrument.currency.toUpperCase(),
  };
}

function calendarOf(instrument: SimInstrument, [next]: readonly Report[], revenue: number, now: number) {
  const estimate = next?.estimate ?? 0;
  // The second Friday of the quarter's middle month, as the chart's events have it.
  const exDividend = nextExDividend(now);
  return {
    maxAge: 1,
    earnings: {
      earningsDate: next ? [Math.floor(next.at / 1000)] : [],
      earningsCallDate: next ? [Math.floor(next.at / 1000)] : [],
      isEarningsDateEstimate: true,
      earningsAverage: estimate,
      earningsLow: rounded(estimate * 0.93),
      earningsHigh: rounded(estimate * 1.05),
      revenueAverage: Math.round(revenue * 0.25),
      revenueLow: Math.round(revenue * 0.24),
      revenueHigh: Math.round(revenue * 0.27),
    },
    ...(instrument.dividend === undefined
      ? {}
      : { exDividendDate: exDividend / 1000, dividendDate: exDividend / 1000 + 6 * 86_400 }),
  };
}

function nextExDividend(now: number): number {
  const year = new Date(now).getUTCFullYear();
  for (const month of [1, 4, 7, 10, 13]) {
    const date = Date.UTC(year, month, 8 + ((5 - new Date(Date.UTC(year, month, 1)).getUTCDay() + 7) % 7));
    if (date > now) return date;
  }
  return now;
}
