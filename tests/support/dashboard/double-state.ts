/** What the double answers: its usual state, which tests change at will. */
import type { z } from 'zod';
import type { ApiKeyView } from '../../../core/contracts/http/api-keys.ts';
import type { ExportView } from '../../../core/contracts/http/exports.ts';
import type { FindingView } from '../../../core/contracts/http/findings.ts';
import type { QuoteView } from '../../../core/contracts/http/market.ts';
import type {
  deadLetterSchema,
  quarantineSchema,
  queueSchema,
  SessionView,
  serviceSchema,
  sourceSchema,
} from '../../../core/contracts/http/operations.ts';
import type { replayRequestSchema } from '../../../core/contracts/http/replays.ts';
import type { StoredModel } from '../../../core/ports/model-store.ts';
import { type AlertsOfDouble, usualAlerts } from './alert-data.ts';
import { usualExports } from './export-data.ts';
import { quoteOf, usualMarket } from './market-data.ts';
import { usualModels } from './model-data.ts';
import { usualDeadLetters, usualQuarantine, usualQueues, usualServices, usualSources } from './operations-data.ts';
import { usualFindings, usualKeys, usualReportIds } from './page-data.ts';

/** What the double answers; tests change it at will. */
export interface DoubleState {
  quotes: QuoteView[];
  sources: z.infer<typeof sourceSchema>[];
  services: z.infer<typeof serviceSchema>[];
  eventsWaiting: { waiting: number; oldestSeconds: number };
  queues: z.infer<typeof queueSchema>[];
  quarantine: z.infer<typeof quarantineSchema>[];
  deadLetters: z.infer<typeof deadLetterSchema>[];
  scopes: SessionView['scopes'];
  /** Ids of the sources that are simulated. */
  simulated: string[];
  /** Nobody's cookie is accepted any more. */
  signedOut: boolean;
  tokenUsed: boolean;
  /** Paths (`/quotes`) whose next answers are this problem, or no answer for so many milliseconds. */
  fail: Map<string, { status: number; code: string; title: string; detail: string }>;
  delayMs: Map<string, number>;
  /** Runs that were asked for, by how often they were looked at since. */
  runs: Map<string, number>;
  /** How often a run that was asked for is looked at before it appears. */
  promisedLooks: number;
  /** The recovery that was asked for, and how often it was looked at. */
  recovery: { sourceId: string; looks: number } | null;
  /** The replay that was asked for, and how often it was looked at. */
  replay: { asked: z.infer<typeof replayRequestSchema>; rows: number; looks: number } | null;
  /** Ids of the reports, newest first. */
  reports: string[];
  keys: ApiKeyView[];
  findings: FindingView[];
  models: StoredModel[];
  exports: ExportView[];
  alerts: AlertsOfDouble;
  /** Symbols that were added, by how often they were looked at since. */
  watched: Map<string, number>;
  /** Symbols with a quote that nobody asked for, as the constituents of indices are. */
  unasked: Set<string>;
  /** Whether there is a feed of events, which then stays open. */
  feed: boolean;
  /** What came in: `GET /quotes 200`. */
  requests: string[];
}

export function usualState(): DoubleState {
  return {
    quotes: usualMarket.map((given) => quoteOf(given)),
    sources: usualSources(),
    services: usualServices(),
    eventsWaiting: { waiting: 0, oldestSeconds: 0 },
    queues: usualQueues(),
    quarantine: usualQuarantine(),
    deadLetters: usualDeadLetters(),
    scopes: ['read', 'operate'],
    simulated: [],
    signedOut: false,
    tokenUsed: false,
    fail: new Map(),
    delayMs: new Map(),
    runs: new Map(),
    promisedLooks: 0,
    recovery: null,
    replay: null,
    reports: [...usualReportIds],
    keys: usualKeys(),
    findings: usualFindings(),
    models: usualModels(),
    exports: usualExports(),
    alerts: usualAlerts(),
    watched: new Map(),
    unasked: new Set(),
    feed: false,
    requests: [],
  };
}
