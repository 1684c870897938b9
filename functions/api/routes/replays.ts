import { v5 } from 'uuid';
import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import { replayAcceptedSchema, replayRequestSchema, replaySchema } from '../../../core/contracts/http/replays.ts';
import type { IngestMessage } from '../../../core/contracts/messages.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { type Call, type Reply, type Route, route } from '../../../core/http/route.ts';
import type { IdempotencyStore } from '../../../core/ports/idempotency-store.ts';
import type { MessageQueue } from '../../../core/ports/message-queue.ts';
import type { ReplayBlob, ReplayStore } from '../../../core/ports/replay-store.ts';
import { ingestQueueOf } from '../../../core/sources/catalogue.ts';
import { requestSlot } from '../idempotency-key.ts';
import { leftOut } from '../licence.ts';

interface RouteDependencies {
  readonly replays: VisibleTo<ReplayStore>;
  readonly requests: IdempotencyStore;
  /** Has the queues of blobs to ingest. */
  readonly queue: MessageQueue;
}

const tag = 'Quarantine';
/** Most blobs that one request reads again. */
const mostBlobs = 500;
/** Namespace of the ids of replays. */
const namespace = 'b0a1f2c6-58f4-5c41-9a53-3f3ad9c1f7e2';

export function replayRoutes({ replays, requests, queue }: RouteDependencies): Route[] {
  async function replay(found: readonly ReplayBlob[], believe: boolean, call: Call, body?: unknown): Promise<Reply> {
    const { slot, hasKey } = await requestSlot(requests, call, body);
    const id = v5(slot, namespace);
    const blobs = found.slice(0, mostBlobs);
    if (blobs.length > 0) {
      await replays(call.visible).create({
        id,
        at: new Date(call.now),
        keyId: call.principal?.keyId ?? null,
        blobs: blobs.length,
      });
      const messages = blobs.map(
        ({ paths, ...blob }): IngestMessage => ({
          ...blob,
          replay: { id, believe: believe ? paths.slice(0, mostBlobs) : [] },
        }),
      );
      for (const [name, each] of Map.groupBy(messages, ({ sourceId }) => ingestQueueOf(sourceId)))
        await queue.send(name, each);
    } else if (!hasKey || !(await replays(call.visible).find(id))) {
      // With a key it may be a repeated request, whose rows are all resolved by now.
      throw new ProblemError('nothing_to_replay', 'No row in quarantine, or no raw blob, matches the request.');
    }
    return {
      kind: 'data',
      data: {
        id,
        status: 'queued',
        blobs: blobs.length,
        rows: blobs.reduce((sum, { paths }) => sum + paths.length, 0),
        more: found.length > blobs.length,
      },
      status: 202,
      headers: { location: `/api/v1/replays/${id}` },
    };
  }

  const ofQuarantine = route(
    {
      method: 'post',
      path: '/quarantine/replay',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'Read the blobs of quarantined rows again',
      description: `Rows that pass now are stored, and leave the quarantine; the others come back with their reason. What is newer than the blob stays as it is. At most ${mostBlobs} blobs a request.`,
      body: replayRequestSchema,
      data: replayAcceptedSchema,
      status: 202,
      idempotent: true,
      problems: ['nothing_to_replay'],
    },
    async ({ body, call }) => ({
      ...(await replay(
        await replays(call.visible).ofQuarantine({
          ids: body.ids ?? null,
          sourceId: body.sourceId ?? null,
          reason: body.reason ?? null,
          limit: mostBlobs + 1,
        }),
        body.believe,
        call,
        body,
      )),
      warnings: leftOut(call.visible, body.sourceId),
    }),
  );

  const ofRun = route(
    {
      method: 'post',
      path: '/runs/{id}/replay',
      access: 'operate',
      shows: 'visible',
      tag: 'Runs',
      summary: "Read a run's raw blobs again",
      description: 'With the parser and the checks of today. Rows that are stored already stay as they are.',
      params: z.object({ id: z.uuid() }),
      data: replayAcceptedSchema,
      status: 202,
      idempotent: true,
      problems: ['unknown_run', 'nothing_to_replay'],
    },
    async ({ params, call }) => {
      const found = await replays(call.visible).ofRun(params.id, mostBlobs + 1);
      if (!found) throw new ProblemError('unknown_run', 'No run has this id.');
      return replay(found, false, call);
    },
  );

  const one = route(
    {
      method: 'get',
      path: '/replays/{id}',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'How far a replay is',
      params: z.object({ id: z.uuid() }),
      data: replaySchema,
      problems: ['not_found'],
    },
    async ({ params, call }) => {
      const row = await replays(call.visible).find(params.id);
      if (!row) throw new ProblemError('not_found', 'No replay has this id.');
      const { requestedAt, ...counts } = row;
      const status = row.read < row.blobs ? 'queued' : row.failed > 0 ? 'failed' : 'done';
      return { kind: 'data', data: { ...counts, status, requestedAt: requestedAt.toISOString() } };
    },
  );

  return [ofQuarantine, ofRun, one];
}
