/** Reports, keys, coverage and findings for the doubled API. */
import type { ApiKeyView } from '../../../core/contracts/http/api-keys.ts';
import type { BackfillView } from '../../../core/contracts/http/backfills.ts';
import type { CoverageView } from '../../../core/contracts/http/coverage.ts';
import type { DiagnosisView } from '../../../core/contracts/http/diagnostics.ts';
import type { FindingView } from '../../../core/contracts/http/findings.ts';
import type { QuoteView } from '../../../core/contracts/http/market.ts';
import type { RawAnswerView } from '../../../core/contracts/http/raw-answers.ts';
import type { WatchedView } from '../../../core/contracts/http/watch.ts';
import { runId } from './market-data.ts';

const at = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1_000).toISOString();
const day = 86_400_000;

export const newReportId = '0f6d3c1e-6f3a-4a0b-9a55-3a8c7a1d0001';
export const usualReportIds = ['0f6d3c1e-6f3a-4a0b-9a55-3a8c7a1d0002', '0f6d3c1e-6f3a-4a0b-9a55-3a8c7a1d0003'];

/** What a source may send: shown as text wherever it stands. */
export const hostileMessage = '<img src=x onerror=alert(1)> =cmd|calc';

/** A report; the newest has a fault, the others none. */
export function reportOf(id: string): DiagnosisView {
  const isNew = id === newReportId;
  const age = isNew ? 1 : id === usualReportIds[0] ? 7_200 : 90_000;
  return {
    id,
    status: 'done',
    createdAt: at(age),
    score: isNew ? 71 : 98,
    cap: isNew ? { rule: 'share_working', most: 71 } : null,
    headline: isNew ? '4 of 5 sources healthy; CoinGecko rate limited since 14:02' : 'All 5 sources healthy',
    sources: [
      {
        id: 'coingecko',
        title: 'CoinGecko',
        status: isNew ? 'limited' : 'healthy',
        reason: isNew ? 'rate_limited' : null,
        cause: isNew ? 'too_many_requests' : null,
        score: isNew ? 41 : 99,
        trend: [99, 98, 41],
        lastSuccessAt: at(1_900),
        heldUntil: null,
        openIncidents: [],
      },
      {
        id: 'yahoo',
        title: 'Yahoo Finance',
        status: 'healthy',
        reason: null,
        cause: null,
        score: 98,
        trend: [98, 98, 98],
        lastSuccessAt: at(38),
        heldUntil: null,
        openIncidents: [],
      },
    ],
    findings: isNew
      ? [
          {
            rule: 'rate_limited',
            sources: ['coingecko'],
            title: 'CoinGecko answers that it gets too many requests',
            reasons: ['rate_limited'],
            explained: true,
            causeCode: 'too_many_requests',
            cause: 'The source has lowered its limit, or something else asks from the same address.',
            evidence: ['12 of the last 30 requests were answered with 429.', 'Our own quota was not used up.'],
            count: 12,
            firstSeenAt: at(2_000),
            lastSeenAt: at(40),
            samples: [
              {
                at: at(40),
                runId,
                symbol: 'BTC-USD',
                detail: { code: 'http_status', status: 429 },
                finding: null,
                message: hostileMessage,
                blobKey: null,
                artifacts: [],
              },
            ],
            symbols: {
              hit: 3,
              asked: 3,
              names: ['BTC-USD', 'ETH-USD', 'SOL-USD'],
              markets: [{ name: 'Crypto', count: 3 }],
              otherMarkets: 0,
              served: { byOthers: 3, others: ['yahoo'], oldestMinutes: null },
            },
            healedAt: null,
            recovery: null,
            advice: [
              { text: 'Lower the quota of the source, then recover it.', command: 'quotron recover coingecko --wait' },
            ],
            effect: 60,
          },
          {
            rule: 'quarantine',
            sources: ['yahoo'],
            title: '1 row of Yahoo Finance is held back',
            reasons: ['unit_suspect'],
            explained: true,
            causeCode: 'wrong_unit',
            cause: 'The price looks as if it were in pence.',
            evidence: [],
            count: null,
            firstSeenAt: null,
            lastSeenAt: null,
            samples: [],
            symbols: null,
            healedAt: null,
            recovery: null,
            advice: [],
            effect: 5,
          },
        ]
      : [],
    ended: [],
    simulatedSources: [],
    earlier: [],
    changes: isNew
      ? {
          since: at(7_200),
          score: { from: 98, to: 71 },
          sources: [{ id: 'coingecko', fromStatus: 'healthy', toStatus: 'limited', fromScore: 99, toScore: 41 }],
          opened: [{ sourceId: 'coingecko', reason: 'rate_limited', cause: 'too_many_requests', at: at(2_000) }],
          closed: [],
        }
      : null,
    summary: null,
    summaryRefusal: null,
  };
}

/** An API key as the API lists it. */
export function keyOf(given: Partial<ApiKeyView> & { name: string }): ApiKeyView {
  const id = `0f6d3c1e-6f3a-4a0b-9a55-${given.name.length.toString(16).padStart(12, '0')}`;
  return {
    id,
    prefix: given.feed ? 'qtr_feed_c2VjcmV0' : 'qtr_live_c2VjcmV0',
    scope: 'read',
    use: 'internal',
    feed: null,
    createdAt: at(86_400 * 20),
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
    ...given,
  };
}

export const usualKeys = (): ApiKeyView[] => [
  keyOf({ name: 'local operate', scope: 'operate', lastUsedAt: at(4) }),
  keyOf({
    name: 'spreadsheet',
    feed: { routes: ['quotes', 'bars'], symbols: ['AAPL', 'VOD.L'], ratePerMinute: 60 },
    expiresAt: at(-86_400 * 300),
    lastUsedAt: at(3_700),
  }),
  keyOf({ name: 'a former one', revokedAt: at(86_400 * 3) }),
];

/** A series with a hole in every third one. */
export function coverageOf(quote: QuoteView, from: string, to: string, index: number): CoverageView {
  const end = Date.parse(to);
  const dayOf = (back: number) => new Date(end - back * day).toISOString().slice(0, 10);
  const holed = index % 3 === 1;
  const sessions = Math.round(((end - Date.parse(from)) / day) * (5 / 7));
  const missing = holed ? 4 : 0;
  const ranges: CoverageView['ranges'] = holed
    ? [
        { from, to: dayOf(31), state: 'present', reason: null, sessions: sessions - 24 },
        { from: dayOf(30), to: dayOf(27), state: 'missing', reason: 'source_failed', sessions: 4 },
        { from: dayOf(26), to: dayOf(1), state: 'present', reason: null, sessions: 19 },
        { from: to, to, state: 'missing', reason: 'not_yet_due', sessions: 1 },
      ]
    : [{ from, to, state: 'present', reason: null, sessions }];
  return {
    instrument: quote.instrument,
    source: quote.source,
    licence: 'internal',
    interval: '1d',
    from,
    to,
    sessions,
    present: sessions - missing,
    missing,
    noSession: 0,
    reasons: holed ? [{ state: 'missing', reason: 'source_failed', sessions: 4 }] : [],
    doubtful: 0,
    unexpected: [],
    firstDay: from,
    lastDay: to,
    ranges,
    rangesLeftOut: 0,
  };
}

export const rawBody = `{"quoteResponse":{"result":[{"symbol":"AAPL","longName":"${hostileMessage.replaceAll('"', '')}"},{"symbol":"OCDO.L","regularMarketPrice":296.9}]}}`;

/** What a run asked, and that an answer came. */
export function answerOf(): RawAnswerView {
  return {
    n: 0,
    part: 0,
    attempt: 1,
    method: 'GET',
    url: 'https://query1.finance.yahoo.com/v7/finance/quote?symbols=AAPL&crumb=***',
    symbols: ['AAPL'],
    status: 200,
    contentType: 'application/json',
    bytes: rawBody.length,
    truncated: false,
    error: null,
    fetchedAt: at(20),
    latencyMs: 212,
    blobKey: 'raw/yahoo/2026-11-20/0b9f2a51-6a0e-5c6e-9d3b-3f0c7d3f4a10/0-1.json.gz',
  };
}

/** A backfill that is done at once. */
export function backfillOf(of: Pick<BackfillView, 'sourceId' | 'interval' | 'symbols' | 'from' | 'to'>): BackfillView {
  return {
    ...of,
    id: runId,
    status: 'succeeded',
    createdAt: at(2),
    finishedAt: at(0),
    chunks: { total: 1, done: 1, failed: 0, running: 0, waiting: 0, cancelled: 0 },
    rows: 4,
    etaAt: null,
  };
}

export const usualFindings = (): FindingView[] => [
  {
    id: '41',
    rule: 'unit',
    severity: 'wrong',
    status: 'open',
    subject: { symbol: 'VOD.L', source: 'yahoo', kind: 'bar', interval: '1d', date: '2026-11-18', at: null },
    evidence: { code: 'other_unit', factor: 0.01, fields: ['open', 'high', 'low', 'close'], witness: 'other_source' },
    proposal: {
      field: 'prices',
      from: '66.16',
      to: '0.6616',
      why: 'unit',
      factor: '0.01',
      fields: ['open', 'high', 'low', 'close'],
    },
    openedAt: at(7_200),
    closedAt: null,
    by: null,
  },
  {
    id: '42',
    rule: 'unit',
    severity: 'doubt',
    status: 'open',
    subject: { symbol: 'AAPL', source: 'yahoo', kind: 'bar', interval: '1d', date: '2026-11-17', at: null },
    evidence: { code: 'frozen', rows: 6 },
    proposal: null,
    openedAt: at(9_200),
    closedAt: null,
    by: null,
  },
  {
    id: '43',
    rule: 'names',
    severity: 'info',
    status: 'open',
    subject: { symbol: 'ABC', source: 'slickcharts', kind: 'listing', interval: null, date: null, at: null },
    evidence: { code: 'another_name', known: 'Abc plc', said: hostileMessage, from: '2026-11-16', contradicts: [] },
    proposal: null,
    openedAt: at(9_900),
    closedAt: null,
    by: null,
  },
];

/** A watched symbol: collected when it is looked at the second time; one with a Z is unknown then. */
export function watchedOf(symbol: string, looks: number): WatchedView {
  const state = looks < 1 ? 'waiting' : symbol.startsWith('Z') ? 'unknown' : 'collected';
  return {
    symbol,
    state,
    sources: [
      {
        sourceId: 'yahoo',
        symbol,
        state,
        addedAt: at(2),
        collectedAt: state === 'collected' ? at(0) : null,
        missingSince: null,
        hold: null,
        until: null,
        reason: null,
        runId: null,
        everySeconds: 60,
        nextRunAt: at(-40),
      },
    ],
  };
}
