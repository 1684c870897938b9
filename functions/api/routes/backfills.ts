import * as z from 'zod';
import { credentialsHint, needsCredentials } from '../../../core/auth/credentials.ts';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import {
  type BackfillForecastView,
  type BackfillView,
  backfillForecastSchema,
  backfillRequestSchema,
  backfillSchema,
  mostChunks,
} from '../../../core/contracts/http/backfills.ts';
import type { Tick } from '../../../core/contracts/messages.ts';
import { runIdOf } from '../../../core/contracts/run-id.ts';
import { byCreation, creationCursor, page, readCursor } from '../../../core/http/page.ts';
import { invalidRequest, ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, limitParameter, symbolOf } from '../../../core/http/read-request.ts';
import { type Call, type Reply, type Route, route } from '../../../core/http/route.ts';
import { chunksOf } from '../../../core/planning/backfill-chunks.ts';
import { forecastOf } from '../../../core/planning/backfill-forecast.ts';
import { allowanceFor } from '../../../core/planning/quota.ts';
import type { BackfillProgress, BackfillStore } from '../../../core/ports/backfill-store.ts';
import type { IdempotencyStore } from '../../../core/ports/idempotency-store.ts';
import type { MessageQueue } from '../../../core/ports/message-queue.ts';
import type { SourceReader } from '../../../core/ports/source-reader.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { requestSlot } from '../idempotency-key.ts';
import { leftOut } from '../licence.ts';

interface RouteDependencies {
  readonly backfills: VisibleTo<BackfillStore>;
  readonly requests: IdempotencyStore;
  readonly sources: SourceReader;
  readonly queue: MessageQueue;
  readonly catalogue: readonly SourceDefinition[];
}

const tag = 'Backfills';
const byId = z.object({ id: z.uuid() });
/** Chunks after which a backfill's own pace predicts its end better than the quota. */
const paceAfter = 5;

export function backfillRoutes({ backfills, requests, sources, queue, catalogue }: RouteDependencies): Route[] {
  const create = route(
    {
      method: 'post',
      path: '/backfills',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'Read bars of the past',
      description:
        'Answers 202 at once. The work is cut into chunks, which take no more than half of the quota of each minute and day: live runs come first. It continues after restarts, and chunks that failed temporarily are tried again. With `dryRun` nothing is begun: the answer is a 200 with the calls, their share of the quota of a day, and the days that it would take.',
      body: backfillRequestSchema,
      data: backfillSchema,
      alsoOk: { description: 'The answer to a dry run.', data: backfillForecastSchema },
      status: 202,
      idempotent: true,
      problems: ['unknown_source', 'invalid_symbol', 'not_backfillable', 'credentials_missing'],
    },
    async ({ body, call }): Promise<Reply> => {
      const source = catalogue.find((each) => each.id === body.sourceId);
      if (!source)
        throw new ProblemError(
          'unknown_source',
          `No source has this id. There is ${catalogue.map((each) => each.id).join(', ')}.`,
        );
      const job = source.jobs.find(({ backfillDays }) => backfillDays?.[body.interval] !== undefined);
      const days = job?.backfillDays?.[body.interval];
      if (!job || days === undefined)
        throw new ProblemError(
          'not_backfillable',
          `${source.title} gives no bars of ${body.interval} by date. ${able()}`,
        );
      call.visible.require(source.id);
      await refuseLocked(source, call.now);
      const today = new Date(call.now).toISOString().slice(0, 10);
      const to = body.to ?? today;
      if (to > today) throw invalidRequest('body.to', 'must not be in the future');
      if (body.from >= to) throw invalidRequest('body.from', 'must be before the end of the range');
      if (body.from < '1900') throw invalidRequest('body.from', 'must not be before 1900');
      const symbols = [...new Set(body.symbols.map(symbolOf))];
      const named = symbols.map((symbol) => {
        const own = source.toSource(symbol);
        if (own === null) throw new ProblemError('not_backfillable', `${source.title} does not have ${symbol}.`);
        return own;
      });
      const { interval, from } = body;
      const chunks = chunksOf(named, { from, to, interval }, days);
      if (chunks.length > mostChunks)
        throw invalidRequest(
          'body.symbols',
          `make ${chunks.length} chunks with this range; one backfill may have ${mostChunks}`,
        );
      if (body.dryRun) {
        const asked = { sourceId: source.id, interval, symbols, from, to };
        return { kind: 'data', data: await forecast(source, chunks.length, asked, call.now) };
      }
      const { slot } = await requestSlot(requests, call, body);
      const id = runIdOf({ sourceId: source.id, job: job.id, trigger: 'backfill', slot });
      const now = new Date(call.now);
      await backfills(call.visible).create({
        id,
        sourceId: source.id,
        job: job.id,
        slot,
        interval,
        symbols,
        from,
        to,
        now,
        chunks,
      });
      // The planner sends the first chunks now and not at the next minute.
      const tick: Tick = { time: now.toISOString() };
      await queue.send('ticks', [tick]);
      return {
        kind: 'data',
        data: await viewOf(id, call),
        status: 202,
        headers: { location: `/api/v1/backfills/${id}` },
      };
    },
  );

  const list = route(
    {
      method: 'get',
      path: '/backfills',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'Backfills, the newest first',
      query: z.object({ limit: limitParameter(200, 50), cursor: cursorParameter }),
      data: z.array(backfillSchema),
      problems: ['invalid_cursor'],
    },
    async ({ query, call }) => {
      const found = await backfills(call.visible).list({
        after: readCursor(query.cursor, creationCursor),
        limit: query.limit + 1,
      });
      const { rows, meta } = page(found, query.limit, byCreation);
      return { kind: 'data', data: rows.map((row) => view(row, call.now)), meta, warnings: leftOut(call.visible) };
    },
  );

  const one = route(
    {
      method: 'get',
      path: '/backfills/{id}',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'One backfill with its progress',
      description: 'Chunk by chunk it is the run of the same id: `GET /runs/{id}`.',
      params: byId,
      data: backfillSchema,
      problems: ['unknown_backfill'],
    },
    async ({ params, call }) => ({ kind: 'data', data: await viewOf(params.id, call), maxAge: 0 }),
  );

  const cancel = route(
    {
      method: 'delete',
      path: '/backfills/{id}',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'Cancel a backfill',
      description: 'Chunks under way finish; no others are sent. Bars that are stored stay.',
      params: byId,
      data: backfillSchema,
      problems: ['unknown_backfill'],
    },
    async ({ params, call }) => {
      if (!(await backfills(call.visible).cancel(params.id, new Date(call.now)))) throw unknown();
      return { kind: 'data', data: await viewOf(params.id, call) };
    },
  );

  return [create, list, one, cancel];

  async function viewOf(id: string, { now, visible }: Call): Promise<BackfillView> {
    const row = await backfills(visible).one(id);
    if (!row) throw unknown();
    return view(row, now);
  }

  function view(row: BackfillProgress, now: number): BackfillView {
    const { done, failed, running, waiting } = row;
    const open = running + waiting;
    const ended = row.cancelledAt === null ? row.lastFinishedAt : (row.lastFinishedAt ?? row.cancelledAt);
    return {
      id: row.id,
      sourceId: row.sourceId,
      interval: row.interval,
      symbols: [...row.symbols],
      from: row.from,
      to: row.to,
      status: statusOf(row),
      createdAt: row.createdAt.toISOString(),
      finishedAt: open === 0 ? (ended?.toISOString() ?? null) : null,
      chunks: { total: row.chunks, done, failed, running, waiting, cancelled: row.chunks - done - failed - open },
      rows: row.rows,
      etaAt: open === 0 ? null : etaOf(row, open, now).toISOString(),
    };
  }

  function etaOf(row: BackfillProgress, open: number, now: number): Date {
    const finished = row.done + row.failed;
    const source = catalogue.find((each) => each.id === row.sourceId);
    const byQuota = (open / (source ? allowanceFor(source.quota, 'backfill').perMinute : 1)) * 60_000;
    const byPace = ((now - row.createdAt.getTime()) / Math.max(1, finished)) * open;
    const from = Math.max(now, row.running === 0 ? (row.waitsUntil?.getTime() ?? 0) : 0);
    return new Date(Math.round(from + (finished >= paceAfter ? byPace : byQuota)));
  }

  /** One call a chunk. */
  async function forecast(
    source: SourceDefinition,
    calls: number,
    asked: Pick<BackfillForecastView, 'sourceId' | 'interval' | 'symbols' | 'from' | 'to'>,
    now: number,
  ): Promise<BackfillForecastView> {
    const [row] = await sources.sources([source.id], new Date(now));
    const { shareOfDay, days, doneAt } = forecastOf(source.quota, calls, row?.dayUsed ?? 0, now);
    return { ...asked, calls, shareOfDay, days, doneAt: new Date(doneAt).toISOString() };
  }

  async function refuseLocked(source: SourceDefinition, now: number): Promise<void> {
    if (!needsCredentials(source)) return;
    const [row] = await sources.sources([source.id], new Date(now));
    if (!row?.credentialsSet)
      throw new ProblemError('credentials_missing', `${source.title} cannot be called yet. ${credentialsHint(source)}`);
  }

  function able(): string {
    const can = catalogue.flatMap(({ id, jobs }) => {
      const intervals = jobs.flatMap(({ backfillDays }) => Object.keys(backfillDays ?? {}));
      return intervals.length > 0 ? [`${id} (${intervals.join(', ')})`] : [];
    });
    return `There is ${can.join(', ')}.`;
  }
}

function statusOf(row: BackfillProgress): BackfillView['status'] {
  const { done, failed, running, waiting } = row;
  if (running > 0) return 'running';
  if (row.cancelledAt !== null) return 'cancelled';
  if (waiting > 0) return done + failed > 0 ? 'running' : 'planned';
  if (failed === 0) return 'succeeded';
  return done > 0 ? 'partial' : 'failed';
}

function unknown(): ProblemError {
  return new ProblemError('unknown_backfill', 'No backfill has this id.');
}
