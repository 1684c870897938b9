/**
 * The books of a simulated company: shares, sector, and each quarter's statements, made from the seed. All figures of a
 * company are from here and agree with each other: market value is price times shares, a year is four quarters, assets are
 * liabilities and equity.
 */
import type { SimMarket } from './market.ts';
import { chance } from './prices.ts';
import type { SimInstrument } from './universe.ts';

const day = 86_400_000;
/** Of the first quarter that there is anything of. */
const firstYear = 2019;
/** How long after a quarter it is reported. */
const reportedAfter = 32 * day;

/** How many shares there are; `null` for what is no company. */
export function sharesOf({ quoteType, dailyVolume }: SimInstrument): number | null {
  return quoteType === 'EQUITY' ? dailyVolume * 300 : null;
}

/** A price in the currency's major unit: `GBp` and `ZAc` are hundredths. */
export function majorPrice({ currency }: SimInstrument, price: number): number {
  return /[a-z]$/.test(currency) ? price / 100 : price;
}

/** The market value at a price. */
export function marketValue(instrument: SimInstrument, price: number): number | null {
  const shares = sharesOf(instrument);
  return shares === null ? null : Math.round(shares * majorPrice(instrument, price));
}

export interface SimSector {
  readonly key: string;
  readonly name: string;
  readonly industries: readonly { readonly key: string; readonly name: string }[];
}

const sector = (name: string, ...industries: string[]): SimSector => ({
  key: keyOf(name),
  name,
  industries: industries.map((each) => ({ key: keyOf(each), name: each })),
});

function keyOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z]+/g, '-');
}

export const sectors: readonly SimSector[] = [
  sector('Technology', 'Consumer Electronics', 'Software - Infrastructure', 'Semiconductors'),
  sector('Communication Services', 'Internet Content & Information', 'Entertainment', 'Telecom Services'),
  sector('Consumer Cyclical', 'Internet Retail', 'Auto Manufacturers', 'Luxury Goods'),
  sector('Consumer Defensive', 'Beverages - Non-Alcoholic', 'Discount Stores'),
  sector('Financial Services', 'Banks - Diversified', 'Credit Services', 'Insurance - Diversified'),
  sector('Healthcare', 'Drug Manufacturers - General', 'Medical Devices'),
  sector('Energy', 'Oil & Gas Integrated', 'Oil & Gas E&P'),
  sector('Industrials', 'Specialty Industrial Machinery', 'Aerospace & Defense'),
  sector('Basic Materials', 'Gold', 'Chemicals'),
  sector('Utilities', 'Utilities - Regulated Electric'),
  sector('Real Estate', 'REIT - Retail'),
];

/** The industries that real names are known for; others are where the seed puts them. */
const known = new Map([
  ...['AAPL', '6758.T'].map((symbol) => [symbol, 'consumer-electronics'] as const),
  ...['MSFT', 'SAP.DE', 'SHOP', 'SHOP.TO'].map((symbol) => [symbol, 'software-infrastructure'] as const),
  ...['NVDA', 'AVGO'].map((symbol) => [symbol, 'semiconductors'] as const),
  ...['GOOGL', 'META'].map((symbol) => [symbol, 'internet-content-information'] as const),
  ...['AMZN', 'BABA', 'OCDO.L', 'NPN.JO'].map((symbol) => [symbol, 'internet-retail'] as const),
  ...['TSLA', '7203.T'].map((symbol) => [symbol, 'auto-manufacturers'] as const),
  ...['JPM', 'HSBA.L'].map((symbol) => [symbol, 'banks-diversified'] as const),
  ...['XOM', 'BP.L'].map((symbol) => [symbol, 'oil-gas-integrated'] as const),
  ['NFLX', 'entertainment'] as const,
  ['VOD.L', 'telecom-services'] as const,
  ['COST', 'discount-stores'] as const,
  ['KO', 'beverages-non-alcoholic'] as const,
  ['BRK-B', 'insurance-diversified'] as const,
  ['V', 'credit-services'] as const,
  ['JNJ', 'drug-manufacturers-general'] as const,
  ['MC.PA', 'luxury-goods'] as const,
  ['SIE.DE', 'specialty-industrial-machinery'] as const,
]);

const everyIndustry = sectors.flatMap((each) => each.industries.map((industry) => ({ sector: each, industry })));

/** Where a company belongs. */
export function industryOf(market: SimMarket, { symbol }: SimInstrument) {
  const named = everyIndustry.find(({ industry }) => industry.key === known.get(symbol));
  return (
    named ?? everyIndustry[Math.floor(chance(market.seed, `${symbol}/industry`, 1) * everyIndustry.length)] ?? null
  );
}

/** A quarter: its last day, and its figures by their names. */
export interface Quarter {
  /** Milliseconds since the epoch. */
  readonly end: number;
  readonly reportedAt: number;
  /** What flowed in it: four of them are a year's. */
  readonly flows: ReadonlyMap<string, number>;
  /** What there was at its end. */
  readonly stocks: ReadonlyMap<string, number>;
}

/** Every quote asks for the same quarters. */
const made = new WeakMap<SimMarket, Map<string, Quarter>>();

/** The quarters that are over at an instant, the oldest first; those not yet reported are marked by `reportedAt`. */
export function quartersOf(market: SimMarket, instrument: SimInstrument, now: number): Quarter[] {
  const shares = sharesOf(instrument);
  if (shares === null) return [];
  const kept = made.get(market) ?? new Map<string, Quarter>();
  made.set(market, kept);
  const quarters: Quarter[] = [];
  for (let number = 0; ; number++) {
    const end = Date.UTC(firstYear, number * 3 + 3, 0);
    if (end > now) return quarters;
    const key = `${instrument.symbol} ${number}`;
    const quarter = kept.get(key) ?? quarterOf(market, instrument, shares, number, end);
    kept.set(key, quarter);
    quarters.push(quarter);
  }
}

function quarterOf(market: SimMarket, instrument: SimInstrument, shares: number, number: number, end: number): Quarter {
  const part = (what: string, at = 0) => chance(market.seed, `${instrument.symbol}/${what}`, at);
  const growth = 1 + 0.005 + 0.025 * part('growth');
  const value = shares * majorPrice(instrument, instrument.level);
  const revenue = Math.round((value / 28) * growth ** (number - 28) * (0.93 + 0.14 * part('season', number)));
  const of = (fraction: number) => Math.round(revenue * fraction);
  const cost = of(0.4 + 0.2 * part('cost'));
  const research = of(0.02 + 0.08 * part('research'));
  const selling = of(0.06 + 0.04 * part('selling'));
  const depreciation = of(0.03);
  const interest = of(0.006);
  const gross = revenue - cost;
  const operating = gross - research - selling;
  const pretax = operating - interest;
  const tax = Math.round(pretax * 0.17);
  const net = pretax - tax;
  const spent = of(0.045);
  const dividends = Math.round((instrument.dividend ?? 0) * shares);
  const flows = new Map([
    ...named(revenue, 'TotalRevenue', 'OperatingRevenue'),
    ...named(cost, 'CostOfRevenue', 'ReconciledCostOfRevenue'),
    ['GrossProfit', gross] as const,
    ['ResearchAndDevelopment', research] as const,
    ['SellingGeneralAndAdministration', selling] as const,
    ['OperatingExpense', research + selling] as const,
    ['TotalExpenses', cost + research + selling] as const,
    ...named(operating, 'OperatingIncome', 'TotalOperatingIncomeAsReported'),
    ...named(interest, 'InterestExpense', 'InterestExpenseNonOperating'),
    ['PretaxIncome', pretax] as const,
    ['TaxProvision', tax] as const,
    ...named(net, 'NetIncome', 'NetIncomeCommonStockholders', 'NetIncomeContinuousOperations', 'NormalizedIncome'),
    ...named(net, 'NetIncomeIncludingNoncontrollingInterests', 'NetIncomeFromContinuingOperations'),
    ['EBIT', pretax + interest] as const,
    ...named(pretax + interest + depreciation, 'EBITDA', 'NormalizedEBITDA'),
    ...named(depreciation, 'ReconciledDepreciation', 'DepreciationAndAmortization'),
    ...named(rounded(net / shares), 'BasicEPS', 'DilutedEPS'),
    ...named(net + depreciation, 'OperatingCashFlow', 'CashFlowFromContinuingOperatingActivities'),
    ...named(-spent, 'CapitalExpenditure', 'InvestingCashFlow', 'PurchaseOfPPE'),
    ...named(-dividends, 'CashDividendsPaid', 'FinancingCashFlow', 'CommonStockDividendPaid'),
    ['FreeCashFlow', net + depreciation - spent] as const,
  ]);
  return {
    end,
    reportedAt: end + reportedAfter + Math.floor(part('day', number) * 9) * day,
    flows,
    stocks: stocksOf(revenue, shares),
  };
}

function stocksOf(revenue: number, shares: number): Map<string, number> {
  const of = (fraction: number) => Math.round(revenue * fraction);
  const [cash, receivables, inventory, plant, other] = [of(0.5), of(0.6), of(0.15), of(1.1), of(0.9)];
  const [payables, shortDebt, longDebt, otherDebts] = [of(0.55), of(0.1), of(0.7), of(0.3)];
  const current = cash + receivables + inventory;
  const assets = current + plant + other;
  const debts = payables + shortDebt;
  const liabilities = debts + longDebt + otherDebts;
  const equity = assets - liabilities;
  return new Map([
    ...named(cash, 'CashAndCashEquivalents', 'CashCashEquivalentsAndShortTermInvestments', 'EndCashPosition'),
    ...named(receivables, 'AccountsReceivable', 'Receivables'),
    ['Inventory', inventory] as const,
    ['CurrentAssets', current] as const,
    ['NetPPE', plant] as const,
    ['OtherNonCurrentAssets', other] as const,
    ['TotalNonCurrentAssets', plant + other] as const,
    ['TotalAssets', assets] as const,
    ...named(payables, 'AccountsPayable', 'Payables'),
    ['CurrentDebt', shortDebt] as const,
    ['CurrentLiabilities', debts] as const,
    ['LongTermDebt', longDebt] as const,
    ['OtherNonCurrentLiabilities', otherDebts] as const,
    ['TotalNonCurrentLiabilitiesNetMinorityInterest', longDebt + otherDebts] as const,
    ['TotalLiabilitiesNetMinorityInterest', liabilities] as const,
    ...named(
      equity,
      'StockholdersEquity',
      'CommonStockEquity',
      'TotalEquityGrossMinorityInterest',
      'TangibleBookValue',
    ),
    ['TotalDebt', shortDebt + longDebt] as const,
    ['NetDebt', shortDebt + longDebt - cash] as const,
    ['WorkingCapital', current - debts] as const,
    ['InvestedCapital', equity + shortDebt + longDebt] as const,
    ...named(shares, 'OrdinarySharesNumber', 'ShareIssued', 'BasicAverageShares', 'DilutedAverageShares'),
  ]);
}

function named(value: number, ...names: string[]): (readonly [string, number])[] {
  return names.map((name) => [name, value] as const);
}

/** As money per share is printed. */
export function rounded(value: number): number {
  return Number(value.toFixed(4));
}

/** The figures of several quarters together: flows are added, stocks are those at the end. */
export function together(quarters: readonly Quarter[]): ReadonlyMap<string, number> {
  const last = quarters.at(-1);
  if (last === undefined) return new Map();
  const flows = [...last.flows.keys()].map(
    (name) => [name, rounded(quarters.reduce((sum, { flows: each }) => sum + (each.get(name) ?? 0), 0))] as const,
  );
  return new Map([...flows, ...last.stocks]);
}

/** The last four quarters reported at an instant, together; `null` without four. */
export function lastYear(
  market: SimMarket,
  instrument: SimInstrument,
  now: number,
): ReadonlyMap<string, number> | null {
  const reported = quartersOf(market, instrument, now).filter(({ reportedAt }) => reportedAt <= now);
  return reported.length < 4 ? null : together(reported.slice(-4));
}

/** When a company reports, and what was expected of its earnings per share; `actual` once it has. */
export interface Report {
  readonly quarterEnd: number;
  readonly at: number;
  readonly estimate: number;
  readonly actual: number | null;
}

/** Reports of a company up to a year from an instant, the oldest first. */
export function reportsOf(market: SimMarket, instrument: SimInstrument, now: number): Report[] {
  return quartersOf(market, instrument, now + 365 * day).map(({ end, reportedAt, flows }, at) => {
    const actual = flows.get('DilutedEPS') ?? 0;
    const miss = 0.94 + 0.1 * chance(market.seed, `${instrument.symbol}/expected`, at);
    // After the close in New York.
    return {
      quarterEnd: end,
      at: reportedAt + 20.5 * 3_600_000,
      estimate: rounded(actual * miss),
      actual: reportedAt <= now ? actual : null,
    };
  });
}
