import { setTimeout as sleep } from 'node:timers/promises';
import { ExponentialBackoff, handleWhenResult, retry } from 'cockatiel';
import { mask, redactHeaders, redactor } from '../auth/redact.ts';
import { type Session, sessionSecrets } from '../auth/session.ts';
import type { SessionKeeper } from '../auth/session-keeper.ts';
import type { BlobEnvelope, Exchange } from '../contracts/blob.ts';
import type { Failure } from '../contracts/failure.ts';
import type { IngestMessage, ScrapeMessage, ScrapeOutcome } from '../contracts/messages.ts';
import { scrapeQueueName } from '../contracts/queues.ts';
import { artifactKey, rawBlobKey } from '../contracts/s3-keys.ts';
import type { Permit } from '../contracts/state.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { CapturePage } from '../ports/browser.ts';
import type { Clock } from '../ports/clock.ts';
import type { MessageQueue } from '../ports/message-queue.ts';
import type { RawStore } from '../ports/raw-store.ts';
import type { State } from '../ports/state.ts';
import type { Upstream } from '../ports/upstream.ts';
import type { SourceAddress } from '../sources/address.ts';
import { parserOf } from '../sources/catalogue.ts';
import type { SourceParser, UpstreamRequest } from '../sources/parser.ts';
import { holdAfter, retryAfterOf } from './retry-after.ts';
import { dayUsedUp, takePermit } from './take-permit.ts';

/** A source as the scraper needs it: how to ask, where, and with which session. */
export interface ScrapeSource {
  readonly id: string;
  readonly address: SourceAddress;
  readonly upstream: Upstream;
  readonly sessions: SessionKeeper | null;
  readonly headers: Readonly<Record<string, string>>;
  /** The page that was loaded last, for sources that are read in a browser. */
  readonly capture?: CapturePage | undefined;
  /** How often a request that failed in passing is made again; twice unless said. */
  readonly retries?: number | undefined;
}

export interface Scraping {
  readonly source: ScrapeSource;
  readonly state: State;
  readonly blobs: RawStore;
  /** Where pictures of pages that failed are kept. */
  readonly artifacts?: ArtifactStore | undefined;
  readonly queue: MessageQueue;
  readonly now: Clock;
  /** Who this is, for the attempt's record. */
  readonly worker: string;
  /** Pauses for permits; tests shorten them. */
  readonly wait?: ((ms: number) => Promise<void>) | undefined;
  /** First and longest pause before a request is made again, in milliseconds. */
  readonly backoff?: { readonly initialMs: number; readonly maxMs: number } | undefined;
}

/** After this long no request is begun: the function has a minute, and what was heard must still be kept. */
const attemptMs = 40_000;
const usualRetries = 2;
const usualBackoff = { initialMs: 300, maxMs: 4_000 } as const;

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
 *   2. ask the source, one permit a request; a refused session is renewed once, what fails in passing is asked again
 *   3. keep all that was said, secrets masked, in one raw blob
 *   4. tell `ingest` where it lies, and `outcomes` how it went, with a picture of a page that failed
 *
 * A failure of the upstream is an outcome and ends the message. What throws here is a fault of ours (no database, no
 * bucket): the message goes back and the task is taken again when its lease has run out.
 */
export async function scrapeTask(task: ScrapeMessage, scraping: Scraping): Promise<void> {
  const { source, state, queue, now } = scraping;
  const parser = await parserOf(task.sourceId);
  const requests = parser.requests({ ...task, now: now() });
  const begun = await state.ask({
    op: 'beginAttempt',
    runId: task.runId,
    part: task.part,
    worker: scraping.worker,
    requests: requests.length,
  });
  if (!begun.go) {
    if (begun.why === 'finished' || begun.why === 'unknown_task' || begun.why === 'postponed') return;
    if (begun.why === 'quota_day') {
      await queue.send('outcomes', [
        outcomeOf(
          task,
          begun.attempt,
          { exchanges: [], failure: dayUsedUp, ok: false, session: null },
          null,
          [],
          now(),
        ),
      ]);
      return;
    }
    // Not now: another copy of the message comes when the lease, the minute, the source's own wish or the stop is over.
    await queue.send(
      scrapeQueueName(source.id),
      [task],
      Math.min(900, Math.max(1, Math.ceil(begun.retryAfterSeconds))),
    );
    return;
  }
  // Which selectors a page is read by is known only now. They do not change how many requests there are.
  const wanted =
    begun.selectors === undefined || begun.selectors === 'main'
      ? requests
      : parser.requests({ ...task, now: now(), selectors: begun.selectors });
  const asked = await ask(wanted, task, begun.permits, parser, scraping);
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
  const artifacts = asked.failure ? await keepArtifacts(task, attempt, createdAt, asked.session, scraping) : [];
  await queue.send('outcomes', [outcomeOf(task, attempt, asked, blobKey, artifacts, now())]);
}

/**
 * Keeps a picture and the HTML of the page that failed, secrets masked; gives their keys. They are for people: without
 * them the attempt ends as it would have.
 */
async function keepArtifacts(
  task: ScrapeMessage,
  attempt: number,
  createdAt: string,
  session: Session | null,
  { source, artifacts }: Scraping,
): Promise<string[]> {
  if (!source.capture || !artifacts) return [];
  const page = await source.capture(redactor(session ? sessionSecrets(session) : []));
  if (!page) return [];
  const { sourceId, runId, part } = task;
  const keyOf = (name: string) => artifactKey({ sourceId, createdAt, runId, part, attempt, name });
  const kept: string[] = [];
  try {
    // As text: what a strange page brings along must not run where someone opens it.
    await artifacts.put(keyOf('page.html'), Buffer.from(page.html), 'text/plain; charset=utf-8');
    kept.push(keyOf('page.html'));
    if (page.screenshot) {
      await artifacts.put(keyOf('screenshot.png'), page.screenshot, 'image/png');
      kept.push(keyOf('screenshot.png'));
    }
  } catch {
    // The attempt's outcome is worth more than its picture.
  }
  return kept;
}

interface Asked {
  readonly exchanges: Exchange[];
  readonly failure: Failure | null;
  /** At least one answer could be read. */
  readonly ok: boolean;
  /** The one that was used last. */
  readonly session: Session | null;
}

/** One request with what came of it. */
interface Told {
  readonly exchange: Exchange | null;
  readonly failure: Failure | null;
}

async function ask(
  requests: readonly UpstreamRequest[],
  task: ScrapeMessage,
  permits: Permit[],
  parser: SourceParser,
  scraping: Scraping,
): Promise<Asked> {
  const { source } = scraping;
  const exchanges: Exchange[] = [];
  let failure: Failure | null = null;
  let ok = false;
  let session: Session | null = null;
  let renewed = false;
  if (source.sessions) {
    const held = await source.sessions.session();
    if ('reason' in held) return { exchanges, failure: held, ok, session };
    session = held;
  }
  const deadline = scraping.now() + attemptMs;
  const pending = [...requests];
  const spare = [...permits];
  for (let request = pending.shift(); request; request = pending.shift()) {
    const told = await persist(request, task, session, spare, exchanges, deadline, parser, scraping);
    if (told.failure?.reason === 'auth_expired' && told.exchange && source.sessions && session && !renewed) {
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
    if (!told.failure) ok = true;
    failure ??= told.failure;
    if (told.failure && (told.exchange === null || stops.has(told.failure.reason))) break;
  }
  return { exchanges, failure: ok ? null : failure, ok, session };
}

/**
 * Makes a request, and again with growing, jittered pauses when it failed in passing. Each try takes a permit and is
 * kept in the blob. A try that would not end within the attempt's time is not begun.
 */
function persist(
  request: UpstreamRequest,
  task: ScrapeMessage,
  session: Session | null,
  spare: Permit[],
  exchanges: Exchange[],
  deadline: number,
  parser: SourceParser,
  scraping: Scraping,
): Promise<Told> {
  const { source, state, now, wait = sleep } = scraping;
  const asking = { sourceId: task.sourceId, state, now, wait, deadline, purpose: purposeOf(task) } as const;
  const { initialMs, maxMs } = scraping.backoff ?? usualBackoff;
  const policy = retry(
    handleWhenResult((told) => isTold(told) && told.exchange !== null && passing(told) && now() + maxMs < deadline),
    {
      maxAttempts: source.retries ?? usualRetries,
      backoff: new ExponentialBackoff({ initialDelay: initialMs, maxDelay: maxMs }),
    },
  );
  return policy.execute(async () => {
    const refused = await takePermit(spare.shift(), asking);
    if (refused) return { exchange: null, failure: refused };
    const exchange = await exchangeFor(request, session, scraping);
    exchanges.push(exchange);
    const failure = parser.failureIn(task.kind, exchange);
    const seconds = holdAfter(exchange, failure, now());
    if (seconds !== null && seconds > 0) await state.ask({ op: 'holdSource', sourceId: task.sourceId, seconds });
    return { exchange, failure };
  });
}

function isTold(value: unknown): value is Told {
  return typeof value === 'object' && value !== null && 'exchange' in value;
}

/** Broken connections, time-outs and 5xx pass; an answer that says when to come back is not asked before. */
function passing({ exchange, failure }: Told): boolean {
  if (failure?.reason !== 'down' && failure?.reason !== 'timeout') return false;
  return exchange?.response?.headers['retry-after'] === undefined;
}

function purposeOf(task: ScrapeMessage): 'task' | 'backfill' | 'canary' {
  if (task.canary) return 'canary';
  return task.range ? 'backfill' : 'task';
}

async function exchangeFor(request: UpstreamRequest, session: Session | null, scraping: Scraping): Promise<Exchange> {
  const { source, now } = scraping;
  const url = source.address.url(request.path, { ...request.query, ...session?.query });
  const headers = { ...source.headers, ...session?.headers };
  const answer = await source.upstream({
    method: 'GET',
    url,
    headers,
    page: request.page,
    storageState: session?.storageState ?? null,
  });
  const redact = redactor(session ? sessionSecrets(session) : []);
  const shown = new URL(url);
  for (const name of Object.keys(session?.query ?? {})) shown.searchParams.set(name, mask);
  return {
    request: {
      method: 'GET',
      url: shown.href,
      headers: redactHeaders(headers, redact),
      symbols: [...request.symbols],
      ...(request.selectors && { selectors: request.selectors }),
    },
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
  artifacts: string[],
  now: number,
): ScrapeOutcome {
  const last = asked.exchanges.at(-1);
  return {
    stage: 'scrape',
    runId: task.runId,
    part: task.part,
    attempt,
    sourceId: task.sourceId,
    ok: asked.ok,
    reason: asked.failure?.reason ?? null,
    detail: asked.failure?.detail ?? null,
    message: asked.failure?.message ?? null,
    blobKey,
    requests: asked.exchanges.length,
    latencyMs: asked.exchanges.reduce((sum, exchange) => sum + exchange.latencyMs, 0),
    retryAfterSeconds: last ? retryAfterOf(last, now) : null,
    artifacts,
    finishedAt: new Date(now).toISOString(),
  };
}
