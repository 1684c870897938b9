import { mask, redactHeaders, redactor } from '../core/auth/redact.ts';
import { type Session, sessionSecrets } from '../core/auth/session.ts';
import type { SessionKeeper } from '../core/auth/session-keeper.ts';
import type { BlobEnvelope, Exchange } from '../core/contracts/blob.ts';
import type { IngestMessage, ScrapeMessage, ScrapeOutcome } from '../core/contracts/messages.ts';
import { rawBlobKey } from '../core/contracts/s3-keys.ts';
import { scrapeQueueName } from '../core/contracts/settings.ts';
import type { Permit } from '../core/contracts/state.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { MessageQueue } from '../core/ports/message-queue.ts';
import type { RawStore } from '../core/ports/raw-store.ts';
import type { State } from '../core/ports/state.ts';
import type { Upstream } from '../core/ports/upstream.ts';
import type { SourceAddress } from '../core/sources/address.ts';
import type { Failure, SourceParser, UpstreamRequest } from '../core/sources/parser.ts';

/** A source as the scraper needs it: how to ask, where, and with which session. */
export interface ScrapeSource {
  readonly id: string;
  readonly parser: SourceParser;
  readonly address: SourceAddress;
  readonly upstream: Upstream;
  readonly sessions: SessionKeeper | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Scraping {
  readonly source: ScrapeSource;
  readonly state: State;
  readonly blobs: RawStore;
  readonly queue: MessageQueue;
  readonly now: Clock;
  /** Who this is, for the attempt's record. */
  readonly worker: string;
}

/** Failures after which asking on is useless or rude: the rest of the task is not asked for. */
const stops: ReadonlySet<Failure['reason']> = new Set([
  'rate_limited',
  'quota_exhausted',
  'blocked',
  'auth_expired',
  'timeout',
  'down',
]);

/**
 * Does one task.
 *
 *   1. take it: its lease, attempt number and permits; or leave it (done, held by another, no quota)
 *   2. ask the source, one permit a request; a refused session is renewed once
 *   3. keep all that was said, secrets masked, in one raw blob
 *   4. tell `ingest` where it lies, and `outcomes` how it went
 *
 * A failure of the upstream is an outcome and ends the message. What throws here is a fault of ours (no database, no
 * bucket): the message goes back and the task is taken again when its lease has run out.
 */
export async function scrapeTask(task: ScrapeMessage, scraping: Scraping): Promise<void> {
  const { source, state, queue, now } = scraping;
  const requests = source.parser.requests({ ...task, now: now() });
  const begun = await state.ask({
    op: 'beginAttempt',
    runId: task.runId,
    part: task.part,
    worker: scraping.worker,
    requests: requests.length,
  });
  if (!begun.go) {
    if (begun.why === 'finished' || begun.why === 'unknown_task') return;
    if (begun.why === 'quota_day') {
      const failure: Failure = {
        reason: 'quota_exhausted',
        message: "The day's quota of this source is used up; it begins anew at midnight UTC.",
      };
      await queue.send('outcomes', [
        outcomeOf(task, begun.attempt, { exchanges: [], failure, ok: false }, null, now()),
      ]);
      return;
    }
    // Not now: another copy of the message comes when the lease, the minute or the stop is over.
    await queue.send(
      scrapeQueueName(source.id),
      [task],
      Math.min(900, Math.max(1, Math.ceil(begun.retryAfterSeconds))),
    );
    return;
  }
  const asked = await ask(requests, task, begun.permits, scraping);
  const createdAt = new Date(now()).toISOString();
  const { runId, part, sourceId, job, kind } = task;
  const { attempt } = begun;
  let blobKey: string | null = null;
  if (asked.exchanges.length > 0) {
    const envelope: BlobEnvelope = {
      version: 1,
      runId,
      part,
      attempt,
      sourceId,
      job,
      kind,
      createdAt,
      exchanges: asked.exchanges,
    };
    blobKey = rawBlobKey({ sourceId, createdAt, runId, part, attempt });
    await scraping.blobs.put(blobKey, envelope);
    const message: IngestMessage = { blobKey, runId, part, attempt, sourceId, job, kind };
    await queue.send('ingest', [message]);
  }
  await queue.send('outcomes', [outcomeOf(task, attempt, asked, blobKey, now())]);
}

interface Asked {
  readonly exchanges: Exchange[];
  readonly failure: Failure | null;
  /** At least one answer could be read. */
  readonly ok: boolean;
}

async function ask(
  requests: readonly UpstreamRequest[],
  task: ScrapeMessage,
  permits: Permit[],
  scraping: Scraping,
): Promise<Asked> {
  const { source, state } = scraping;
  const exchanges: Exchange[] = [];
  let failure: Failure | null = null;
  let ok = false;
  let session: Session | null = null;
  let renewed = false;
  if (source.sessions) {
    const held = await source.sessions.session();
    if ('reason' in held) return { exchanges, failure: held, ok };
    session = held;
  }
  const pending = [...requests];
  const spare = [...permits];
  for (let request = pending.shift(); request; request = pending.shift()) {
    const refused = await takePermit(spare.shift(), task, state);
    if (refused) {
      failure ??= refused;
      break;
    }
    const exchange = await exchangeFor(request, session, scraping);
    exchanges.push(exchange);
    const parsed = source.parser.parse(task.kind, exchange);
    if (parsed.failure?.reason === 'auth_expired' && source.sessions && session && !renewed) {
      renewed = true;
      const fresh = await source.sessions.session(session);
      if ('reason' in fresh) {
        failure ??= fresh;
        break;
      }
      session = fresh;
      pending.unshift(request);
      continue;
    }
    if (!parsed.failure) ok = true;
    failure ??= parsed.failure;
    if (parsed.failure && stops.has(parsed.failure.reason)) break;
  }
  return { exchanges, failure: ok ? null : failure, ok };
}

/** Uses a reserved permit, or one reserved now in place of one that is missing or ran out. Gives why not, or `null`. */
async function takePermit(permit: Permit | undefined, task: ScrapeMessage, state: State): Promise<Failure | null> {
  if (permit && (await state.ask({ op: 'usePermit', permitId: permit.id })).ok) return null;
  const { permits, why } = await state.ask({
    op: 'reservePermits',
    sourceId: task.sourceId,
    count: 1,
    purpose: 'task',
  });
  const [fresh] = permits;
  if (fresh && (await state.ask({ op: 'usePermit', permitId: fresh.id })).ok) return null;
  return {
    reason: 'quota_exhausted',
    message:
      why === 'day_quota'
        ? "The day's quota of this source is used up."
        : "The minute's quota of this source is used up.",
  };
}

async function exchangeFor(request: UpstreamRequest, session: Session | null, scraping: Scraping): Promise<Exchange> {
  const { source, now } = scraping;
  const url = source.address.url(request.path, { ...request.query, ...session?.query });
  const headers = { ...source.headers, ...session?.headers };
  const answer = await source.upstream({ method: 'GET', url, headers });
  const redact = redactor(session ? sessionSecrets(session) : []);
  const shown = new URL(url);
  for (const name of Object.keys(session?.query ?? {})) shown.searchParams.set(name, mask);
  return {
    request: { method: 'GET', url: shown.href, headers: redactHeaders(headers, redact), symbols: [...request.symbols] },
    response: answer.response && {
      ...answer.response,
      headers: redactHeaders(answer.response.headers, redact),
      body: redact(answer.response.body),
    },
    error: answer.error,
    fetchedAt: new Date(now()).toISOString(),
    latencyMs: answer.latencyMs,
  };
}

function outcomeOf(
  task: ScrapeMessage,
  attempt: number,
  asked: Asked,
  blobKey: string | null,
  now: number,
): ScrapeOutcome {
  const last = asked.exchanges.at(-1)?.response?.headers['retry-after'];
  const retryAfter =
    last === undefined ? Number.NaN : /^\d+$/.test(last) ? Number(last) : (Date.parse(last) - now) / 1000;
  return {
    stage: 'scrape',
    runId: task.runId,
    part: task.part,
    attempt,
    sourceId: task.sourceId,
    ok: asked.ok,
    reason: asked.failure?.reason ?? null,
    message: asked.failure?.message ?? null,
    blobKey,
    requests: asked.exchanges.length,
    latencyMs: asked.exchanges.reduce((sum, exchange) => sum + exchange.latencyMs, 0),
    retryAfterSeconds: Number.isFinite(retryAfter) ? Math.max(0, Math.min(86_400, Math.ceil(retryAfter))) : null,
    finishedAt: new Date(now).toISOString(),
  };
}
