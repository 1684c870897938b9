import { catalogue } from '../../../core/sources/catalogue.ts';
import type { FaultName } from '../../../localstack/upstreams/control.ts';
import { sickFaults } from '../faults.ts';
import { randomFrom } from '../random.ts';

/** A fault to switch on, and what the report must say of it. */
export interface Planted {
  readonly source: string;
  /** What runs with it. */
  readonly job: string;
  readonly fault: FaultName;
  /** Where it is not all of the source: kinds of requests, one symbol, another wording. */
  readonly of?: Readonly<Record<string, unknown>>;
  readonly rule: string;
}

/** Faults that are on together, or one after the other within one episode. */
export interface ScoreCase {
  readonly set: ScoreSet;
  readonly planted: readonly Planted[];
  readonly inTurn?: boolean;
}

export const scoreSets = ['single', 'pairs', 'held-out pairs', 'unknown', 'nothing wrong'] as const;
export type ScoreSet = (typeof scoreSets)[number];

/** What the report must say of a fault, of whichever source. */
const usually: Readonly<Partial<Record<FaultName, string>>> = {
  '429': 'limit-used-by-others',
  throttle: 'limit-used-by-others',
  quota: 'day-used-by-others',
  '403': 'taken-for-a-bot',
  captcha: 'taken-for-a-bot',
  challenge: 'taken-for-a-bot',
  '500': 'servers-failing',
  echo: 'servers-failing',
  maintenance: 'maintenance',
  loading: 'page-never-fills',
  download: 'not-data',
  hang: 'too-slow',
  malformed: 'cut-off-answers',
  drift: 'format-changed',
  layout: 'format-changed',
  turnover: 'members-changed',
  unit: 'minor-units',
  stale: 'old-state-served',
  'frozen-page': 'old-state-served',
  refused: 'credentials-refused',
  'second-factor': 'login-needs-a-person',
  locked: 'login-needs-a-person',
  terms: 'login-needs-a-person',
  'cookie-wall-login': 'login-needs-a-person',
};

/** And of those whose meaning depends on the source. */
const ofSource: ReadonlyMap<string, string> = new Map([
  ['yahoo expired', 'session-refused'],
  ['alpha-vantage expired', 'credentials-refused'],
  ['demo-broker expired', 'session-ended'],
  // A page that ends in the middle has too few rows; one whose script gets half an answer is never filled.
  ['slickcharts malformed', 'list-incomplete'],
  ['demo-broker malformed', 'page-never-fills'],
]);

/** The rule that must be named for a fault of a source. Throws for one that nobody has thought about. */
export function ruleOfFault(source: string, fault: FaultName): string {
  const rule = ofSource.get(`${source} ${fault}`) ?? usually[fault];
  if (rule === undefined) throw new Error(`No rule is known for the fault ${fault} of ${source}.`);
  return rule;
}

const singles: readonly Planted[] = sickFaults.map(({ source, job, fault }) => ({
  ...{ source, job, fault, rule: ruleOfFault(source, fault) },
}));

/** The same faults on some requests only: of one kind, or on one symbol. */
const partial: readonly Planted[] = [
  { source: 'yahoo', job: 'quotes', fault: 'drift', of: { symbol: 'MSFT' }, rule: 'odd-answers-on-some-symbols' },
  { source: 'yahoo', job: 'quotes', fault: 'unit', of: { symbol: 'AAPL' }, rule: 'minor-units' },
  { source: 'yahoo', job: 'quotes', fault: 'price', of: { symbol: 'BTC-USD', price: 7 }, rule: 'price-off-for-a-few' },
  { source: 'alpha-vantage', job: 'quotes', fault: 'throttle', of: { wording: 1 }, rule: 'limit-used-by-others' },
  ...(['500', 'hang', 'maintenance', 'malformed', '403', 'download'] as const).map((fault) => ({
    ...{ source: 'yahoo', job: 'daily-bars', fault, of: { kinds: ['chart'] }, rule: ruleOfFault('yahoo', fault) },
  })),
];

const json = 'application/json';
const unheardOf = { code: 'Quantum Flux', description: 'The flux is out of phase.' };
const odd = (source: string, of: Planted['of'] = {}): Planted => ({
  source,
  job: catalogue.find(({ id }) => id === source)?.jobs[0]?.id ?? '',
  fault: 'odd',
  of,
  rule: 'unexplained',
});

/** What no rule knows: statuses and words that say nothing of their cause. */
const unknown: readonly Planted[] = [
  ...['yahoo', 'alpha-vantage', 'coingecko', 'slickcharts'].flatMap((source) => [
    odd(source),
    odd(source, { status: 409, type: 'text/html', body: '<html><body>Conflict</body></html>' }),
    odd(source, { status: 226, type: json, body: '{"ok":true}' }),
    odd(source, { status: 799, body: '' }),
  ]),
  odd('yahoo', {
    type: json,
    status: 200,
    body: JSON.stringify({ quoteResponse: { result: null, error: unheardOf } }),
  }),
  odd('alpha-vantage', {
    type: json,
    status: 200,
    body: JSON.stringify({ Information: 'We have moved to the moon.' }),
  }),
  odd('alpha-vantage', { type: json, status: 200, body: JSON.stringify({ 'Error Message': 'The flux is off.' }) }),
  odd('coingecko', { type: json, status: 200, body: JSON.stringify({ error: 'The flux is out of phase.' }) }),
  { source: 'alpha-vantage', job: 'quotes', fault: 'throttle', of: { wording: 2 }, rule: 'unexplained' },
];

/** What is no obstacle: the report must find nothing. */
const nothing: readonly Omit<Planted, 'rule'>[] = [
  { source: 'yahoo', job: 'quotes', fault: 'slow', of: { delayMs: 50 } },
  { source: 'yahoo', job: 'quotes', fault: 'consent' },
  { source: 'coingecko', job: 'quotes', fault: 'slow', of: { delayMs: 50 } },
  { source: 'slickcharts', job: 'constituents', fault: 'split-table' },
  { source: 'slickcharts', job: 'constituents', fault: 'two-header-rows' },
];

/** A pair whose faults do not hide each other: of two sources, two kinds of requests, two symbols, or two moments. */
function pairs(seed: number, count: number): ScoreCase['planted'][] {
  const random = randomFrom(seed);
  // Pages need a browser, which takes its time: those are tried one by one.
  const known = [...singles, ...partial].filter(({ source }) => source !== 'demo-broker');
  const made: ScoreCase['planted'][] = [];
  while (made.length < count) {
    const [a, b] = [random.pick(known), random.pick(known)];
    if (a !== undefined && b !== undefined && areApart(a, b)) made.push([a, b]);
  }
  return made;
}

function areApart(a: Planted, b: Planted): boolean {
  if (a === b) return false;
  if (a.source !== b.source) return true;
  // In turn, unless each has its own requests. An answer that makes requests stop hides what comes after it.
  const stops = [a, b].some(({ rule }) => stopping.has(rule));
  return a.rule !== b.rule && !stops;
}

/** After these a source gets no request for some time. */
const stopping: ReadonlySet<string> = new Set(['limit-used-by-others', 'day-used-by-others']);

/** The seed of the pairs that the rules were fixed by, and of those that nobody has looked at before. */
const seeds = { seen: 20_261, heldOut: 77_003 } as const;

/** All cases, the same ones each time. With another seed for the pairs that nobody has looked at before. */
export function scoreCases(heldOutSeed: number = seeds.heldOut): ScoreCase[] {
  const pair = (set: ScoreSet) => (planted: ScoreCase['planted']) => {
    const [a, b] = planted;
    return { set, planted, inTurn: a?.source === b?.source };
  };
  return [
    ...[...singles, ...partial].map((each) => ({ set: 'single' as const, planted: [each] })),
    ...pairs(seeds.seen, 25).map(pair('pairs')),
    ...pairs(heldOutSeed, 25).map(pair('held-out pairs')),
    ...unknown.map((each) => ({ set: 'unknown' as const, planted: [each] })),
    ...nothing.map((each) => ({ set: 'nothing wrong' as const, planted: [{ ...each, rule: '' }] })),
  ];
}
