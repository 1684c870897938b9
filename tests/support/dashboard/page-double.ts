/** The double's reports, keys, coverage, findings and watch list. */
import { z } from 'zod';
import { apiKeySchema, createKeySchema, newApiKeySchema } from '../../../core/contracts/http/api-keys.ts';
import {
  backfillForecastSchema,
  backfillRequestSchema,
  backfillSchema,
} from '../../../core/contracts/http/backfills.ts';
import { coverageSchema } from '../../../core/contracts/http/coverage.ts';
import {
  diagnosisAcceptedSchema,
  diagnosisItemSchema,
  diagnosisViewSchema,
} from '../../../core/contracts/http/diagnostics.ts';
import { findingSchema, findingsDecidedSchema, findingsDecisionSchema } from '../../../core/contracts/http/findings.ts';
import { rawAnswerSchema } from '../../../core/contracts/http/raw-answers.ts';
import { recoveriesAcceptedSchema, recoverRequestSchema } from '../../../core/contracts/http/recovery.ts';
import { discardedSchema, discardRequestSchema } from '../../../core/contracts/http/replays.ts';
import { settingsSchema } from '../../../core/contracts/http/settings.ts';
import { watchAddedSchema, watchedSchema } from '../../../core/contracts/http/watch.ts';
import { isUnhealthy } from '../../../core/contracts/words/health-status.ts';
import { type Answer, data, problem, rawText } from './double-answer.ts';
import type { DoubleState } from './double-state.ts';
import {
  answerOf,
  backfillOf,
  coverageOf,
  keyOf,
  newReportId,
  rawBody,
  reportOf,
  usualReportIds,
  watchedOf,
} from './page-data.ts';
import { recoveryId } from './recovery-data.ts';
import { settingsOf } from './settings-data.ts';

/** The answer to a read, or `null` where it is none of these. */
export function readPage(state: DoubleState, path: string, query: URLSearchParams): Answer | null {
  const [, collection = '', id] = path.split('/').map(decodeURIComponent);
  if (path === '/diagnostics')
    return data(
      z.array(diagnosisItemSchema),
      state.reports.map((report) => {
        const { createdAt, score, headline } = reportOf(report);
        return { id: report, createdAt, score, headline };
      }),
    );
  if (collection === 'diagnostics' && id !== undefined)
    return state.reports.includes(id)
      ? data(diagnosisViewSchema, reportOf(id))
      : problem(404, 'unknown_diagnosis', 'There is no such report', 'GET /diagnostics lists what there is.');
  if (path === '/keys')
    return state.scopes.includes('admin')
      ? data(z.array(apiKeySchema), state.keys)
      : problem(403, 'forbidden', 'The key may not do this', 'It needs the scope admin.');
  if (path === '/settings') return data(settingsSchema, settingsOf(state));
  if (path === '/coverage') {
    const symbol = query.get('symbol');
    const to = query.get('to') ?? '2026-11-20';
    const from = query.get('from') ?? '2026-08-23';
    const quotes = state.quotes.filter(({ instrument }) => symbol === null || instrument.symbol === symbol);
    const series = quotes.map((quote) => coverageOf(quote, from, to, state.quotes.indexOf(quote)));
    return data(
      z.array(coverageSchema),
      query.get('state') === 'missing' ? series.filter(({ missing }) => missing > 0) : series,
    );
  }
  if (path === '/findings') {
    const source = query.get('sourceId');
    const symbol = query.get('symbol');
    return data(
      z.array(findingSchema),
      state.findings.filter(
        ({ subject }) =>
          (source === null || subject.source === source) && (symbol === null || subject.symbol === symbol),
      ),
    );
  }
  if (collection === 'runs' && path.endsWith('/answers')) return data(z.array(rawAnswerSchema), [answerOf()]);
  if (collection === 'runs' && path.includes('/answers/')) return rawText(rawBody);
  if (path === '/watch') {
    const collected = state.quotes
      .map(({ instrument }) => instrument.symbol)
      .filter((symbol) => !state.unasked.has(symbol));
    return data(
      z.array(watchedSchema),
      collected.map((symbol) => watchedOf(symbol, 9)),
    );
  }
  if (collection === 'watch' && id !== undefined && state.watched.has(id)) {
    const looks = state.watched.get(id) ?? 0;
    state.watched.set(id, looks + 1);
    return data(watchedSchema, watchedOf(id, looks));
  }
  return null;
}

/** The answer to a change, or `null` where it is none of these. */
export function changePage(state: DoubleState, method: string, path: string, body: unknown): Answer | null {
  const [, collection, id] = path.split('/').map(decodeURIComponent);
  if (path === '/diagnostics') {
    state.reports = [newReportId, ...usualReportIds];
    return { ...data(diagnosisAcceptedSchema, { id: newReportId, status: 'done' }), status: 202 };
  }
  if (path === '/keys' && method === 'POST') {
    const wanted = createKeySchema.parse(body);
    const feed = wanted.feed
      ? { routes: wanted.feed.routes, symbols: wanted.feed.symbols ?? null, ratePerMinute: wanted.feed.ratePerMinute }
      : null;
    const made = keyOf({ name: wanted.name, scope: wanted.scope ?? 'read', feed, expiresAt: wanted.expiresAt ?? null });
    state.keys = [made, ...state.keys];
    return { ...data(newApiKeySchema, { ...made, key: `${made.prefix}_the_rest_of_it` }), status: 201 };
  }
  if (collection === 'keys' && method === 'DELETE') {
    state.keys = state.keys.map((key) => (key.id === id ? { ...key, revokedAt: new Date().toISOString() } : key));
    const gone = state.keys.find((key) => key.id === id);
    return gone ? data(apiKeySchema, gone) : problem(404, 'not_found', 'There is no such key', 'GET /keys lists them.');
  }
  if (path === '/backfills') {
    const wanted = backfillRequestSchema.parse(body);
    const { sourceId, interval, symbols, from } = wanted;
    const of = { sourceId, interval, symbols, from, to: wanted.to ?? from };
    const forecast = { ...of, calls: 1, shareOfDay: 0.0005, days: 1, doneAt: new Date().toISOString() };
    return wanted.dryRun === true
      ? data(backfillForecastSchema, forecast)
      : { ...data(backfillSchema, backfillOf(of)), status: 202 };
  }
  if (collection === 'findings') {
    const { ids } = findingsDecisionSchema.parse(body);
    state.findings = state.findings.filter((finding) => !ids.includes(finding.id));
    return data(findingsDecidedSchema, { status: path.endsWith('accept') ? 'accepted' : 'dismissed', ids });
  }
  if (path === '/quarantine/discard') {
    const wanted = discardRequestSchema.parse(body);
    const stays = state.quarantine.filter(
      (row) => !(wanted.ids?.includes(row.id) ?? (row.sourceId === wanted.sourceId && row.reason === wanted.reason)),
    );
    const discarded = state.quarantine.length - stays.length;
    state.quarantine = stays;
    return data(discardedSchema, { discarded, more: false });
  }
  if (path === '/sources/recover') {
    const wanted = recoverRequestSchema.parse(body);
    const those = state.sources.filter((source) =>
      'ids' in wanted ? wanted.ids.includes(source.id) : !source.paused && isUnhealthy(source.health.status),
    );
    const [first] = those;
    if (first) state.recovery = { sourceId: first.id, looks: 0 };
    const results = those.map((source) => ({
      sourceId: source.id,
      accepted: source === first,
      id: source === first ? recoveryId : null,
      refusal:
        source === first
          ? null
          : { code: 'credentials_missing' as const, message: `${source.title} has no credentials yet.` },
    }));
    return { ...data(recoveriesAcceptedSchema, results), status: 202 };
  }
  if (collection === 'watch' && id !== undefined) {
    const isNew = !state.watched.has(id);
    if (isNew) state.watched.set(id, 0);
    const watched = watchedOf(id, isNew ? 0 : 9);
    const list = { count: state.watched.size, limit: 1_000 };
    const freshness = [{ sourceId: 'yahoo', job: 'quotes', kind: 'quotes' as const, before: 60, after: 61 }];
    return {
      ...data(watchAddedSchema, { ...watched, added: isNew, freshness, withoutRoom: [], list }),
      status: isNew ? 202 : 200,
    };
  }
  return null;
}
