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
import type { StateResponses } from '../contracts/state.ts';
import type { PermitPurpose } from '../contracts/words/permit-purposes.ts';
import { permitsAtOnce } from '../planning/permits.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { CapturePage } from '../ports/browser.ts';
import type { Clock } from '../ports/clock.ts';
import type { MessageQueue } from '../ports/message-queue.ts';
import type { RawStore } from '../ports/raw-store.ts';
import type { State } from '../ports/state.ts';
import type { Upstream, UpstreamCall } from '../ports/upstream.ts';
import type { SourceAddress } from '../sources/address.ts';
import { ingestQueueOf, parserOf } from '../sources/catalogue.ts';
import type { SourceDefinition } from '../sources/definition.ts';
import type { SourceParser, UpstreamRequest } from '../sources/parser.ts';
import { holdAfter, retryAfterOf } from './retry-after.ts';
import { dayUsedUp, type PermitHolder, permitHolder } from './take-permit.ts';

/** A source as the scraper needs it: where it is, how requests are made and read, and with which session. */
export interface ScrapeSource {
  readonly id: string;
  readonly address: SourceAddress;
  readonly upstream: Upstream;
  readonly sessions: SessionKeeper | null;
  readonly headers: Readonly<Record<string, string>>;
  /** The page that was loaded last, for sources that are read in a browser. */
  readonly capture?: CapturePage | undefined;
  readonly quota: SourceDefinition['quota'];
}

export interface Scraping {
  readonly source: ScrapeSource;
  readonly state: State;
  readonly blobs: RawStore;
  /** Where pictures of pages that failed are kept. */
  readonly artifacts?: ArtifactStore | undefined;
  readonly queue: MessageQueue;
  readonly now: Clock;
  /** Name of this worker, for the attempt's record. */
  readonly worker: string;
  /** Pauses for permits; tests shorten them. */
  readonly wait?: ((ms: number) => Promise<void>) | undefined;
  /** First and longest pause before a request is made again, in milliseconds. */
  readonly backoff?: { readonly initialMs: number; readonly maxMs: number } | undefined;
}

/** After this long no request is begun: the function has a minute, and the answers must still be kept. */
const attemptMs = 40_000;
/**
 * And after this long no further part of a page is asked for: the function that reads pages has two minutes, of which a page
 * takes twenty seconds. Within it a source gives its requests of a minute twice.
 */
const furtherMs = 85_000;
const usualRetries = 2;
/** A queue delays a message no longer. */
const longestDelaySeconds = 900;
const usualBackoff = { initialMs: 300, maxMs: 4_000 } as const;

/** Failures after which more requests are useless or rude: the rest of the task is given up. */
const stops: ReadonlySet<Failure['reason']> = new Set([
  'rate_limited',
  'quota_exhausted',
  'blocked',
  'auth_expired',
  'timeout',
  'down',
]);

type Begun = Extract<StateResponses['beginAttempt'], { go: true }>;
type NotBegun = Extract<StateResponses['beginAttempt'], { go: false }>;

/**
 * Does one task.
 *
 *   1. take it: its lease, attempt number, session and first permit; or drop or requeue its message (done, held by another,
 *      no quota)
 *   2. make its requests, one permit each; a refused session is renewed once, a request that failed in passing is retried
 *   3. keep all exchanges, secrets masked, in one raw blob
 *   4. send its key to `ingest`, and to `outcomes` how it went, with a picture of a page that failed
 *
 * An upstream failure is an outcome: the message is acknowledged. An error thrown here is a fault of ours (no database, no
 * bucket): the message is redelivered, and the task is taken again when its lease has run out.
 */
export async function scrapeTask(task: ScrapeMessage, scraping: Scraping): Promise<void> {
  const { state, queue, now } = scraping;
  const parser = await parserOf(task.sourceId);
  const requests = parser.requests({ ...task, now: now() });
  const begun = await state.call({
    op: 'beginAttempt',
    runId: task.runId,
    part: task.part,
    worker: scraping.worker,
    requests: requests.length,
  });
  if (!begun.go) return notBegun(task, begun, scraping);
  // Which selectors a page is read by is known only now. They do not change how many requests there are.
  const wanted =
    begun.selectors === undefined || begun.selectors === 'main'
      ? requests
      : parser.requests({ ...task, now: now(), selectors: begun.selectors });
  const result = await makeRequests(wanted, task, begun, parser, scraping);
  const createdAt = new Date(now()).toISOString();
  const { runId, part, sourceId, job, kind } = task;
  const { attempt } = begun;
  let blobKey: string | null = null;
  if (result.exchanges.length > 0) {
    const envelope: BlobEnvelope = {
      version: 1,
      runId,
      part,
      attempt,
      sourceId,
      job,
      kind,
      createdAt,
      exchanges: result.exchanges,
    };
    blobKey = rawBlobKey({ sourceId, createdAt, runId, part, attempt });
    await scraping.blobs.put(blobKey, envelope);
    const message: IngestMessage = { blobKey, runId, part, attempt, sourceId, job, kind };
    await queue.send(ingestQueueOf(sourceId), [message]);
  }
  const artifacts = result.failure ? await keepArtifacts(task, attempt, createdAt, result.session, scraping) : [];
  await queue.send('outcomes', [outcomeOf(task, attempt, result, blobKey, artifacts, now())]);
}

/** Drops the message of a task that did not begin, ends it without a request, or requeues it for later. */
async function notBegun(task: ScrapeMessage, { why, attempt, retryAfterSeconds }: NotBegun, scraping: Scraping) {
  const { source, queue, now } = scraping;
  if (why === 'finished' || why === 'unknown_task' || why === 'postponed') return;
  if (why === 'quota_day') {
    const result: AttemptResult = { exchanges: [], failure: dayUsedUp, ok: false, session: null };
    await queue.send('outcomes', [outcomeOf(task, attempt, result, null, [], now())]);
    return;
  }
  // Another copy of the message comes when the lease, the minute, the source's pause or the stop is over.
  const delaySeconds = Math.min(longestDelaySeconds, Math.max(1, Math.ceil(retryAfterSeconds)));
  await queue.send(scrapeQueueName(source.id), [task], delaySeconds);
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

interface AttemptResult {
  readonly exchanges: Exchange[];
  readonly failure: Failure | null;
  /** At least one answer could be read. */
  readonly ok: boolean;
  /** The session that was used last. */
  readonly session: Session | null;
}

/** One request with its failure; without an exchange it was not made. */
interface RequestResult {
  readonly exchange: Exchange | null;
  readonly failure: Failure | null;
}

async function makeRequests(
  requests: readonly UpstreamRequest[],
  task: ScrapeMessage,
  begun: Begun,
  parser: SourceParser,
  scraping: Scraping,
): Promise<AttemptResult> {
  const { source, state, now, wait = sleep } = scraping;
  const exchanges: Exchange[] = [];
  let failure: Failure | null = null;
  let ok = false;
  let session: Session | null = null;
  let renewed = false;
  const furtherUntil = now() + furtherMs;
  const { runId, part, sourceId } = task;
  const ofTask = { runId, part, attempt: begun.attempt };
  const promised = begun.permits.length > 0 ? requests.length - begun.permits.length : 0;
  const permits = permitHolder(
    { sourceId, state, now, wait, purpose: purposeOf(task), task: ofTask, promised },
    begun.permits,
  );
  if (source.sessions) {
    const current = await source.sessions.session(begun.session);
    if ('reason' in current) return { exchanges, failure: current, ok, session };
    session = current;
  }
  const deadline = now() + attemptMs;
  const pending = [...requests];
  for (let request = pending.shift(); request; request = pending.shift()) {
    const left = pending.length + 1;
    const made = await requestWithRetries(
      request,
      left,
      task,
      { session, permits, exchanges, deadline, furtherUntil },
      parser,
      scraping,
    );
    if (made.failure?.reason === 'auth_expired' && made.exchange && source.sessions && session && !renewed) {
      renewed = true;
      const fresh = await source.sessions.renewed(session);
      if ('reason' in fresh) {
        failure ??= fresh;
        break;
      }
      session = fresh;
      pending.unshift(request);
      continue;
    }
    if (!made.failure) ok = true;
    failure ??= made.failure;
    if (made.failure && (made.exchange === null || stops.has(made.failure.reason))) break;
  }
  return { exchanges, failure: ok ? null : failure, ok, session };
}

/**
 * Makes a request, and again with growing, jittered pauses when it failed in passing. Each try uses a permit and is
 * kept in the blob. A try that would not end within the attempt's time is not begun. `left` counts the task's requests that
 * are still to be made, this one included.
 */
function requestWithRetries(
  request: UpstreamRequest,
  left: number,
  task: ScrapeMessage,
  of: {
    session: Session | null;
    permits: PermitHolder;
    exchanges: Exchange[];
    deadline: number;
    furtherUntil: number;
  },
  parser: SourceParser,
  scraping: Scraping,
): Promise<RequestResult> {
  const { source, state, now } = scraping;
  const { initialMs, maxMs } = scraping.backoff ?? usualBackoff;
  const policy = retry(
    handleWhenResult(
      (made) => isRequestResult(made) && made.exchange !== null && passing(made) && now() + maxMs < of.deadline,
    ),
    {
      maxAttempts: source.quota.retries ?? usualRetries,
      backoff: new ExponentialBackoff({ initialDelay: initialMs, maxDelay: maxMs }),
    },
  );
  return policy.execute(async () => {
    const refused = await of.permits.next(permitsAtOnce(source.quota, left), of.deadline);
    if (refused) return { exchange: null, failure: refused };
    let noMore: Failure | null = null;
    const more = async () => {
      noMore = await of.permits.next(1, of.furtherUntil);
      return noMore === null;
    };
    const exchange = await exchangeFor(request, of.session, scraping, more);
    of.exchanges.push(exchange);
    const failure = noMore ?? parser.failureIn(task.kind, exchange);
    const seconds = holdAfter(exchange, failure, now());
    if (seconds !== null && seconds > 0) await state.call({ op: 'holdSource', sourceId: task.sourceId, seconds });
    return { exchange, failure };
  });
}

function isRequestResult(value: unknown): value is RequestResult {
  return typeof value === 'object' && value !== null && 'exchange' in value;
}

/** Broken connections, time-outs and 5xx pass. After an answer that says when to come back there is no retry before. */
function passing({ exchange, failure }: RequestResult): boolean {
  if (failure?.reason !== 'down' && failure?.reason !== 'timeout') return false;
  return exchange?.response?.headers['retry-after'] === undefined;
}

function purposeOf(task: ScrapeMessage): PermitPurpose {
  if (task.canary) return 'canary';
  return task.range ? 'backfill' : 'task';
}

async function exchangeFor(
  request: UpstreamRequest,
  session: Session | null,
  scraping: Scraping,
  more: UpstreamCall['more'],
): Promise<Exchange> {
  const { source, now } = scraping;
  const url = source.address.url(request.path, { ...request.query, ...session?.query });
  const headers = { ...source.headers, ...session?.headers };
  const answer = await source.upstream({
    method: 'GET',
    url,
    headers,
    page: request.page,
    storageState: session?.storageState ?? null,
    more,
  });
  const redact = redactor(session ? sessionSecrets(session) : []);
  const shown = new URL(source.address.base ? redactor(source.address.base.secrets)(url.href) : url);
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
  result: AttemptResult,
  blobKey: string | null,
  artifacts: string[],
  now: number,
): ScrapeOutcome {
  const last = result.exchanges.at(-1);
  return {
    stage: 'scrape',
    runId: task.runId,
    part: task.part,
    attempt,
    sourceId: task.sourceId,
    ok: result.ok,
    reason: result.failure?.reason ?? null,
    detail: result.failure?.detail ?? null,
    message: result.failure?.message ?? null,
    blobKey,
    requests: result.exchanges.length,
    latencyMs: result.exchanges.reduce((sum, exchange) => sum + exchange.latencyMs, 0),
    retryAfterSeconds: last ? retryAfterOf(last, now) : null,
    artifacts,
    finishedAt: new Date(now).toISOString(),
  };
}
