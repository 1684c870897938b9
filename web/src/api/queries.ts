/** What the dashboard reads, as TanStack Query options: key, reader, and how often it is asked again. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { flowSampleSchema, healthSchema, systemSampleSchema } from '../../../core/contracts/http/health.ts';
import { constituentsSchema } from '../../../core/contracts/http/indices.ts';
import {
  barsSchema,
  exchangeSchema,
  instrumentSchema,
  quoteSchema,
  tickRowSchema,
} from '../../../core/contracts/http/market.ts';
import {
  deadLetterSchema,
  healthSampleSchema,
  quarantineSchema,
  runDetailSchema,
  runSchema,
  servicesSchema,
  sessionSchema,
  sourceSchema,
} from '../../../core/contracts/http/operations.ts';
import { incidentSchema, recoverySchema } from '../../../core/contracts/http/recovery.ts';
import { replaySchema } from '../../../core/contracts/http/replays.ts';
import { paced } from '../live/pace.ts';
import { documentReader, reader } from './client.ts';
import { RequestError } from './failure.ts';

const readExchanges = reader(z.array(exchangeSchema));
const readInstruments = reader(z.array(instrumentSchema));
const readQuote = reader(quoteSchema);
const readHistory = reader(z.array(tickRowSchema));
const readBars = reader(barsSchema);
const readConstituents = reader(constituentsSchema);
const readSources = reader(z.array(sourceSchema));
const readServices = reader(servicesSchema);
const readRecoveries = reader(z.array(recoverySchema));
const readRecovery = reader(recoverySchema);
const readIncidents = reader(z.array(incidentSchema));
const readHealthHistory = reader(z.array(healthSampleSchema));
const readSystem = documentReader(healthSchema, 'application/health+json', 503);
const readSystemHistory = reader(z.array(systemSampleSchema));
const readFlow = reader(z.array(flowSampleSchema));
const readRuns = reader(z.array(runSchema));
const readRun = reader(runDetailSchema);
const readQuarantine = reader(z.array(quarantineSchema));
const readDeadLetters = reader(z.array(deadLetterSchema));
const readReplay = reader(replaySchema);
const readSession = reader(sessionSchema);

/** Refetch intervals, longer while events come. Nothing is fetched while the tab is hidden. */
const live = { quotes: paced(5_000), operations: paced(10_000), slow: paced(30_000), hourly: 10 * 60_000 } as const;

/** The signed-in session, or `null`. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }) => {
    try {
      return (await readSession('/session', signal)).data;
    } catch (error) {
      if (error instanceof RequestError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 5 * 60_000,
});

/** The instruments that a text means, best first: by symbol or name, of all that have data. */
export const instrumentsQuery = (text: string) =>
  queryOptions({
    queryKey: ['instruments', text],
    queryFn: async ({ signal }) =>
      (await readInstruments(`/instruments?limit=8&query=${encodeURIComponent(text)}`, signal)).data,
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });

/** The venues with prices: a few lines in place of every quote. */
export const exchangesQuery = queryOptions({
  queryKey: ['exchanges'],
  queryFn: async ({ signal }) => (await readExchanges('/exchanges', signal)).data,
  refetchInterval: live.operations,
});

/** One quote with all candidates: what each source said, and which was chosen. */
export function quoteQuery(symbol: string) {
  return queryOptions({
    queryKey: ['quote', symbol],
    queryFn: async ({ signal }) => (await readQuote(`/quotes/${encodeURIComponent(symbol)}?explain=1`, signal)).data,
    refetchInterval: live.quotes,
  });
}

/** The last stored prices of a listing, newest first, including corrected ones. */
export function historyQuery(symbol: string) {
  return queryOptions({
    queryKey: ['history', symbol],
    queryFn: async ({ signal }) =>
      (await readHistory(`/quotes/${encodeURIComponent(symbol)}/history?revisions=1&limit=50`, signal)).data.toSorted(
        (a, b) => b.asOf.localeCompare(a.asOf),
      ),
    refetchInterval: live.slow,
  });
}

/** Which bars of a symbol: what is not named is as the API has it. */
export interface BarsAsked {
  readonly interval: string;
  readonly from?: string | undefined;
  readonly adjustment?: string | undefined;
  readonly source?: string | undefined;
}

/** The address of bars under the API, for the page and for a file. */
export function barsPath(symbol: string, asked: BarsAsked, format?: 'csv'): string {
  const query = new URLSearchParams({ interval: asked.interval, order: 'desc', limit: '5000' });
  for (const name of ['from', 'adjustment', 'source'] as const) {
    const value = asked[name];
    if (value !== undefined) query.set(name, value);
  }
  if (format !== undefined) query.set('format', format);
  return `/bars/${encodeURIComponent(symbol)}?${query}`;
}

/** Bars, the newest 5,000, with the API's warnings on their basis. */
export function barsQuery(symbol: string, asked: BarsAsked) {
  return queryOptions({
    queryKey: ['bars', symbol, asked],
    queryFn: async ({ signal }) => {
      const answer = await readBars(barsPath(symbol, asked), signal);
      return { ...answer.data, warnings: answer.warnings };
    },
    refetchInterval: live.slow,
    placeholderData: keepPreviousData,
  });
}

/** The constituents of an index, heaviest first. */
export function constituentsQuery(symbol: string) {
  return queryOptions({
    queryKey: ['constituents', symbol],
    queryFn: async ({ signal }) =>
      (await readConstituents(`/indices/${encodeURIComponent(symbol)}/constituents`, signal)).data,
    refetchInterval: live.slow,
  });
}

/** Every source with its health and last run. */
export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: async ({ signal }) => (await readSources('/sources', signal)).data,
  refetchInterval: live.operations,
});

/** The health of the installation: one judgement, the same as on the command line and in the report. */
export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: async ({ signal }) => (await readSystem('/health', signal)).system,
  refetchInterval: live.operations,
});

/** The score of the installation, oldest first: 24 hours by the hour, or 30 days. */
export function systemHistoryQuery(by: 'hour' | 'day') {
  return queryOptions({
    queryKey: ['system-history', by],
    queryFn: async ({ signal }) => (await readSystemHistory(`/health/history?by=${by}`, signal)).data,
    refetchInterval: live.slow,
  });
}

/** What was stored and what waited for the relay of events, oldest first: three hours by the minute, or seven days by the hour. */
export function flowQuery(by: 'minute' | 'hour') {
  return queryOptions({
    queryKey: ['flow', by],
    queryFn: async ({ signal }) => (await readFlow(`/health/flow?by=${by}`, signal)).data,
    staleTime: 60_000,
    refetchInterval: 60_000,
  });
}

/** The services that can be switched off, and the queues. */
export const servicesQuery = queryOptions({
  queryKey: ['services'],
  queryFn: async ({ signal }) => {
    const answer = await readServices('/services', signal);
    return { ...answer.data, warnings: answer.warnings };
  },
  refetchInterval: live.operations,
});

/** A source's latest incidents, open or resolved, newest first. */
export function incidentsQuery(sourceId: string) {
  return queryOptions({
    queryKey: ['incidents', sourceId],
    queryFn: async ({ signal }) =>
      (await readIncidents(`/incidents?sourceId=${encodeURIComponent(sourceId)}&limit=10`, signal)).data,
    refetchInterval: live.operations,
  });
}

/** A source's latest recoveries, newest first. Refetched every 1.5 s while one is running. */
export function recoveriesQuery(sourceId: string) {
  return queryOptions({
    queryKey: ['recoveries', sourceId],
    queryFn: async ({ signal }) =>
      (await readRecoveries(`/recoveries?sourceId=${encodeURIComponent(sourceId)}&limit=5`, signal)).data,
    refetchInterval: (query) =>
      query.state.data?.some((recovery) => recovery.finishedAt === null) ? 1_500 : live.operations(),
  });
}

/** The latest recoveries of all sources, newest first. Refetched every 1.5 s while one is running. */
export const latestRecoveriesQuery = queryOptions({
  queryKey: ['recoveries'],
  queryFn: async ({ signal }) => (await readRecoveries('/recoveries?limit=50', signal)).data,
  refetchInterval: (query) =>
    query.state.data?.some((recovery) => recovery.finishedAt === null) ? 1_500 : live.operations(),
});

/** One recovery with its steps. */
export function recoveryQuery(id: string) {
  return queryOptions({
    queryKey: ['recovery', id],
    queryFn: async ({ signal }) => (await readRecovery(`/recoveries/${encodeURIComponent(id)}`, signal)).data,
  });
}

/** A source's health by the day, oldest first. */
export function healthByDayQuery(sourceId: string) {
  return queryOptions({
    queryKey: ['health-by-day', sourceId],
    queryFn: async ({ signal }) =>
      (await readHealthHistory(`/sources/${encodeURIComponent(sourceId)}/health/history?by=day`, signal)).data,
    refetchInterval: live.slow,
  });
}

/** A source's last seven days by the hour, oldest first. Its latest hours also come with the source. */
export function healthByHourQuery(sourceId: string) {
  return queryOptions({
    queryKey: ['health-by-hour', sourceId],
    queryFn: async ({ signal }) =>
      (await readHealthHistory(`/sources/${encodeURIComponent(sourceId)}/health/history?by=hour`, signal)).data,
    staleTime: live.hourly,
    refetchInterval: live.hourly,
  });
}

/** A source's latest runs, newest first. */
export function runsQuery(sourceId: string) {
  return queryOptions({
    queryKey: ['runs', sourceId],
    queryFn: async ({ signal }) =>
      (await readRuns(`/runs?sourceId=${encodeURIComponent(sourceId)}&limit=50`, signal)).data,
    refetchInterval: live.operations,
  });
}

/** One run with its tasks and attempts. Refetched every 1.5 s until it is finished. */
export function runQuery(id: string) {
  return queryOptions({
    queryKey: ['run', id],
    queryFn: async ({ signal }) => (await readRun(`/runs/${encodeURIComponent(id)}`, signal)).data,
    refetchInterval: (query) => (query.state.data?.finishedAt === null ? 1_500 : false),
  });
}

/** The newest quarantined rows, and whether there are more than these. */
export const quarantineQuery = queryOptions({
  queryKey: ['quarantine'],
  queryFn: async ({ signal }) => {
    const answer = await readQuarantine('/quarantine?limit=200', signal);
    return { rows: answer.data, more: answer.meta.nextCursor !== undefined };
  },
  refetchInterval: live.slow,
});

/** The progress of a replay. */
export function replayQuery(id: string) {
  return queryOptions({
    queryKey: ['replay', id],
    queryFn: async ({ signal }) => (await readReplay(`/replays/${encodeURIComponent(id)}`, signal)).data,
  });
}

/** The dead letters of a queue. */
export function deadLettersQuery(queue: string) {
  return queryOptions({
    queryKey: ['dead-letters', queue],
    queryFn: async ({ signal }) =>
      (await readDeadLetters(`/dead-letters?queue=${encodeURIComponent(queue)}`, signal)).data,
    placeholderData: keepPreviousData,
  });
}
