import type * as z from 'zod';
import { credentialsFormOf } from '../../../core/auth/credentials.ts';
import type {
  DeadLetterView,
  healthSampleSchema,
  QuarantineView,
  QueueView,
  RunDetailView,
  RunView,
  ServiceView,
  SourceView,
} from '../../../core/contracts/http/operations.ts';
import type { IncidentView } from '../../../core/contracts/http/recovery.ts';
import { causeOf } from '../../../core/contracts/words/causes.ts';
import type { FailureDetail } from '../../../core/contracts/words/failure-details.ts';
import type { HealthStatus } from '../../../core/contracts/words/health-status.ts';
import type { RunReason } from '../../../core/contracts/words/run-reasons.ts';
import { timingsOf } from '../../../core/planning/stretches.ts';
import { sourceOf as inCatalogue, knownSource } from '../../../core/sources/catalogue.ts';
import { runId } from './market-data.ts';

const at = (secondsAgo: number, now = Date.now()) => new Date(now - secondsAgo * 1_000).toISOString();

/** A source of the catalogue as the API reports it: kind, jobs, quota and terms are its own. */
export function sourceOf(
  id: string,
  change: { paused?: boolean; health?: Partial<SourceView['health']>; used?: { minute: number; day: number } } = {},
): SourceView {
  const source = knownSource(id);
  const { title, kind, terms, quota } = source;
  const status = change.health?.status ?? 'healthy';
  const timings = timingsOf(source, { symbols: null, alwaysOpen: true, toSource: (symbol) => symbol });
  const jobs = timings.map(({ job, stretch, symbols }) => ({
    id: job.id,
    kind: job.kind,
    everySeconds: job.everySeconds === undefined ? null : job.everySeconds * stretch,
    cron: job.cron ?? null,
    zone: job.cron === undefined ? null : job.zone,
    inSession: job.inSession !== undefined,
    nextRunAt: at(-18),
    symbolCount: symbols.length,
  }));
  const form = credentialsFormOf(source.session);
  const { minute, day } = change.used ?? {
    minute: Math.floor(quota.perMinute * 0.15),
    day: Math.floor(quota.perDay * 0.09),
  };
  return {
    id,
    title,
    kind,
    simulated: false,
    paused: change.paused ?? false,
    pausedUntil: null,
    credentials: form === null ? null : { form, isSet: true, changedAt: at(86_400 * 9), hint: null },
    jobs,
    terms: { ...terms },
    lastRun: {
      id: runId,
      job: jobs[0]?.id ?? '',
      status: 'succeeded',
      dueAt: at(42),
      finishedAt: at(38),
      accepted: 17,
      rejected: 0,
    },
    health: {
      status,
      reason: null,
      score: 98,
      detail: null,
      message: null,
      since: at(7_200),
      parts: { success: 1, freshness: 1, accepted: 0.98, latency: 1, quota: 0.91 },
      trend: trendOf(status),
      lastSuccessAt: at(38),
      lastFailure: null,
      login: null,
      breaker: { state: 'closed', until: null, reason: null, opened: 0 },
      incidents: [],
      quota: { minute: { used: minute, limit: quota.perMinute }, day: { used: day, limit: quota.perDay } },
      heldUntil: null,
      cause: null,
      nextRunAt: at(-18),
      ...change.health,
    },
  };
}

function openIncident(reason: RunReason, count: number): SourceView['health']['incidents'][number] {
  const id = incidentIds[reason] ?? runId;
  return {
    id,
    reason,
    cause: causeOf(reason, failures[reason] ?? null),
    openedAt: at(5_400),
    lastSeenAt: at(95),
    count,
  };
}

const incidentIds: Partial<Record<RunReason, string>> = {
  rate_limited: '4c7c1f0e-7a34-4f39-9d75-0a4a1c1a0001',
  down: '4c7c1f0e-7a34-4f39-9d75-0a4a1c1a0002',
  schema_drift: '4c7c1f0e-7a34-4f39-9d75-0a4a1c1a0003',
};

const failures: Partial<Record<RunReason, FailureDetail>> = {
  rate_limited: { code: 'http_status', status: 429 },
  down: { code: 'http_status', status: 503 },
  schema_drift: { code: 'table_missing' },
};

const samples: Partial<Record<RunReason, string>> = {
  rate_limited: 'HTTP 429: You’ve exceeded the Rate Limit. Please visit our pricing page.',
  down: 'HTTP 503: Service Unavailable',
  schema_drift: 'No table with the columns Company, Symbol and Weight was found in the page.',
};

/** The incidents of a source: its open ones and a resolved one. */
export function usualIncidents(sourceId: string): IncidentView[] {
  const open = usualSources().find((source) => source.id === sourceId)?.health.incidents ?? [];
  const sample = (seconds: number, message: string) => ({
    at: at(seconds),
    runId,
    part: 0,
    detail: { code: 'unspecified' as const },
    message,
    blobKey: null,
    artifacts: [],
  });
  return [
    ...open.map(
      (incident): IncidentView => ({
        ...incident,
        sourceId,
        cause: causeOf(incident.reason, null),
        status: 'open',
        resolvedAt: null,
        cameBack: incident.reason === 'schema_drift' ? 2 : 0,
        evidence: [sample(95, samples[incident.reason] ?? 'The source gave no data.')],
      }),
    ),
    {
      id: '4c7c1f0e-7a34-4f39-9d75-0a4a1c1a0009',
      sourceId,
      reason: 'timeout',
      cause: 'timeout',
      status: 'resolved',
      openedAt: at(86_400 * 2),
      lastSeenAt: at(86_400 * 2 - 600),
      resolvedAt: at(86_400 * 2 - 900),
      count: 2,
      cameBack: 0,
      evidence: [sample(86_400 * 2, 'The source did not answer within 10 s.')],
    },
  ];
}

/** What a score was made of; before the sixth sample it was not kept. */
export function partsOf(status: HealthStatus, index: number): z.infer<typeof healthSampleSchema>['parts'] {
  if (index < 5) return { success: null, freshness: null, accepted: null, latency: null, quota: null };
  const well = status === 'healthy';
  return {
    success: well ? 1 : status === 'degraded' ? 0.86 : 0.2,
    freshness: well ? 0.98 : 0.7,
    accepted: 0.995,
    latency: 0.7 + (index % 5) * 0.06,
    quota: 1 - (index % 24) / 30,
  };
}

/** A source's health of the last two weeks. */
export function usualDays(): z.infer<typeof healthSampleSchema>[] {
  const today = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  return Array.from({ length: 14 }, (_, index) => {
    const status: HealthStatus = index === 4 ? 'failed' : index === 9 ? 'degraded' : 'healthy';
    const score = status === 'failed' ? 64 : status === 'degraded' ? 88 : 97;
    return {
      at: new Date(today - (13 - index) * 86_400_000).toISOString(),
      status,
      score,
      lowest: score - 10,
      succeeded: 1_440,
      failed: status === 'healthy' ? 0 : 12,
      parts: partsOf(status, index),
    };
  });
}

function trendOf(last: HealthStatus): SourceView['health']['trend'] {
  const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  return Array.from({ length: 20 }, (_, index) => {
    const status: HealthStatus = index === 19 ? last : index === 11 ? 'degraded' : 'healthy';
    const score = status === 'healthy' ? 94 + ((index * 7) % 7) : status === 'degraded' ? 71 : 18;
    return { at: new Date(hour - (19 - index) * 3_600_000).toISOString(), status, score };
  });
}

/** Four sources, one of each kind of trouble. */
export function usualSources(): SourceView[] {
  return [
    sourceOf('yahoo'),
    sourceOf('alpha-vantage', { paused: true, health: { nextRunAt: null }, used: { minute: 0, day: 25 } }),
    sourceOf('coingecko', {
      used: { minute: 4, day: 2_520 },
      health: {
        status: 'limited',
        reason: 'rate_limited',
        cause: 'too_many_requests',
        score: 61,
        detail: { code: 'http_status', status: 429 },
        message: 'HTTP 429: You’ve exceeded the Rate Limit. Please visit our pricing page.',
        parts: { success: 0.6, freshness: 1, accepted: 1, latency: 0.82, quota: 0.16 },
        lastFailure: {
          at: at(95),
          reason: 'rate_limited',
          cause: 'too_many_requests',
          detail: { code: 'http_status', status: 429 },
          message: 'HTTP 429: You’ve exceeded the Rate Limit. Please visit our pricing page.',
          runId,
        },
        breaker: { state: 'open', until: at(-150), reason: 'down', opened: 2 },
        incidents: [openIncident('rate_limited', 4), openIncident('down', 3)],
      },
    }),
    sourceOf('slickcharts', {
      health: {
        status: 'failed',
        reason: 'schema_drift',
        cause: 'format_changed',
        score: 12,
        detail: { code: 'table_missing' },
        message: 'No table with the columns Company, Symbol and Weight was found in the page.',
        parts: { success: 0, freshness: 0, accepted: null, latency: null, quota: 0.98 },
        incidents: [openIncident('schema_drift', 12)],
        lastSuccessAt: at(7_600),
        lastFailure: {
          at: at(260),
          reason: 'schema_drift',
          cause: 'format_changed',
          detail: { code: 'table_missing' },
          message: 'No table with the columns Company, Symbol and Weight was found in the page.',
          runId,
        },
      },
    }),
  ];
}

export function usualServices(): ServiceView[] {
  return [
    { id: 'scheduler', running: true, stoppedUntil: null, changedAt: null },
    { id: 'scrapers', running: true, stoppedUntil: null, changedAt: at(86_400 * 3) },
    { id: 'ingest', running: true, stoppedUntil: null, changedAt: null },
  ];
}

export function usualQueues(): QueueView[] {
  return [
    { name: 'scrape-yahoo', waiting: 0, inFlight: 1, dead: 0 },
    { name: 'scrape-coingecko', waiting: 12, inFlight: 0, dead: 0 },
    { name: 'ingest', waiting: 3, inFlight: 2, dead: 1 },
    { name: 'outcomes', waiting: 0, inFlight: 0, dead: 0 },
  ];
}

export function usualDeadLetters(): DeadLetterView[] {
  return [
    {
      queue: 'ingest',
      messageId: '7c0f9a52-0b51-4a63-a3a5-6a2c67c0de01',
      sentAt: at(5_400),
      receiveCount: 5,
      body: '{"blobKey":"raw/yahoo/2026-11-20/<script>alert(1)</script>","runId":"not-a-run"}',
    },
  ];
}

/** The latest runs of a source: one in eleven failed. */
export function runsOf(sourceId: string): RunView[] {
  const job = inCatalogue(sourceId)?.jobs[0]?.id;
  if (job === undefined) return [];
  return Array.from({ length: 14 }, (_, index) => {
    const failed = index % 11 === 4;
    return {
      id: index === 0 ? runId : `0b9f2a51-6a0e-5c6e-9d3b-3f0c7d3f4a${String(index + 10)}`,
      sourceId,
      job,
      trigger: index === 13 ? 'first_cycle' : 'schedule',
      status: failed ? 'failed' : 'succeeded',
      reason: failed ? 'timeout' : null,
      cause: failed ? 'timeout' : null,
      dueAt: at(index * 60 + 42),
      createdAt: at(index * 60 + 41),
      finishedAt: at(index * 60 + 39),
      tasks: 1,
      accepted: failed ? 0 : 17,
      rejected: index === 6 ? 2 : 0,
    };
  });
}

/** One run with its single task. `finished` false: it is still under way. */
export function runDetailOf(id: string, finished = true): RunDetailView {
  return {
    id,
    sourceId: 'yahoo',
    job: 'quotes',
    trigger: 'manual',
    status: finished ? 'succeeded' : 'running',
    reason: null,
    cause: null,
    dueAt: at(6),
    createdAt: at(6),
    finishedAt: finished ? at(1) : null,
    tasks: 1,
    accepted: finished ? 17 : 0,
    rejected: 0,
    parts: [
      {
        part: 0,
        status: finished ? 'succeeded' : 'running',
        reason: null,
        cause: null,
        detail: null,
        message: null,
        symbols: ['AAPL', 'MSFT', 'NVDA', 'AMZN', 'BRK-B', 'SPY', '^GSPC', 'BTC-USD', 'EURUSD=X'],
        plannedAt: at(6),
        queuedAt: at(6),
        startedAt: at(5),
        fetchedAt: finished ? at(3) : null,
        ingestedAt: finished ? at(1) : null,
        finishedAt: finished ? at(1) : null,
        batchId: finished ? '1841' : null,
        attempts: [
          {
            attempt: 1,
            startedAt: at(5),
            finishedAt: finished ? at(3) : null,
            ok: finished ? true : null,
            reason: null,
            cause: null,
            detail: null,
            message: null,
            blobKey: finished ? `raw/yahoo/2026-11-20/${id}/0-1.json.gz` : null,
            requests: finished ? 3 : null,
            latencyMs: finished ? 412.6 : null,
            artifacts: [],
          },
        ],
      },
    ],
  };
}

export function usualQuarantine(): QuarantineView[] {
  const row = (index: number, change: Partial<QuarantineView>): QuarantineView => ({
    id: String(900 + index),
    at: at(index * 340 + 70),
    firstSeenAt: at(index * 340 + 70),
    resolvedAt: null,
    discarded: null,
    sourceId: 'yahoo',
    reason: 'unit_suspect',
    symbol: 'VOD.L',
    finding: { code: 'price_ratio', ratio: 100, to: 'stored', than: '0.6616' },
    detail: '66.16 GBP is 100 times the last price 0.6616: pence taken for pounds?',
    path: 'quoteResponse.result.4.regularMarketPrice',
    row: { symbol: 'VOD.L', regularMarketPrice: 66.16, currency: 'GBP' },
    runId,
    blobKey: `raw/yahoo/2026-11-20/${runId}/0-1.json.gz`,
    batchId: '1841',
    ...change,
  });
  return [
    row(0, {}),
    row(1, { symbol: 'OCDO.L', detail: '296.9 GBP is 100 times the last price 2.969: pence taken for pounds?' }),
    row(2, {
      sourceId: 'coingecko',
      reason: 'implausible_jump',
      symbol: 'SHIB-USD',
      detail: '0.0312 is 1,935 times the price of a minute before',
      path: 'shiba-inu.usd',
    }),
    row(3, {
      reason: 'schema',
      finding: { code: 'invalid_fields', fields: ['regularMarketTime'] },
      symbol: null,
      detail: 'regularMarketTime: expected a number, found text “<b>now</b>”',
      row: null,
      path: 'quoteResponse.result.9',
    }),
  ];
}
